import base64
import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from device_drivers.transports.file_removal import checks
from device_drivers.transports.file_removal.checks import ListedFiles
from integrity.listing import FINGERPRINT_SPAN_BYTES, RecordedFile

WHEN = datetime(2026, 11, 24, 9, 30, 14, tzinfo=UTC)
CONTENT = bytes(range(256)) * 400


def fingerprint(content):
    span = FINGERPRINT_SPAN_BYTES
    return hashlib.sha256(content if len(content) <= 2 * span else content[:span] + content[-span:]).hexdigest()


def put(root, path, content=CONTENT):
    """Write a file as a recorder would have; gives it as it would be listed."""
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    os.utime(place, (WHEN.timestamp(), WHEN.timestamp()))
    return listed(path, content)


def listed(path, content=CONTENT, *, raw=None, modified="2026-11-24T09:30:14"):
    return RecordedFile(
        path=path,
        path_raw_base64=base64.b64encode(path.encode("utf-16-le") if raw is None else raw).decode(),
        size_bytes=len(content),
        modified=modified,
        fingerprint=fingerprint(content),
    )


@pytest.fixture
def root(tmp_path):
    place = tmp_path / "volume"
    place.mkdir()
    return place


@pytest.fixture
def remove(root):
    """Remove files below the root; gives why each stays."""

    def run(*files):
        descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with ListedFiles(descriptor) as everything:
                return [everything.remove(file) for file in files]
        finally:
            os.close(descriptor)

    return run


def everything_below(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def test_exactly_the_listed_files_are_removed(root, remove):
    gone = [put(root, path) for path in ("DCIM/100MEDIA/1.MP4", "DCIM/100MEDIA/执法记录 一.mov", "TOP.LOG", "DCIM/2.MP4")]
    put(root, "DCIM/100MEDIA/2.MP4")
    put(root, "1.MP4")

    assert remove(*gone) == [None] * 4
    assert everything_below(root) == ["1.MP4", "DCIM/100MEDIA/2.MP4"]


def test_an_empty_file_is_removed(root, remove):
    assert remove(put(root, "EMPTY.MP4", b"")) == [None]
    assert everything_below(root) == []


def test_a_file_is_not_removed_twice(root, remove):
    file = put(root, "A.MP4")

    assert remove(file, file) == [None, "there is no such file"]


@pytest.mark.parametrize(
    "path",
    [
        "../A.MP4",
        "DCIM/../A.MP4",
        "DCIM/../../outside/A.MP4",
        "/A.MP4",
        "//A.MP4",
        "./A.MP4",
        "DCIM/",
        "DCIM",
        "",
        ".",
        "..",
        "a.mp4",
        "A.mp4",
        "A.MP4/",
        "A.MP4/B",
        "A.MP4\n",
        "A.MP4 ",
        "A.MP4.",
        "DCIM//B.MP4",
        "DCIM/b.mp4",
        "dcim/B.MP4",
    ],
)
def test_a_path_that_was_never_listed_removes_nothing(root, remove, tmp_path, path):
    put(root, "A.MP4")
    put(root, "DCIM/B.MP4")
    put(tmp_path, "outside/A.MP4")
    put(tmp_path, "A.MP4")

    (kept,) = remove(listed(path))

    assert kept
    assert everything_below(tmp_path) == ["A.MP4", "outside/A.MP4", "volume/A.MP4", "volume/DCIM/B.MP4"]


def test_a_raw_path_with_a_nul_removes_nothing(root, remove):
    put(root, "A.MP4")

    (kept,) = remove(listed("A.MP4", raw="A.MP4\0".encode("utf-16-le")))

    assert kept == "there is no such file"
    assert everything_below(root) == ["A.MP4"]


def test_path_and_raw_path_must_mean_the_same_file(root, remove):
    first, second = put(root, "DCIM/A.MP4"), put(root, "DCIM/B.MP4")

    kept = remove(replace(first, path=second.path), replace(first, path="VIDEO/A.MP4"))

    assert kept == ["there is no such file", "one of its directories is not there"]
    assert everything_below(root) == ["DCIM/A.MP4", "DCIM/B.MP4"]


@pytest.mark.parametrize("name", ["A\nB.MP4", "A\tB.MP4", "A\\B.MP4", "A\u202eB.MP4", "\x7f.MP4"])
def test_a_name_that_cannot_be_shown_is_found_by_what_stands_on_the_medium(root, remove, name):
    put(root, name)
    shown = checks.readable_text(name)

    assert shown != name
    assert remove(listed(shown, raw=name.encode("utf-16-le"))) == [None]


def test_a_separator_across_two_characters_is_no_separator(root, remove):
    path = "DCIM/\u2f41\u1200/A.MP4"
    assert "/".encode("utf-16-le") in "\u2f41\u1200".encode("utf-16-le")

    assert remove(put(root, path)) == [None]


def test_a_short_name_is_found_by_its_stored_bytes(root, remove):
    put(root, "DCIM/CLIP0001.MP4")
    put(root, "DCIM/clip0002.mp4")
    gbk = "执法.MP4".encode("gbk")
    put(root, f"DCIM/{gbk.decode('cp437')}")
    slash = "/".encode("utf-16-le")

    kept = remove(
        listed("DCIM/CLIP0001.MP4", raw=b"DCIM" + slash + b"CLIP0001.MP4"),
        listed("DCIM/clip0002.mp4", raw="DCIM".encode("utf-16-le") + slash + b"CLIP0002.MP4"),
        listed("DCIM/执法.MP4", raw=b"DCIM" + slash + gbk),
    )

    assert kept == [None, None, None]


def test_a_short_name_in_capitals_does_not_mean_a_long_name_in_small_letters(root, remove):
    put(root, "clip.mp4")

    assert remove(listed("CLIP.MP4", raw=b"CLIP.MP4")) == ["there is no such file"]


def test_the_byte_that_stands_for_e5_is_understood(root, remove):
    put(root, b"\xe5\xb0.MP4".decode("cp437"))

    assert remove(listed("濉.MP4", raw=b"\x05\xb0.MP4")) == [None]


@pytest.mark.parametrize("twin", ["clip.mp4", "CLIP.MP4.", "Clip.MP4 .. "])
def test_nothing_is_removed_where_fat_could_take_another_name_for_it(root, remove, twin):
    file = put(root, "CLIP.MP4")
    put(root, twin)

    (kept,) = remove(file)

    assert "another name" in kept
    assert len(everything_below(root)) == 2


def test_a_directory_with_a_twin_is_not_entered(root, remove):
    file = put(root, "DCIM/CLIP.MP4")
    put(root, "dcim/CLIP.MP4")

    (kept,) = remove(file)

    assert "another name" in kept
    assert len(everything_below(root)) == 2


def test_links_are_not_followed(root, remove, tmp_path):
    outside = put(tmp_path, "outside/A.MP4")
    (root / "A.MP4").symlink_to(tmp_path / "outside/A.MP4")
    (root / "DCIM").symlink_to(tmp_path / "outside")

    kept = remove(replace(outside, path="A.MP4", path_raw_base64=listed("A.MP4").path_raw_base64), listed("DCIM/A.MP4"))

    assert all(kept)
    assert (root / "A.MP4").is_symlink()
    assert (tmp_path / "outside/A.MP4").exists()


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), os.mkfifo])
def test_what_is_no_file_stays(root, remove, make):
    make(root / "A.MP4")

    (kept,) = remove(listed("A.MP4", b""))

    assert kept
    assert (root / "A.MP4").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (CONTENT + b"x", "its size is"),
        (CONTENT[:-1], "its size is"),
        (b"\xff" + CONTENT[1:], "its content is another"),
        (CONTENT[:-1] + b"\xfe", "its content is another"),
    ],
)
def test_a_file_whose_content_changed_stays(root, remove, content, reason):
    put(root, "A.MP4", content)

    (kept,) = remove(listed("A.MP4"))

    assert kept.startswith(reason)
    assert (root / "A.MP4").read_bytes() == content


