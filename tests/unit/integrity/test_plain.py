from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from integrity.errors import MalformedValueError
from integrity.listing import ClockReading, Listing, RecordedFile, RecorderIdentity
from integrity.plain import from_plain, parse_instant, spell_instant, to_plain
from integrity.receipt import ClipState, UploadedPart, UploadReceipt

NOW = datetime(2026, 11, 24, 3, 29, 5, tzinfo=UTC)
LISTING = Listing(
    identity=RecorderIdentity(family="mass-storage", serial="A123456", usb_vendor_id=0x4255),
    clock=ClockReading("2026-11-24T11:29:05", NOW, 2.0, 0.5),
    files=(RecordedFile("DCIM/A.MP4", "RABDAA==", 12, modified="2026-11-24T11:00:00"), RecordedFile("B", "QgA=", 0)),
    is_complete=True,
    failure=None,
    taken_at=NOW,
)
RECEIPT = UploadReceipt(5, "ab" * 32, "cd" * 32, (UploadedPart(1, 5, "ef" * 16, "etag"),))


@dataclass(frozen=True, slots=True)
class Marked:
    state: ClipState
    count: int


@pytest.mark.parametrize("value", [LISTING, RECEIPT, Marked(ClipState.STORED, 2)])
def test_a_value_comes_back_from_plain_json(value):
    assert from_plain(type(value), to_plain(value)) == value


def test_a_whole_number_may_stand_for_a_float():
    plain = {**to_plain(LISTING.clock), "offset_s": 2}

    assert from_plain(ClockReading, plain) == LISTING.clock


@pytest.mark.parametrize(
    "changes",
    [{"files": "text"}, {"files": {}}, {"files": [{}]}, {"is_complete": 1}, {"taken_at": 5}, {"identity": None}, {"clock": []}, {"unknown": None}],
)
def test_plain_json_of_another_shape_is_refused(changes):
    with pytest.raises(MalformedValueError):
        from_plain(Listing, {**to_plain(LISTING), **changes})


@pytest.mark.parametrize("value", [None, [], "x", 1, {}, {"state": "lost", "count": 1}, {"state": "stored", "count": True}])
def test_plain_json_of_another_kind_is_refused(value):
    with pytest.raises(MalformedValueError):
        from_plain(Marked, value)


def test_a_time_without_an_offset_is_not_spelled():
    with pytest.raises(MalformedValueError):
        spell_instant(datetime(2026, 1, 1))  # noqa: DTZ001 - a time without an offset is what is refused


@pytest.mark.parametrize("text", ["", "2026-11-24", "2026-11-24T03:29:05Z", "2026-02-30T00:00:00.000000Z", "2026-11-24T03:29:05.000000z"])
def test_a_time_in_another_spelling_is_refused(text):
    with pytest.raises(MalformedValueError):
        parse_instant(text)


def test_a_time_reads_back_in_utc():
    assert parse_instant(spell_instant(NOW)) == NOW
    assert parse_instant(spell_instant(NOW)).tzinfo is UTC


def test_unknown_members_are_passed_over_only_when_asked():
    newer = {"state": "stored", "count": 1, "colour": "red"}

    assert from_plain(Marked, newer, ignore_unknown=True) == Marked(ClipState.STORED, 1)
    with pytest.raises(MalformedValueError):
        from_plain(Marked, newer)
    with pytest.raises(MalformedValueError):
        from_plain(Marked, {"state": "stored", "colour": "red"}, ignore_unknown=True)
