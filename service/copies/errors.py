"""What a second store is refused for."""

from service.errors import ServiceError


class SameStoreError(ServiceError):
    """The second store is the first one under another name; copies there would be lost together with the originals."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{second} is the same store as {first}; a second copy belongs where nothing fails together with the first")
        self.first = first
        self.second = second


class UnreliableStoreError(ServiceError):
    """A store does not give back what was written into it a moment ago; nothing it says about older objects counts."""

    def __init__(self, place: str) -> None:
        super().__init__(f"{place} does not give back what it has just taken")
        self.place = place
