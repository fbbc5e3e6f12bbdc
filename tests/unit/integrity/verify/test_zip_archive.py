import io
import struct
import zipfile

import pytest
import zipstream
from hypothesis import given
from hypothesis import strategies as st

from integrity.verify import zip_archive
from integrity.verify.container import zip_container
from integrity.verify.errors import RefusedPackageError
from integrity.verify.zip_archive import read_entries
from tests.unit.integrity.verify.archives import FOLDER, Entry, archive

NAME = f"{FOLDER}/bagit.txt"


def container(data):
    return zip_container("p.zip", io.BytesIO(data), len(data))


def refusal(data):
    with pytest.raises(RefusedPackageError) as caught:
        container(data)
    return caught.value.reason


def large_field(*values):
    return struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values)


@pytest.mark.parametrize(
    "data",
    [
        archive(Entry(NAME)),
        archive(Entry(NAME), Entry(f"{FOLDER}/data/x/original.mp4", b"")),
        archive(Entry(NAME, flags=8)),
        archive(Entry(NAME, flags=8 | 1 << 11)),
        archive(Entry(NAME, flags=8, descriptor=Entry(NAME).descriptor(signature=b""))),
        archive(Entry(NAME, flags=8, descriptor=Entry(NAME).descriptor(wide=True))),
        archive(Entry(NAME, flags=8, local_stored=0xFFFFFFFF, local_size=0xFFFFFFFF, local_extra=large_field(0, 0))),
        archive(Entry(NAME, central_stored=0xFFFFFFFF, central_size=0xFFFFFFFF, central_extra=large_field(4, 4))),
        archive(Entry(NAME, offset=0xFFFFFFFF, central_extra=large_field(0))),
        archive(Entry(NAME, extra=struct.pack("<2HB", 0x5455, 1, 0))),
        archive(Entry(NAME), zip64=True),
        archive(Entry(NAME, external=0)),
    ],
)
def test_a_plain_archive_is_read_in_each_of_its_spellings(data):
    read = container(data)

    assert b"".join(bytes(chunk) for chunk in read.open("bagit.txt")) == b"data"
    assert read.folder_id == "1"


