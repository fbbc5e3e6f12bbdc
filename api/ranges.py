"""Bytes of a clip by Range (RFC 9110, section 14): whole, or one run of them."""

import base64
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from fastapi import Request
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import Response, StreamingResponse

from integrity.receipt import ClipState
from service.clips.view_clip import MediaSource

_RANGE = re.compile(r"bytes=(?P<first>\d{0,19})-(?P<last>\d{0,19})")
_PLAYABLE = {
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "avi": "video/x-msvideo",
    "ts": "video/mp2t",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
}
"""What a browser may be told a file is; everything else is bytes to keep, never text to run."""
_SANDBOX = "default-src 'none'; media-src 'self'; img-src 'self'; sandbox"


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A run of bytes, both ends included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.last - self.first + 1


class RangeNotSatisfiable(Exception):  # noqa: N818 - named as the status is
    """The range lies outside the clip."""


def parse_range(header: str | None, size_bytes: int) -> ByteRange | None:
    """Read a Range header; ``None`` means the whole.

    A header of another unit, of several ranges or of no sense is passed over, as RFC 9110 allows: the whole is answered.

    Raises:
        RangeNotSatisfiable: The range begins beyond the end.
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or not (found["first"] or found["last"]):
        return None
    if not found["first"]:
        length = min(int(found["last"]), size_bytes)
        if length == 0:
            raise RangeNotSatisfiable
        return ByteRange(size_bytes - length, size_bytes - 1)
    first = int(found["first"])
    last = min(int(found["last"]), size_bytes - 1) if found["last"] else size_bytes - 1
    if found["last"] and int(found["last"]) < first:
        return None
    if first >= size_bytes:
        raise RangeNotSatisfiable
    return ByteRange(first, last)


def media_response(request: Request, source: MediaSource, *, is_download: bool) -> Response:
    """Answer with a clip's bytes: 200, 206 or 416; only headers to HEAD. Reading is logged before the first byte goes out."""
    size = source.size_bytes
    headers = _headers(source, is_download=is_download)
    entity = headers["ETag"]
    wanted = request.headers.get("range")
    if request.headers.get("if-range") not in {None, entity}:
        wanted = None
    try:
        span = parse_range(wanted, size)
    except RangeNotSatisfiable:
        headers["Content-Range"] = f"bytes */{size}"
        return Response(status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
    status = HTTPStatus.OK
    if span is not None:
        status = HTTPStatus.PARTIAL_CONTENT
        headers["Content-Range"] = f"bytes {span.first}-{span.last}/{size}"
    length = size if span is None else span.length
    headers["Content-Length"] = str(length)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    first = span.first if span else 0
    source.enter(is_download=is_download, is_resumed=first > 0)
    if length == 0:
        return Response(status_code=status, headers=headers)
    chunks = source.read(first, length)
    return StreamingResponse(_stream(chunks), status_code=status, headers=headers)


async def _stream(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    async for chunk in iterate_in_threadpool(chunks):
        yield chunk


def _headers(source: MediaSource, *, is_download: bool) -> dict[str, str]:
    name = source.clip.original_name
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    disposition = "attachment" if is_download or ending not in _PLAYABLE else "inline"
    headers = {
        "Content-Type": _PLAYABLE.get(ending, "application/octet-stream"),
        "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(name, safe='')}",
        "Accept-Ranges": "bytes",
        "ETag": f'"{source.clip.object_version}"',
        "Cache-Control": "private, no-store",
        "Content-Security-Policy": _SANDBOX,
    }
    if source.clip.reached(ClipState.VERIFIED):
        # Until the bytes were read back, the digests are the dock's word alone, and are not vouched for here.
        digest = base64.b64encode(bytes.fromhex(source.clip.sha256 or "")).decode()
        headers |= {"Repr-Digest": f"sha-256=:{digest}:", "Bodycam-SM3": source.clip.sm3 or ""}
    return headers
