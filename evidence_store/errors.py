"""What can go wrong where evidence and its records are kept."""


class StoreError(Exception):
    """The database or the object store did not do what was asked."""


class StoreUnavailableError(StoreError):
    """The database or the object store cannot be reached now; the same request may succeed later."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what} is unavailable: {reason}")
        self.what = what
        self.reason = reason


class ObjectNotFoundError(StoreError):
    """The object store has no such object, version or upload."""

    def __init__(self, key: str, detail: str = "") -> None:
        super().__init__(f"no object {key!r} {detail}".rstrip())
        self.key = key


class UploadMismatchError(StoreError):
    """The object store refused to complete an upload: its parts are not those that were named."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"upload of {key!r} cannot be completed: {reason}")
        self.key = key
        self.reason = reason


class ObjectStoreRefusedError(StoreError):
    """The object store refused a request; for an attempt on a locked version this is what must happen."""

    def __init__(self, operation: str, code: str) -> None:
        super().__init__(f"the object store refused {operation}: {code}")
        self.operation = operation
        self.code = code


class UnfitBucketError(StoreError):
    """The bucket cannot keep evidence: versioning or Object Lock is missing."""

    def __init__(self, bucket: str, reason: str) -> None:
        super().__init__(f"bucket {bucket!r} cannot keep evidence: {reason}")
        self.bucket = bucket
        self.reason = reason


class UnstorableValueError(StoreError):
    """A value has no form in the database: text with a NUL, a number beyond 64 bits, a time beyond its calendar."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"a value cannot be stored: {reason}")
        self.reason = reason


class OriginalLostError(StoreError):
    """A version that was to be copied is not what it was.

    Attributes:
        key: Its key.
        reason: ``missing`` or ``altered``.
    """

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key!r} cannot be copied: it is {reason}")
        self.key = key
        self.reason = reason


class CopyUnfaithfulError(StoreError):
    """A store did not keep a copy as it was laid there; it does not count."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"the copy of {key!r} does not count: {reason}")
        self.key = key
        self.reason = reason


class ConflictingRowError(StoreError):
    """A row contradicts a rule the database keeps.

    Attributes:
        constraint: Name of the constraint or trigger that refused.
    """

    def __init__(self, constraint: str) -> None:
        super().__init__(f"the database refused a row: {constraint}")
        self.constraint = constraint


class MissingRowError(StoreError):
    """A row that others rest on is gone: somebody removed it past the service."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is gone from the database")
        self.what = what