@pytest.mark.parametrize("seconds", [-2, -1, 1, 2, 3_600])
def test_a_file_that_was_changed_at_another_time_stays(root, remove, seconds):
    file = put(root, "A.MP4")
    os.utime(root / "A.MP4", (0, WHEN.timestamp() + seconds))

    assert remove(file) == ["it was changed at another time"]


@pytest.mark.parametrize("modified", ["2026-11-24T09:30:14", "2026-11-24T09:30:14.370", "2026-11-24T17:30:14+08:00", None])
def test_a_listed_time_is_utc_unless_the_medium_names_an_offset(root, remove, modified):
    put(root, "A.MP4")
    os.utime(root / "A.MP4", ns=(0, int(WHEN.timestamp()) * 10**9 + 370_000_000))

    assert remove(listed("A.MP4", modified=modified)) == [None]


@pytest.mark.parametrize("modified", ["2026-99-99T09:30:14", "0001-01-01T00:00:00+23:59", "2026-11-24T09:30:14+99:99"])
def test_a_time_that_is_none_keeps_the_file(root, remove, modified):
    put(root, "A.MP4")

    assert all(remove(listed("A.MP4", modified=modified)))
    assert everything_below(root) == ["A.MP4"]


def test_a_file_that_is_exchanged_while_it_is_looked_at_stays(root, remove, monkeypatch):
    file = put(root, "A.MP4")
    check = checks._check

    def check_and_exchange(descriptor, wanted):
        check(descriptor, wanted)
        put(root, "B.MP4", b"another")
        (root / "B.MP4").rename(root / "A.MP4")

    monkeypatch.setattr(checks, "_check", check_and_exchange)

    assert remove(file) == ["its name means another file now"]
    assert (root / "A.MP4").read_bytes() == b"another"


def test_what_the_medium_does_not_let_be_done_is_said(root, remove, monkeypatch):
    file = put(root, "A.MP4")

    def refuse(*_arguments, **_options):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "unlink", refuse)

    assert remove(file) == ["the file could not be reached: Read-only file system"]


def open_descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_descriptor_stays_open(root, remove):
    files = [put(root, f"{folder}/A.MP4") for folder in "ABCDE"]
    before = open_descriptors()

    remove(*files, listed("F/A.MP4"), listed("A/B/C"), listed("A/A.MP4"))

    assert open_descriptors() == before


PARTS = st.lists(st.sampled_from(["A", "B.MP4", "a", "b.mp4", "..", ".", "/", "//", "\\", "\n", " "]), max_size=6).map("".join)
PATHS = PARTS | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@given(PATHS, PATHS.map(lambda path: path.encode("utf-16-le")) | st.binary(max_size=60))
def test_no_other_path_than_a_listed_one_removes_anything(tmp_path_factory, path, raw):
    assume(path != "A/B.MP4" or raw != path.encode("utf-16-le"))
    root = tmp_path_factory.mktemp("volume")
    put(root, "A/B.MP4")
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)

    with ListedFiles(descriptor) as files:
        kept = files.remove(listed(path, raw=raw))
    os.close(descriptor)

    assert kept
    assert everything_below(root) == ["A/B.MP4"]
