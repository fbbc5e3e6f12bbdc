"""What stops a rebuild before it begins."""

from service.errors import ServiceError


class NotEmptyError(ServiceError):
    """The database to be rebuilt holds records; a rebuild never writes beside others."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the database holds {what} already; a rebuild needs one with tables and without records")
        self.what = what


class NothingExportedError(ServiceError):
    """The store holds no custody log that this service signed."""

    def __init__(self, store: str) -> None:
        super().__init__(f"{store} holds no custody log that this service signed; are these its keys?")
        self.store = store


class DatabaseLostError(ServiceError):
    """The store holds a custody log, and the database is new: a second log must not be begun under the same key."""

    def __init__(self, store: str) -> None:
        super().__init__(f"{store} holds a custody log and the database no record of it; restore a backup, or run `bodycam rebuild --from-store`")
        self.store = store
