import secrets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device_drivers.dock.spool.chunks import CHUNK_BYTES, ChunkReader, ChunkWriter, read_sealed, write_sealed
from device_drivers.dock.spool.errors import SpoolDamagedError

KEY = bytes(range(32))
SEALED_BYTES = CHUNK_BYTES + 16
HEADER_BYTES = 40


def write(path, content, *, step=700_001):
    with ChunkWriter(path, KEY) as writer:
        for start in range(0, len(content), step):
            writer.write(content[start : start + step])
        writer.finish()


def read(path, *, offset=0, step=333_333, key=KEY):
    content = bytearray()
    buffer = memoryview(bytearray(step))
    with ChunkReader(path, key, offset=offset) as reader:
        while count := reader.readinto(buffer):
            content += buffer[:count]
    return bytes(content)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 3 * CHUNK_BYTES + 5])
def test_what_was_written_is_read_again(tmp_path, size):
    content = secrets.token_bytes(size)
    write(tmp_path / "a", content)

    assert read(tmp_path / "a") == content


@pytest.mark.parametrize(
    "offset", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 99, 2 * CHUNK_BYTES + 100, 9 * CHUNK_BYTES]
)
def test_reading_begins_anywhere(tmp_path, offset):
    content = secrets.token_bytes(2 * CHUNK_BYTES + 100)
    write(tmp_path / "a", content)

    assert read(tmp_path / "a", offset=offset) == content[offset:]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.data())
def test_no_changed_byte_goes_unnoticed(tmp_path, content, data):
    path = tmp_path / "a"
    write_sealed(path, KEY, content)
    sealed = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(sealed)

    with pytest.raises(SpoolDamagedError):
        read_sealed(path, KEY)


@pytest.mark.parametrize(
    "kept", [0, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + 15, HEADER_BYTES + SEALED_BYTES, HEADER_BYTES + SEALED_BYTES + 20]
)
def test_a_file_that_was_cut_is_noticed(tmp_path, kept):
    path = tmp_path / "a"
    write(path, secrets.token_bytes(2 * CHUNK_BYTES))
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(SpoolDamagedError):
        read(path)


def test_chunks_that_changed_places_are_noticed(tmp_path):
    path = tmp_path / "a"
    write(path, secrets.token_bytes(3 * CHUNK_BYTES))
    sealed = path.read_bytes()
    first, second = sealed[HEADER_BYTES:][:SEALED_BYTES], sealed[HEADER_BYTES + SEALED_BYTES :][:SEALED_BYTES]
    path.write_bytes(sealed[:HEADER_BYTES] + second + first + sealed[HEADER_BYTES + 2 * SEALED_BYTES :])

    with pytest.raises(SpoolDamagedError, match="chunk 0"):
        read(path)


def test_a_file_under_another_name_or_key_is_not_believed(tmp_path):
    write(tmp_path / "a", b"footage")
    (tmp_path / "a").rename(tmp_path / "b")

    with pytest.raises(SpoolDamagedError):
        read(tmp_path / "b")
    (tmp_path / "b").rename(tmp_path / "a")
    with pytest.raises(SpoolDamagedError):
        read(tmp_path / "a", key=bytes(32))


def test_nothing_of_the_content_can_be_read_on_the_disk(tmp_path):
    write(tmp_path / "a", b"a person's worst day" * 1000)

    assert b"worst" not in (tmp_path / "a").read_bytes()


def test_a_file_that_was_not_finished_does_not_exist(tmp_path):
    with ChunkWriter(tmp_path / "a", KEY) as writer:
        writer.write(b"half")

    assert list(tmp_path.iterdir()) == []


def test_the_same_content_never_looks_the_same(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name, b"footage")

    assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()
