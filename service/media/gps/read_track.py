"""Find the GPS track in a file, by what is in it and never by its name. Any bytes at all give a track, perhaps an empty one, or none."""

from service.media.child import ByteSource
from service.media.gps import gpx, nmea, novatek, wkt_json
from service.media.gps.track import Track, TrackFormat
from service.media.gps.window import Window

HEAD_BYTES = 4_096
_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"})
_MEDIA_MARKS = (b"RIFF", b"\x1aE\xdf\xa3", b"\xff\xd8\xff", b"\x89PNG")
_PACKET_BYTES = 188
"""Of an MPEG transport stream; each begins with 0x47."""


def read_track(source: ByteSource) -> Track | None:
    """Read a file's track.

    Args:
        source: The file; what its ``read`` raises is passed on.

    Returns:
        The track of a log, a trail or a GPX document, or the one inside an MP4 or MOV file; ``None`` where the file has none that is known.
    """
    head = Window(source, allowance_bytes=HEAD_BYTES).at(0, HEAD_BYTES, ahead=False)
    if head[4:8] in _BOXES:
        return novatek.read_novatek(Window(source, allowance_bytes=novatek.MAX_BYTES))
    if _is_other_media(head):
        return None
    if nmea.looks_like_nmea(head):
        return nmea.read_nmea(Window(source, allowance_bytes=nmea.MAX_BYTES))
    if wkt_json.looks_like_wkt_json(head):
        return wkt_json.read_wkt_json(Window(source, allowance_bytes=wkt_json.MAX_BYTES))
    if gpx.looks_like_gpx(head):
        return gpx.read_gpx(Window(source, allowance_bytes=gpx.MAX_BYTES))
    return None


def is_inside_recording(track: Track) -> bool:
    """Whether a track lies inside a recording, instead of being all that a file holds."""
    return track.format is TrackFormat.NOVATEK


def _is_other_media(head: bytes) -> bool:
    is_transport_stream = head[:1] == b"G" and head[_PACKET_BYTES : _PACKET_BYTES + 1] == b"G"
    return is_transport_stream or head.startswith(_MEDIA_MARKS)
