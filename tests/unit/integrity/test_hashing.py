import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrity import hashing
from integrity.errors import MalformedValueError
from integrity.hashing import Digests, HashingStream, RunningDigests, content_md5, digest_by_name

VECTORS = json.loads((Path(__file__).parents[2] / "golden" / "vectors" / "hash_kat.json").read_text())


def without_sm3(name, *_arguments):
    raise ValueError(name)


@pytest.mark.parametrize(("text", "expected"), VECTORS["sm3"])
def test_sm3_gives_the_answers_of_its_standard(text, expected):
    assert Digests.of(text.encode()).sm3 == expected


@pytest.mark.parametrize(("text", "expected"), VECTORS["sha256"])
def test_sha256_gives_the_answers_of_its_standard(text, expected):
    assert Digests.of(text.encode()).sha256 == expected


@pytest.mark.parametrize(("text", "expected"), VECTORS["sm3"])
def test_sm3_is_the_same_where_the_standard_library_lacks_it(monkeypatch, text, expected):
    monkeypatch.setattr(hashing.hashlib, "new", without_sm3)
    running = RunningDigests()

    running.update(text[:1].encode())
    early = running.digests()
    running.update(memoryview(text[1:].encode()))

    assert running.digests().sm3 == expected
    assert early != running.digests()


@given(st.lists(st.binary()))
def test_hashing_does_not_depend_on_how_bytes_are_chunked(chunks):
    stream = HashingStream(chunks)

    joined = b"".join(stream)

    assert joined == b"".join(chunks)
    assert stream.size_bytes == len(joined)
    assert stream.digests == Digests.of(joined)
    assert stream.digests.sha256 == hashlib.sha256(joined).hexdigest()


def test_a_stream_passes_on_the_error_of_its_source():
    def source():
        yield b"abc"
        raise OSError("pulled")

    stream = HashingStream(source())

    with pytest.raises(OSError, match="pulled"):
        list(stream)
    assert stream.size_bytes == 3


@pytest.mark.parametrize("value", ["", "0" * 63, "A" * 64, "0" * 65, "g" * 64, "0" * 64 + "\n"])
def test_digests_that_are_not_64_lower_case_digits_are_refused(value):
    with pytest.raises(MalformedValueError):
        Digests(sha256=value, sm3="0" * 64)
    with pytest.raises(MalformedValueError):
        Digests(sha256="0" * 64, sm3=value)


@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512", "sm3"])
def test_a_digest_is_found_by_its_name(name):
    assert digest_by_name(name, b"abc") == hashlib.new(name, b"abc").digest()


@pytest.mark.parametrize("name", ["md5", "sha1", "", "SHA256"])
def test_a_weak_or_unknown_algorithm_is_refused_by_name(name):
    with pytest.raises(MalformedValueError):
        digest_by_name(name, b"abc")


def test_content_md5_is_that_of_rfc_1321():
    assert content_md5(b"abc").hex() == "900150983cd24fb0d6963f7d28e17f72"
