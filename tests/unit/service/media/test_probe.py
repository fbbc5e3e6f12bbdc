import struct
import zlib

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from service.media.child import ByteSource
from service.media.probe import probe_media
from tests.unit.service.media.test_child import Source
from tests.unit.service.media.videos import make_video

ORDINARY = make_video(sound="aac")


def probe(data):
    return probe_media(ByteSource(len(data), Source(data).read))


def test_an_ordinary_recording_is_described_and_playable():
    report = probe(ORDINARY)

    assert report.media == {
        "version": 1,
        "container": "mp4",
        "duration_s": 1.2,
        "video": {"codec": "h264", "profile": "High", "width": 320, "height": 180, "frame_rate": 25.0, "pixel_format": "yuv420p"},
        "audio": {"codec": "aac", "sample_rate_hz": 48000, "channels": 1},
        "picture": report.media["picture"],
        "playable": True,
        "reason": None,
        "flags": [],
    }
    assert report.media["picture"]["mean_luma"] > 60
    assert (report.duration_s, report.flags) == (1.2, ())


@pytest.mark.parametrize(
    ("container", "codec", "pixels", "sound", "reason"),
    [
        ("mov", "libx264", "yuv420p", None, None),
        ("matroska", "libx264", "yuv420p", None, None),
        ("avi", "libx264", "yuv420p", None, "container"),
        ("mpegts", "libx264", "yuv420p", None, "container"),
        ("mp4", "libx265", "yuv420p", None, "video_codec"),
        ("mp4", "mpeg4", "yuv420p", None, "video_codec"),
        ("mp4", "libx264", "yuv422p", None, "pixel_format"),
        ("mov", "libx264", "yuv420p", "pcm_s16le", "audio_codec"),
        ("matroska", "libx264", "yuv420p", "mp2", "audio_codec"),
    ],
)
def test_what_chromium_does_not_show_is_named_with_the_reason(container, codec, pixels, sound, reason):
    report = probe(make_video(container, codec, pixels=pixels, sound=sound))

    assert (report.media["container"], report.media["reason"]) == (container, reason)
    assert report.media["playable"] is (reason is None)
    assert report.flags == (() if reason is None else ("unplayable",))


def test_a_covered_lens_is_flagged_and_the_video_still_plays():
    report = probe(make_video(is_dark=True))

    assert report.flags == ("dark_picture",)
    assert report.media["playable"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (ORDINARY[: len(ORDINARY) // 2], "damaged"),
        (ORDINARY[:20], "damaged"),
        (b"$GPRMC,093015.00,A,3112.34,N,12128.56,E*5A\r\n" * 50, "not_media"),
        (b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:4,\n/etc/passwd\n#EXT-X-ENDLIST\n", "not_media"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not_media"),
        (bytes(300_000), "not_media"),
    ],
)
def test_a_file_that_is_no_video_gets_a_code(data, code):
    assert probe(data).media == {"error": code}


def test_a_picture_that_unpacks_to_gigabytes_is_given_up():
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 40_000, 40_000, 16, 6, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(20_000_000))) + chunk(b"IEND", b"")

    report = probe(bomb)

    assert report.media.get("picture") is None


def test_a_long_recording_is_not_read_as_a_whole():
    data = make_video(frames=40)
    padded = data + struct.pack(">I4s", 200 * 1024**2, b"free") + bytes(1000)
    sparse = Source(padded)
    size = len(data) + 200 * 1024**2

    def read(offset, length):
        return [b"".join(sparse.read(offset, length)).ljust(length, b"\0")]

    report = probe_media(ByteSource(size, read))

    assert report.media["playable"]
    assert sparse.given_bytes < 4 * 1024**2


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, len(ORDINARY) - 1), st.integers(0, 255)), min_size=1, max_size=40))
@example([(ORDINARY.index(b"stts") + 8, 255)])
@example([(ORDINARY.index(b"moov") - 4, 127)])
def test_any_damage_gives_facts_or_a_code(changes):
    data = bytearray(ORDINARY)
    for at, value in changes:
        data[at] = value

    media = probe(bytes(data)).media

    assert set(media) == {"error"} or isinstance(media["playable"], bool)
