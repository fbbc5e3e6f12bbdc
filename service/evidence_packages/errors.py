"""What handing over refuses."""

from collections.abc import Sequence
from uuid import UUID

from service.errors import ServiceError


class PackageNotFoundError(ServiceError):
    """No such package, or none this actor may see."""

    def __init__(self, package_id: UUID) -> None:
        super().__init__(f"no package {package_id}")
        self.package_id = package_id


class ClipsNotSealedError(ServiceError):
    """Some clips are not sealed yet, so nothing outside could prove them; nothing was handed over.

    Attributes:
        clip_ids: Which ones.
    """

    def __init__(self, clip_ids: Sequence[UUID]) -> None:
        super().__init__(f"{len(clip_ids)} of the clips are not sealed yet")
        self.clip_ids = list(clip_ids)


class EvidenceDamagedError(ServiceError):
    """An original, or the manifest beside it, is not what its chain of custody says; it is not handed over.

    Attributes:
        clip_id: Whose.
        reason: ``missing``, ``altered`` or ``unreadable``.
    """

    def __init__(self, clip_id: UUID, reason: str) -> None:
        super().__init__(f"clip {clip_id} is {reason} in the store")
        self.clip_id = clip_id
        self.reason = reason


class PackageTooLargeError(ServiceError):
    """The index of what should be handed over would be longer than readers accept; nothing was handed over."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(f"the events of these clips fill more than {most_bytes} bytes; hand them over in several packages")
        self.most_bytes = most_bytes


class PackageNotSealedError(ServiceError):
    """The events of a package have no time-stamped checkpoint yet; it is made, and can be fetched once they have."""

    def __init__(self, package_id: UUID) -> None:
        super().__init__(f"package {package_id} is made, and waits for its time-stamp; fetch it a little later")
        self.package_id = package_id


class NoSuchVolumeError(ServiceError):
    """The package has no volume of that number when it is cut this way."""

    def __init__(self, number: int, count: int) -> None:
        super().__init__(f"no volume {number} of {count}")
        self.number = number
        self.count = count


class VolumeTooSmallError(ServiceError):
    """A clip does not fit into a volume, and none lies in two.

    Attributes:
        least_bytes: Smallest size of volumes that holds each clip.
    """

    def __init__(self, least_bytes: int) -> None:
        super().__init__(f"a clip does not fit; volumes need at least {least_bytes} bytes")
        self.least_bytes = least_bytes
