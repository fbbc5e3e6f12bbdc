"""GPS tracks: logs, trails and documents of text, and blocks inside recordings."""

from datetime import UTC, datetime

from service.media.gps.read_track import read_track
from service.media.gps.summary import summarise
from tests.fuzz.target import Target
from tests.unit.service.media.gps.logs import gga, recording, second_by_second, sentence, source, walk

_AT = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
_ENTRY = b'{"LocationWKT":"POINT(121.4 31.2)","SecondsFromStart":1,"Timestamp":"2026-11-24T01:30:00Z"}'
_POINT = b'<trkpt lat="31.2" lon="121.4"><time>2026-11-24T01:30:00Z</time></trkpt>'


def _track(data: bytes) -> object:
    """Read whatever track there is, and sum it up; nothing may be raised."""
    track = read_track(source(data))
    return None if track is None else summarise(track)


TARGETS = (
    Target("gps_log", _track, (), (walk(_AT, 4) + sentence(gga(_AT)),)),
    Target("gps_trail", _track, (), (b'{"CoordinateEntries":[' + _ENTRY + b"," + _ENTRY + b"]}",)),
    Target("gps_document", _track, (), (b'<?xml version="1.0"?><gpx version="1.1"><trk><trkseg>' + _POINT * 2 + b"</trkseg></trk></gpx>",)),
    Target("gps_blocks", _track, (), (recording(second_by_second(_AT, 3)),)),
)
