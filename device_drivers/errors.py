"""What can go wrong between a dock and a recorder."""


class RecorderError(Exception):
    """A recorder, its file system or the way to it failed."""


class RecorderUnpluggedError(RecorderError):
    """The recorder left the bus; whatever was read before stays valid."""

    def __init__(self, during: str) -> None:
        super().__init__(f"the recorder was unplugged while {during}")
        self.during = during


class RecorderReadError(RecorderError):
    """The recorder is there, but a stretch of it cannot be read."""

    def __init__(self, what: str, offset_bytes: int, reason: str) -> None:
        super().__init__(f"{what}: cannot be read at byte {offset_bytes}: {reason}")
        self.what = what
        self.offset_bytes = offset_bytes
        self.reason = reason


class ListingIncompleteError(RecorderError):
    """Some of a recorder's files could not be listed; those already listed stay valid.

    Raised after everything readable was listed. A listing that ends so must never count as "all files".
    """

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__("not everything could be listed: " + "; ".join(missing))
        self.missing = missing


class UnsupportedRecorderError(RecorderError):
    """No driver family may read what was plugged in."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what} is not read: {reason}")
        self.what = what
        self.reason = reason


class UnsupportedCommandError(RecorderError):
    """A recorder has no such ability; nothing was sent to it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"this recorder cannot be made to {what}")
        self.what = what


class RecorderRefusedError(RecorderError):
    """A recorder understood a command and would not carry it out."""

    def __init__(self, command: str, reason: str) -> None:
        super().__init__(f"the recorder refused {command}: {reason}")
        self.command = command
        self.reason = reason


class RecorderBusyError(RecorderError):
    """Another program holds the recorder."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what} is held by another program: {reason}")
        self.what = what
        self.reason = reason


class AccessDeniedError(RecorderError):
    """The operating system does not let this program open the recorder or image."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} may not be opened by this program")
        self.what = what


class TransportTimeoutError(RecorderError):
    """The recorder did not answer in time."""

    def __init__(self, during: str, timeout_s: float) -> None:
        super().__init__(f"no answer within {timeout_s:g} s while {during}")
        self.during = during
        self.timeout_s = timeout_s


class EndpointStalledError(RecorderError):
    """The recorder refused a transfer by halting an endpoint."""

    def __init__(self, during: str, endpoint: int) -> None:
        super().__init__(f"endpoint {endpoint:#04x} halted while {during}")
        self.during = during
        self.endpoint = endpoint


class TransferError(RecorderError):
    """A USB transfer failed, and the recorder still seems to be there."""

    def __init__(self, during: str, reason: str) -> None:
        super().__init__(f"a transfer failed while {during}: {reason}")
        self.during = during
        self.reason = reason


class MalformedReplyError(RecorderError):
    """A recorder answered something that its protocol does not allow."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"malformed {what}: {reason}")
        self.what = what
        self.reason = reason


class CommandFailedError(RecorderError):
    """A recorder carried out a command and says that it failed.

    Attributes:
        sense_key: SCSI sense key (SPC-4, table 48); 2 is not ready, 3 is medium error, 6 is unit attention.
        sense_code: Additional sense code and qualifier, ``code << 8 | qualifier``.
    """

    def __init__(self, command: str, *, sense_key: int, sense_code: int) -> None:
        super().__init__(f"{command} failed with sense key {sense_key:#x}, code {sense_code:#06x}")
        self.command = command
        self.sense_key = sense_key
        self.sense_code = sense_code


class NoReadableVolumeError(RecorderError):
    """Nothing on a medium is a FAT or exFAT volume that can be read."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what} holds no readable FAT or exFAT volume: {reason}")
        self.what = what
        self.reason = reason


class FileSystemReaderError(RecorderError):
    """The program that parses file systems died, hung or was refused more than a few times."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the file system reader failed: {reason}")
        self.reason = reason


class FileRemovalError(RecorderError):
    """The program that removes files from disks would not, or could not go on."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"files cannot be removed: {reason}")
        self.reason = reason


class BrokenFamilyError(RecorderError):
    """An installed driver family cannot be loaded; the others are not affected."""

    def __init__(self, family: str, reason: str) -> None:
        super().__init__(f"the driver family {family!r} cannot be loaded: {reason}")
        self.family = family
        self.reason = reason


class ProfileError(RecorderError):
    """A driver family's data file is wrong; nothing is matched by it."""

    def __init__(self, family: str, reason: str) -> None:
        super().__init__(f"profile of the family {family!r}: {reason}")
        self.family = family
        self.reason = reason
