"""Fetches packages from a service over its API: whole volumes, or the files in them; what broke off goes on where it stopped."""

import json
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from service.errors import ServiceError

ATTEMPTS = 5
CHUNK_BYTES = 1024**2
_CONNECT_TIMEOUT_S = 10.0
_READ_TIMEOUT_S = 120.0
_PATH = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}/){0,3}[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_PARTIAL_CONTENT = 206

Tell = Callable[[str, int, int], None]
"""Told of progress: name, bytes that are there, bytes in all."""


class FetchError(ServiceError):
    """The service could not be asked, or did not give what it promises; what is there already is kept."""


@dataclass(frozen=True, slots=True)
class VolumeFile:
    """A file of a volume; its bytes stand at an offset of the volume's ZIP file."""

    path: str
    size_bytes: int
    offset: int


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume as the service describes it."""

    number: int
    root: str
    size_bytes: int
    files: tuple[VolumeFile, ...]


class PackageClient:
    """Calls of one person who fetches a package.

    Args:
        url: Address of the service; https unless it is this machine.
        ca_file: Certificate authority in PEM; ``None`` for those the system knows.

    Raises:
        FetchError: The address is not protected.
    """

    def __init__(self, url: str, *, ca_file: Path | None) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise FetchError(f"{url}: https is needed beyond this machine")
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
        timeout = urllib3.Timeout(connect=_CONNECT_TIMEOUT_S, read=_READ_TIMEOUT_S)
        self._pool = urllib3.PoolManager(ssl_context=context, timeout=timeout, retries=False)
        self._root = f"{url.rstrip('/')}/api/v1"
        self._headers: dict[str, str] = {}

    def sign_in(self, username: str, password: str) -> None:
        """Sign in; later calls are made in this name."""
        body = json.dumps({"username": username, "password": password})
        answer = self._call("POST", "/tokens", body=body, headers={"Content-Type": "application/json"})
        self._headers = {"Authorization": f"Bearer {answer['access_token']}"}

    def volumes(self, package_id: str, cut: dict[str, int]) -> list[Volume]:
        """List the volumes of a package that is cut this way."""
        answer = self._call("GET", f"/evidence-packages/{package_id}/volumes?{urlencode(cut)}")
        try:
            return [_volume(item) for item in answer["volumes"]]
        except (KeyError, TypeError) as error:
            raise FetchError("the service describes the volumes in a way that is not understood") from error

    @contextmanager
    def content(self, package_id: str, cut: dict[str, int], number: int, *, first: int) -> Iterator[Iterator[bytes]]:
        """Stream a volume's ZIP file from a byte on."""
        query = urlencode({**cut, "volume": number})
        headers = {**self._headers, **({"Range": f"bytes={first}-"} if first else {})}
        try:
            response = self._pool.request(
                "GET", f"{self._root}/evidence-packages/{package_id}/content?{query}", headers=headers, preload_content=False
            )
            try:
                if response.status != (_PARTIAL_CONTENT if first else 200):
                    raise _refusal(response.status, response.read(4096))
                yield response.stream(CHUNK_BYTES)
            finally:
                response.close()
                response.release_conn()
        except HTTPError as error:
            raise FetchError(f"the connection broke off: {error}") from error

    def close(self) -> None:
        """Close every connection."""
        self._pool.clear()

    def _call(self, method: str, path: str, *, body: str | None = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            response = self._pool.request(method, self._root + path, body=body, headers={**self._headers, **(headers or {})})
        except HTTPError as error:
            raise FetchError(f"the service does not answer: {error}") from error
        if response.status not in {200, 201}:
            raise _refusal(response.status, response.data)
        answer = json.loads(response.data)
        if not isinstance(answer, dict):
            raise FetchError("the answer is not what the service promises")
        return answer


def fetch_zip(client: PackageClient, package_id: str, cut: dict[str, int], volume: Volume, *, folder: Path, tell: Tell) -> Path:
    """Fetch a volume as a ZIP file; one that is there whole is left alone, and one that is there in part goes on.

    Raises:
        FetchError: It could not be fetched whole.
    """
    target = folder / f"{volume.root}.zip"
    part = target.with_suffix(".zip.part")
    if target.exists() and target.stat().st_size == volume.size_bytes:
        return target
    have = part.stat().st_size if part.exists() else 0
    with part.open("ab") as file:
        if have < volume.size_bytes:
            with client.content(package_id, cut, volume.number, first=have) as chunks:
                for chunk in chunks:
                    file.write(chunk)
                    have += len(chunk)
                    tell(target.name, have, volume.size_bytes)
    if have != volume.size_bytes:
        raise FetchError(f"{target.name}: {have} of {volume.size_bytes} bytes came")
    return part.rename(target)


def fetch_folder(client: PackageClient, package_id: str, cut: dict[str, int], volume: Volume, *, folder: Path, tell: Tell) -> Path:
    """Fetch a volume as a folder of files; files that are there whole are left alone, and one that is there in part goes on.

    Raises:
        FetchError: It could not be fetched whole.
    """
    root = folder / volume.root
    have = {file.path: _length(root / file.path) for file in volume.files}
    waiting = [file for file in volume.files if have[file.path] != file.size_bytes or not (root / file.path).exists()]
    if not waiting:
        return root
    first = waiting[0].offset + have[waiting[0].path]
    with client.content(package_id, cut, volume.number, first=first) as chunks:
        run = _Run(chunks, first)
        for file in volume.files[volume.files.index(waiting[0]) :]:
            path = root / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            start = file.offset + (have[file.path] if file is waiting[0] else 0)
            run.skip_to(start)
            with path.open("ab" if start > file.offset else "wb") as out:
                run.copy_to(out, file.offset + file.size_bytes, tell=lambda position: tell(volume.root, position, volume.size_bytes))
    return root


class _Run:
    """Bytes of a stream by their position in the whole."""

    def __init__(self, chunks: Iterator[bytes], position: int) -> None:
        self._chunks, self._position, self._left = chunks, position, b""

    def skip_to(self, position: int) -> None:
        while self._position < position:
            self._take(position)

    def copy_to(self, out: BinaryIO, end: int, *, tell: Callable[[int], None]) -> None:
        while self._position < end:
            out.write(self._take(end))
            tell(self._position)

    def _take(self, end: int) -> bytes:
        if not self._left:
            self._left = next(self._chunks, b"")
            if not self._left:
                raise FetchError("the volume ended early")
        taken = self._left[: end - self._position]
        self._left = self._left[len(taken) :]
        self._position += len(taken)
        return taken


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _volume(item: dict[str, Any]) -> Volume:
    files = tuple(VolumeFile(_safe(file["path"]), int(file["size_bytes"]), int(file["offset"])) for file in item["files"])
    return Volume(int(item["number"]), _safe(item["root"]), int(item["size_bytes"]), files)


def _safe(path: str) -> str:
    """A path is written to disk only when it can be nothing but a file below the folder."""
    if not _PATH.fullmatch(path):
        raise FetchError(f"the service names a file {path!r}")
    return path


def _refusal(status: int, body: bytes) -> FetchError:
    try:
        detail = str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        detail = ""
    return FetchError(f"the service refused ({status}) {detail}".rstrip())
