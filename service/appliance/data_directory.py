"""The one directory an installation lives in: its layout, its lock, and what is written down about its children."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evidence_store.embedded.private_file import write_private
from service.appliance.errors import DirectoryInUseError, UnreadableDirectoryError
from service.appliance.processes import ProcessMark, mark_process


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Where everything of one installation lies; absolute, without links, so that it names the installation.

    Attributes:
        root: The directory that `--data` named.
    """

    root: Path

    @classmethod
    def open(cls, path: Path) -> "DataDirectory":
        """Make the directory and its rooms where they are missing, closed to other users.

        Raises:
            UnreadableDirectoryError: It cannot be made, or is a file.
        """
        directory = cls(path.expanduser().resolve())
        try:
            directory.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for room in (directory.postgresql, directory.seaweedfs, directory.keys, directory.dock, directory.logs):
                room.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise UnreadableDirectoryError(directory.root, f"cannot be made: {error.strerror}") from error
        return directory

    @property
    def postgresql(self) -> Path:
        """Room of the database."""
        return self.root / "postgresql"

    @property
    def seaweedfs(self) -> Path:
        """Room of the object store."""
        return self.root / "seaweedfs"

    @property
    def keys(self) -> Path:
        """The service's signing keys."""
        return self.root / "keys"

    @property
    def dock(self) -> Path:
        """The dock's own files."""
        return self.root / "dock"

    @property
    def logs(self) -> Path:
        """One log file for each child."""
        return self.root / "logs"

    @property
    def ports(self) -> Path:
        """Ports of the inner servers."""
        return self.root / "ports.json"

    @property
    def secrets(self) -> Path:
        """Passwords of the inner servers."""
        return self.root / "secrets.json"

    @property
    def credentials(self) -> Path:
        """Sign-in of the first people and of the dock."""
        return self.root / "credentials.json"

    @property
    def environment(self) -> Path:
        """Settings of the service as last started."""
        return self.root / "environment.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory; the kernel lets go when this process dies, however it dies.

        Raises:
            DirectoryInUseError: Another process holds it.
        """
        path = self.root / "lock"
        descriptor = _lock(path)
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
            yield
        finally:
            path.unlink(missing_ok=True)
            os.close(descriptor)

    def write_children(self, children: Mapping[str, ProcessMark]) -> None:
        """Write down which processes run for this installation, so that a later start finds them."""
        write_private(self._children, json.dumps({name: asdict(mark) for name, mark in children.items()}, indent=2) + "\n")

    def read_children(self) -> dict[str, ProcessMark]:
        """Read what :meth:`write_children` wrote; empty when nothing was.

        Raises:
            UnreadableDirectoryError: The file holds something else.
        """
        try:
            return {name: ProcessMark(**mark) for name, mark in read_object(self._children).items()}
        except TypeError as error:
            raise UnreadableDirectoryError(self._children, "does not describe processes") from error

    def forget_children(self) -> None:
        """Write down that nothing runs any more."""
        self._children.unlink(missing_ok=True)

    @property
    def _children(self) -> Path:
        return self.root / "children.json"


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object; empty when there is no file.

    Raises:
        UnreadableDirectoryError: The file holds something else, or may not be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UnreadableDirectoryError(path, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UnreadableDirectoryError(path, "is not JSON") from error
    if not isinstance(content, dict):
        raise UnreadableDirectoryError(path, "is not a JSON object")
    return content


def _lock(path: Path) -> int:
    """Lock the file that has this name now; a holder that just left may have removed the one we opened."""
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UnreadableDirectoryError(path, f"cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise DirectoryInUseError(path.parent, _describe_holder(path)) from error
        if path.exists() and path.stat().st_ino == os.fstat(descriptor).st_ino:
            return descriptor
        os.close(descriptor)


def _describe_holder(path: Path) -> str:
    text = path.read_text(encoding="ascii", errors="replace").strip()
    if text.isdigit() and mark_process(int(text)) is not None:
        return text
    return "unknown"
