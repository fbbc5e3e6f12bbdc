import io
import subprocess
import tracemalloc
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.evidence_packages.zip_stream import StoredZip, StreamedFile, entry_bytes_at_most, frame_of

AT = datetime(2026, 11, 24, 9, 30, 8, tzinfo=UTC)
MIB = 1024**2


def file_of(path: str, *chunks: bytes) -> StreamedFile:
    return StreamedFile(path, sum(map(len, chunks)), lambda: iter(chunks))


@given(st.dictionaries(st.from_regex(r"[a-z]{1,9}/[a-z]{1,9}", fullmatch=True), st.binary(max_size=300), max_size=12))
@settings(max_examples=50)
def test_a_zip_is_as_long_as_it_says_and_others_read_it(contents):
    archive = StoredZip([file_of(path, content[:7], content[7:]) for path, content in contents.items()], root="root", at=AT)
    announced = archive.size_bytes

    data = b"".join(archive.chunks())

    assert len(data) == announced
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert read.testzip() is None
        assert {entry.filename: read.read(entry) for entry in read.infolist()} == {f"root/{path}": content for path, content in contents.items()}
        assert {entry.date_time for entry in read.infolist()} <= {(2026, 11, 24, 9, 30, 8)}
        assert {entry.compress_type for entry in read.infolist()} <= {zipfile.ZIP_STORED}


def test_the_same_files_give_the_same_bytes():
    first, second = (b"".join(StoredZip([file_of("a", b"1"), file_of("b")], root="r", at=AT).chunks()) for _ in range(2))

    assert first == second


def test_the_place_of_each_file_is_known_beforehand():
    contents = {"a": b"1" * 70, "folder/b": b"", "c": b"3" * 5}
    data = b"".join(StoredZip([file_of(path, content) for path, content in contents.items()], root="r", at=AT).chunks())

    position = 0
    for path, content in contents.items():
        before, after = frame_of(len("r/" + path), len(content))
        assert data[position : position + 4] == b"PK\x03\x04"
        assert data[position + before : position + before + len(content)] == content
        position += before + len(content) + after
    assert data[position : position + 4] == b"PK\x01\x02"
    assert len(data) <= sum(entry_bytes_at_most(len("r/" + path), len(content)) for path, content in contents.items()) + 98


def test_a_file_that_is_shorter_than_announced_leaves_no_zip():
    archive = StoredZip([StreamedFile("a", 5, lambda: iter([b"four"]))], root="r", at=AT)

    with pytest.raises(EOFError, match="4 bytes instead of 5"):
        b"".join(archive.chunks())


@pytest.mark.nightly
def test_more_than_four_gibibytes_are_read_by_others(tmp_path):
    block = bytes(MIB)
    long = StreamedFile("long", 4100 * MIB, lambda: (block for _ in range(4100)))
    archive = StoredZip([long, file_of("after", b"x")], root="r", at=AT)
    announced = archive.size_bytes

    with (tmp_path / "long.zip").open("wb") as file:
        for chunk in archive.chunks():
            file.write(chunk)

    assert (tmp_path / "long.zip").stat().st_size == announced
    subprocess.run(["unzip", "-tq", tmp_path / "long.zip"], check=True, capture_output=True)
    with zipfile.ZipFile(tmp_path / "long.zip") as read:
        assert read.getinfo("r/after").header_offset == sum(frame_of(len("r/long"), 4100 * MIB)) + 4100 * MIB
    (tmp_path / "long.zip").unlink()


def test_three_hundred_mebibytes_pass_in_constant_memory():
    block = bytes(MIB)
    archive = StoredZip([StreamedFile("long", 300 * MIB, lambda: (block for _ in range(300)))], root="r", at=AT)

    tracemalloc.start()
    try:
        total = sum(len(chunk) for chunk in archive.chunks())
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert total == archive.size_bytes
    assert most < 4 * MIB
