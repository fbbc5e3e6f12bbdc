"""A volume of a package as an answer: whole, or from a byte on (RFC 9110, section 14)."""

from collections.abc import Iterator
from http import HTTPStatus

from starlette.responses import Response, StreamingResponse

from api.ranges import ByteRange
from service.evidence_packages.open_package import PackageVolume

MEDIA_TYPE = "application/zip"


def package_response(volume: PackageVolume, *, span: ByteRange | None = None) -> Response:
    """Answer with a ZIP file. When its evidence turns out to be damaged the connection is closed, and the file has no end.

    Args:
        volume: What to send; it is read once.
        span: Only these bytes of it; those before are read and checked all the same.
    """
    size = volume.size_bytes
    headers = {
        "Content-Disposition": f'attachment; filename="{volume.root}.zip"',
        "Content-Length": str(size if span is None else span.length),
        "Accept-Ranges": "bytes",
        "ETag": entity_tag(volume),
        "Cache-Control": "private, no-store",
        "Bodycam-Package": str(volume.package.row.package.id),
    }
    if span is None:
        return StreamingResponse(volume.chunks(), headers=headers, media_type=MEDIA_TYPE)
    headers["Content-Range"] = f"bytes {span.first}-{span.last}/{size}"
    return StreamingResponse(_run(volume.chunks(), span), HTTPStatus.PARTIAL_CONTENT, headers=headers, media_type=MEDIA_TYPE)


def entity_tag(volume: PackageVolume) -> str:
    """Names the bytes: the same package cut the same way is the same for ever (RFC 9110, section 8.8.3)."""
    return f'"{volume.package.row.package.id}-{volume.number}-{volume.count}-{volume.size_bytes}"'


def _run(chunks: Iterator[bytes], span: ByteRange) -> Iterator[bytes]:
    position, end = 0, span.last + 1
    for chunk in chunks:
        first, last = max(span.first - position, 0), min(end - position, len(chunk))
        if first < last:
            yield chunk[first:last]
        position += len(chunk)
        if position >= end:
            return