REFUSED = {
    "compressed": archive(Entry(NAME, method=8)),
    "encrypted": archive(Entry(NAME, flags=1)),
    "encrypted strongly": archive(Entry(NAME, flags=1 << 6)),
    "masked headers": archive(Entry(NAME, flags=1 << 13)),
    "other flags": archive(Entry(NAME, flags=1 << 5)),
    "sizes differ": archive(Entry(NAME, central_size=4000)),
    "both sizes lie": archive(Entry(NAME, central_size=4000, central_stored=4000)),
    "sizes lie in both headers": archive(Entry(NAME, size=3, stored=3)),
    "bomb of overlapping entries": archive(Entry(NAME), Entry(f"{FOLDER}/b", offset=0)),
    "overlapping tail": archive(Entry(NAME, b"PK\x03\x04" + bytes(60)), Entry(f"{FOLDER}/b", offset=40)),
    "one entry listed twice": archive(Entry(NAME), Entry(f"{FOLDER}/b", central_name=NAME.encode(), offset=0)),
    "symbolic link": archive(Entry(NAME, external=0o120777 << 16)),
    "device": archive(Entry(NAME, external=0o060644 << 16)),
    "pipe": archive(Entry(NAME, external=0o010644 << 16)),
    "folder by attribute": archive(Entry(NAME, b"", external=0x10)),
    "folder by name": archive(Entry(f"{FOLDER}/data/", b"")),
    "other local name": archive(Entry(NAME, local_name=f"{FOLDER}/other.txt".encode())),
    "other local method": archive(Entry(NAME, local_method=8)),
    "other local flags": archive(Entry(NAME, local_flags=8, descriptor=Entry(NAME).descriptor())),
    "other local crc": archive(Entry(NAME, local_crc=1)),
    "other local sizes": archive(Entry(NAME, local_size=3, local_stored=3)),
    "local ZIP64 sizes lie": archive(Entry(NAME, local_stored=0xFFFFFFFF, local_size=0xFFFFFFFF, local_extra=large_field(9, 9))),
    "local ZIP64 field of another length": archive(Entry(NAME, local_extra=large_field(4))),
    "descriptor lies": archive(Entry(NAME, flags=8, descriptor=Entry(NAME, b"tada").descriptor())),
    "descriptor missing": archive(Entry(NAME, flags=8, descriptor=b"")),
    "ZIP64 field too short": archive(Entry(NAME, central_stored=0xFFFFFFFF, central_size=0xFFFFFFFF, central_extra=large_field(4))),
    "ZIP64 field that nothing asks for": archive(Entry(NAME, central_extra=large_field(4, 4))),
    "ZIP64 field twice": archive(Entry(NAME, offset=0xFFFFFFFF, central_extra=large_field(0) * 2)),
    "Unicode path field": archive(Entry(NAME, extra=struct.pack("<2HBL", 0x7075, 10, 1, 0) + b"other")),
    "AES field": archive(Entry(NAME, extra=struct.pack("<2H7B", 0x9901, 7, *bytes(7)))),
    "extra field cut short": archive(Entry(NAME, central_extra=b"\x55\x54\x09")),
    "comment of an entry": archive(Entry(NAME, comment=b"hello")),
    "entry on another disk": archive(Entry(NAME, disk=1)),
    "prefix": archive(Entry(NAME), prefix=b"#!/bin/sh\n"),
    "prefix with offsets that pass over it": archive(Entry(NAME), prefix=b"MZ", relative=True, offset=34 + len(NAME)),
    "another archive before": archive(Entry(NAME), prefix=archive(Entry(NAME, b"other"))),
    "another archive behind": archive(Entry(NAME), suffix=archive(Entry(NAME, b"other"))),
    "bytes behind": archive(Entry(NAME), suffix=b"\n"),
    "comment of the archive": archive(Entry(NAME), comment=b"hello"),
    "end record inside a comment": archive(Entry(NAME), comment=archive(Entry(NAME))),
    "bytes before the directory": archive(Entry(NAME), between=b"hidden"),
    "bytes between entries": archive(Entry(NAME, gap=b"hidden"), Entry(f"{FOLDER}/b")),
    "entry that the directory hides": archive(Entry(NAME, gap=Entry(f"{FOLDER}/b").local()), Entry(f"{FOLDER}/c")),
    "bytes behind the directory": archive(Entry(NAME), before_end=b"hidden"),
    "bytes in the directory": archive(Entry(NAME), before_end=b"hidden", size=len(Entry(NAME).central(0)) + 6),
    "fewer entries counted": archive(Entry(NAME), Entry(f"{FOLDER}/b"), count=1),
    "more entries counted": archive(Entry(NAME), count=2),
    "several disks": archive(Entry(NAME), disk=1),
    "several ZIP64 disks": archive(Entry(NAME), zip64=True, disks=2),
    "two ends that differ": archive(Entry(NAME), zip64=True, short=(2, 0xFFFFFFFF, 0xFFFFFFFF)),
    "two ends with another directory": archive(Entry(NAME), zip64=True, short=(1, 0xFFFFFFFF, 0)),
    "ZIP64 end elsewhere": archive(Entry(NAME), zip64=True, record_offset=0),
    "ZIP64 directory elsewhere": archive(Entry(NAME), zip64=True, offset64=0),
    "no entry": archive(),
    "nothing": b"",
    "no archive": b"x" * 100,
    "climbing": archive(Entry(f"{FOLDER}/../etc/passwd")),
    "climbing at once": archive(Entry("../x")),
    "absolute": archive(Entry("/etc/passwd")),
    "drive": archive(Entry("C:/x")),
    "backslash": archive(Entry(f"{FOLDER}\\..\\x")),
    "dot": archive(Entry(f"{FOLDER}/./x")),
    "empty name": archive(Entry(f"{FOLDER}//x")),
    "no name": archive(Entry("")),
    "NUL": archive(Entry(f"{FOLDER}/a\0.txt")),
    "line break": archive(Entry(f"{FOLDER}/a\n.txt")),
    "blank": archive(Entry(f"{FOLDER}/a b")),
    "other letters": archive(Entry(f"{FOLDER}/é")),
    "turned writing": archive(Entry(f"{FOLDER}/\u202etxt.exe")),
    "percent": archive(Entry(f"{FOLDER}/%2e%2e")),
    "long name": archive(Entry(f"{FOLDER}/{'a' * 121}")),
    "deep name": archive(Entry(f"{FOLDER}/{'a/' * 9}b")),
    "two folders": archive(Entry(NAME), Entry("evidence-2/bagit.txt")),
    "another folder": archive(Entry("other/bagit.txt")),
    "beside the folder": archive(Entry("evidence-1")),
    "same name": archive(Entry(NAME), Entry(NAME)),
    "same name but for case": archive(Entry(NAME), Entry(NAME.replace("bagit", "BAGIT"))),
    "same name but for case of its folder": archive(Entry(f"{FOLDER}/data/x"), Entry(f"{FOLDER}/Data/x")),
    "same name but for a dot": archive(Entry(NAME), Entry(f"{NAME}.")),
    "same name composed and decomposed": archive(Entry(f"{FOLDER}/\u00e9"), Entry(f"{FOLDER}/e\u0301")),
    "file and folder of one name": archive(Entry(f"{FOLDER}/data"), Entry(f"{FOLDER}/DATA/x")),
}
REASONS = {
    "compressed": "compressed",
    "encrypted": "encrypted",
    "symbolic link": "not_regular",
    "bomb of overlapping entries": "overlap",
    "overlapping tail": "overlap",
    "another archive behind": "bytes_outside",
    "another archive before": "bytes_outside",
    "climbing": "name",
    "same name": "duplicate",
    "same name but for case": "duplicate",
    "file and folder of one name": "duplicate",
    "two folders": "outside",
    "no archive": "not_zip",
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_archive_that_could_mislead_is_refused(case):
    reason = refusal(REFUSED[case])

    assert reason == REASONS.get(case, reason)


def test_two_entries_over_the_same_bytes_are_refused_whatever_their_headers_say():
    inner = Entry(f"{FOLDER}/b", b"bomb")
    outer = Entry(NAME, inner.local())

    start = 30 + len(NAME)

    assert refusal(archive(outer, Entry(f"{FOLDER}/b", b"bomb", offset=start))) == "overlap"


def test_more_entries_than_allowed_are_refused_before_they_are_read():
    many = archive(Entry(NAME), zip64=True, count=zip_archive.MAX_ENTRIES + 1)

    assert refusal(many) == "too_many"


def test_a_directory_out_of_proportion_is_refused_before_it_is_read():
    with pytest.raises(RefusedPackageError, match="central directory is too long"):
        container(archive(Entry(NAME), before_end=bytes(4000), size=len(Entry(NAME).central(0)) + 4000))


def test_what_zipfile_and_zipstream_write_is_read():
    streamed = zipstream.ZipStream(sized=True)
    for number in range(3):
        streamed.add(b"x" * number, f"{FOLDER}/{number}.txt")
    seekable = io.BytesIO()
    with zipfile.ZipFile(seekable, "w") as written:
        for number in range(3):
            written.writestr(f"{FOLDER}/{number}.txt", b"x" * number)

    for data in (b"".join(streamed), seekable.getvalue()):
        assert dict(container(data).sizes) == {"0.txt": 0, "1.txt": 1, "2.txt": 2}


class Sparse(io.RawIOBase):
    """A long file of zeros with some bytes in it, of which only those take room."""

    def __init__(self, parts, size_bytes):
        self.parts = parts
        self.size_bytes = size_bytes
        self.position = 0

    def seek(self, offset, whence=0):
        self.position = offset if whence == 0 else self.size_bytes
        return self.position

    def tell(self):
        return self.position

    def seekable(self):
        return True

    def readable(self):
        return True

    def read(self, size=-1):
        end = min(self.position + size, self.size_bytes)
        data = bytearray(end - self.position)
        for start, part in self.parts.items():
            low, high = max(start, self.position), min(start + len(part), end)
            if low < high:
                data[low - self.position : high - self.position] = part[low - start : high - start]
        self.position = end
        return bytes(data)


@pytest.mark.parametrize("size", [2**32 - 2, 2**32 - 1, 2**32, 5 * 2**32 + 7])
def test_an_entry_beyond_four_gibibytes_is_found_in_its_place(size):
    entry = Entry(NAME, b"", flags=8, descriptor=b"")
    large = size >= 2**32 - 1
    local = Entry(NAME, b"", flags=8, descriptor=b"", local_extra=large_field(0, 0), local_stored=0xFFFFFFFF, local_size=0xFFFFFFFF).local()
    descriptor = b"PK\x07\x08" + struct.pack("<L2Q", 0, size, size)
    directory_at = len(local) + size + len(descriptor)
    short = 0xFFFFFFFF if large else size
    entry.fields |= {"central_stored": short, "central_size": short, "central_extra": large_field(size, size) if large else b"", "central_flags": 8}
    directory = entry.central(0)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(directory), directory_at)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, directory_at + len(directory), 1)
    tail = descriptor + directory + record + locator + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), 0xFFFFFFFF, 0)
    total = len(local) + size + len(tail)

    (found,) = read_entries(Sparse({0: local, len(local) + size: tail}, total), total)

    assert (found.size_bytes, found.data_offset) == (size, len(local))


