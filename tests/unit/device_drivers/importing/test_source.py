import base64
import os

import pytest

from device_drivers.errors import ListingIncompleteError, RecorderReadError, UnsupportedCommandError, UnsupportedRecorderError
from device_drivers.importing.source import FolderSource, readable_path
from integrity.listing import RecorderIdentity


def listed(source):
    files, failure = [], None
    try:
        files.extend(iter(source.list_files()))
    except ListingIncompleteError as error:
        failure = error
    return files, failure


def content(source, file, offset=0):
    buffer = bytearray(file.size_bytes + 10)
    with source.open_file(file, offset) as reader:
        count = reader.readinto(memoryview(buffer))
        assert reader.readinto(memoryview(bytearray(4))) == 0
    return bytes(buffer[:count])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.mp4").write_bytes(b"two")
    (tmp_path / "a.mp4").write_bytes(b"one")
    os.utime(tmp_path / "a.mp4", (1_780_000_000, 1_780_000_000))
    return tmp_path


def test_every_file_is_listed_by_path_with_its_raw_name(folder):
    (folder / os.fsdecode(b"\xff\\.log")).write_bytes(b"")
    with FolderSource(folder, import_id="i") as source:
        files, failure = listed(source)

    assert failure is None
    assert [(file.path, file.size_bytes) for file in files] == [("a.mp4", 3), ("b/2.mp4", 3), ("\\xff\\x5c.log", 0)]
    assert files[0].modified == "2026-05-28T20:26:40+00:00"
    assert base64.b64decode(files[2].path_raw_base64) == b"\xff\\.log"


def test_a_single_file_is_a_source_too(folder):
    with FolderSource(folder / "b" / "2.mp4", import_id="i") as source:
        ((file,), failure) = listed(source)

        assert (file.path, failure) == ("2.mp4", None)
        assert content(source, file) == b"two"


def test_files_are_read_from_any_offset(folder):
    with FolderSource(folder, import_id="i") as source:
        files, _ = listed(source)

        assert content(source, files[1], 1) == b"wo"


def test_the_identity_names_the_import_and_nothing_can_be_changed(folder):
    with FolderSource(folder, import_id="i") as source:
        assert source.identity() == RecorderIdentity("import", volume_label="i")
        assert source.read_clock() is None
        assert not source.capabilities.can_remove_files
        with pytest.raises(UnsupportedCommandError):
            list(source.remove_files([]))


def test_links_and_pipes_are_named_and_not_followed(folder):
    (folder / "secret").symlink_to("/etc/passwd")
    (folder / "away").symlink_to("/etc", target_is_directory=True)
    os.mkfifo(folder / "pipe")
    with FolderSource(folder, import_id="i") as source:
        files, failure = listed(source)

    assert [file.path for file in files] == ["a.mp4", "b/2.mp4"]
    assert [name.partition(":")[0] for name in failure.missing] == ["away", "pipe", "secret"]


@pytest.mark.parametrize("swapped", ["b", "b/2.mp4"])
def test_a_path_that_became_a_link_meanwhile_is_not_followed(folder, swapped):
    with FolderSource(folder, import_id="i") as source:
        files, _ = listed(source)
        (folder / swapped).rename(folder / "moved")
        (folder / swapped).symlink_to(folder / "moved")

        with pytest.raises(RecorderReadError):
            source.open_file(files[1])


def test_a_file_that_vanished_meanwhile_cannot_be_read(folder):
    with FolderSource(folder, import_id="i") as source:
        files, _ = listed(source)
        (folder / "a.mp4").unlink()

        with pytest.raises(RecorderReadError):
            source.open_file(files[0])


def test_what_is_left_out_is_named_up_to_a_few(folder):
    for number in range(8):
        (folder / f"link{number}").symlink_to("a.mp4")
    with FolderSource(folder, import_id="i") as source:
        _, failure = listed(source)

    assert len(failure.missing) == 6
    assert failure.missing[-1] == "and 3 more"


@pytest.mark.parametrize("path", ["nothing", "/dev/null"])
def test_what_is_neither_folder_nor_file_is_refused(folder, path):
    with pytest.raises(UnsupportedRecorderError):
        FolderSource(folder / path, import_id="i")


@pytest.mark.parametrize(("raw", "shown"), [(b"a/\xe5\xbd\x95.mp4", "a/录.mp4"), (b"\xff\n", "\\xff\\x0a"), (b"a\\b\x7f", "a\\x5cb\\x7f")])
def test_paths_are_spelled_for_people(raw, shown):
    assert readable_path(raw) == shown