PLAIN = archive(Entry(NAME, flags=8), Entry(f"{FOLDER}/data/x/original.mp4", b"bytes of a clip"))


@given(position=st.integers(0, len(PLAIN) - 1), value=st.integers(0, 255))
def test_a_changed_byte_is_refused_or_changes_nothing_but_data_times_and_versions(position, value):
    changed = PLAIN[:position] + bytes([value]) + PLAIN[position + 1 :]
    try:
        entries = read_entries(io.BytesIO(changed), len(changed))
    except RefusedPackageError:
        return

    before = read_entries(io.BytesIO(PLAIN), len(PLAIN))
    assert [(entry.size_bytes, entry.data_offset) for entry in entries] == [(entry.size_bytes, entry.data_offset) for entry in before]
    assert [entry.name for entry in entries] == [entry.name for entry in before]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data):
    try:
        container(data)
    except RefusedPackageError:
        return
    pytest.fail("random bytes are no package")


def test_an_archive_that_ends_while_it_is_read_is_refused():
    data = archive(Entry(NAME, bytes(3 * 1024**2)))
    file = io.BytesIO(data)
    read = zip_container("p.zip", file, len(data))

    file.truncate(2 * 1024**2)

    with pytest.raises(RefusedPackageError, match="changed"):
        list(read.open("bagit.txt"))


def test_a_long_file_is_read_in_pieces_of_bounded_size():
    data = archive(Entry(NAME, bytes(5 * 1024**2 + 3)))

    sizes = [len(chunk) for chunk in container(data).open("bagit.txt")]

    assert max(sizes) <= 1024**2
    assert sum(sizes) == 5 * 1024**2 + 3
