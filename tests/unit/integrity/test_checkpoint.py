import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrity.checkpoint import (
    ALGORITHM_COSIGNATURE_V1,
    MAX_SIGNATURES,
    Checkpoint,
    VerifierKey,
    open_checkpoint,
    open_note,
    parse_verifier_key,
    short_code,
    sign_checkpoint,
    sign_note,
    verifier_key,
)
from integrity.errors import IntegrityError, MalformedValueError, SignatureMismatchError
from integrity.signing import Ed25519Signer

GOLDEN = Path(__file__).parents[2] / "golden"
C2SP = json.loads((GOLDEN / "vectors" / "c2sp_signed_note.json").read_text())
LOG = Ed25519Signer("bodycam.example/log", b"\x01" * 32)
LOG_KEY = verifier_key(LOG.name, LOG.public_key)
WITNESS = Ed25519Signer("witness.example/w1", b"\x02" * 32)
WITNESS_KEY = str(VerifierKey(WITNESS.name, ALGORITHM_COSIGNATURE_V1, WITNESS.public_key))
CHECKPOINT = Checkpoint(LOG.name, 1234, bytes(range(32)))


def cosigned(note, *, seconds, signed_seconds=None):
    text = note.partition("\n\n")[0] + "\n"
    signature = WITNESS.sign(b"cosignature/v1\ntime %d\n" % (signed_seconds or seconds) + text.encode())
    raw = parse_verifier_key(WITNESS_KEY).key_id + seconds.to_bytes(8, "big") + signature
    return f"{note}\u2014 {WITNESS.name} {base64.b64encode(raw).decode()}\n"


def test_the_note_of_c2sp_opens_with_its_key():
    text, signatures = open_note(C2SP["note"], [C2SP["vkey"]])

    assert text == "This is an example message.\n"
    assert [line.name for line in signatures] == ["example.com/foo"]
    assert str(parse_verifier_key(C2SP["vkey"])) == C2SP["vkey"]


def test_a_checkpoint_is_written_byte_for_byte_as_before():
    note = sign_checkpoint(CHECKPOINT, LOG)

    assert f"{LOG_KEY}\n{note}" == (GOLDEN / "checkpoint_v1.txt").read_text()


@given(st.integers(0, 2**62), st.binary(min_size=32, max_size=32), st.lists(st.sampled_from(["a", "x 1", "\u4e2d"]), max_size=3))
def test_a_signed_checkpoint_opens_to_itself(size, root, extensions):
    checkpoint = Checkpoint(LOG.name, size, root, tuple(extensions))

    opened = open_checkpoint(sign_checkpoint(checkpoint, LOG), [LOG_KEY])

    assert opened.checkpoint == checkpoint
    assert [line.name for line in opened.signatures] == [LOG.name]


@given(st.data())
def test_every_changed_byte_is_refused(data):
    good = sign_checkpoint(CHECKPOINT, LOG).encode()
    bad = bytearray(good)
    bad[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))

    try:
        note = bytes(bad).decode()
    except UnicodeDecodeError:
        return

    with pytest.raises(IntegrityError):
        open_checkpoint(note, [LOG_KEY])


@given(st.text(max_size=200))
def test_text_that_is_no_note_is_refused(text):
    with pytest.raises(MalformedValueError):
        open_note(text.replace("\u2014", "-"), [LOG_KEY])


def test_a_line_of_an_unknown_key_is_passed_over():
    stranger = sign_note(CHECKPOINT.text(), Ed25519Signer.generate("new.example/kind")).partition("\n\n")[2]

    opened = open_checkpoint(sign_checkpoint(CHECKPOINT, LOG) + stranger, [LOG_KEY])

    assert [line.name for line in opened.signatures] == [LOG.name]


def test_a_key_of_the_same_name_but_another_id_is_unknown():
    other = Ed25519Signer.generate(LOG.name)

    with pytest.raises(SignatureMismatchError):
        open_checkpoint(sign_checkpoint(CHECKPOINT, LOG), [verifier_key(LOG.name, other.public_key)])


def test_a_witness_adds_its_signature_and_time():
    note = cosigned(sign_checkpoint(CHECKPOINT, LOG), seconds=1_790_000_000)

    opened = open_checkpoint(note, [LOG_KEY, WITNESS_KEY])

    assert [(line.name, line.signed_at) for line in opened.signatures] == [
        (LOG.name, None),
        (WITNESS.name, datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)),
    ]


def test_a_witness_whose_time_was_changed_is_refused():
    note = cosigned(sign_checkpoint(CHECKPOINT, LOG), seconds=1_790_000_001, signed_seconds=1_790_000_000)

    with pytest.raises(SignatureMismatchError, match="witness"):
        open_checkpoint(note, [LOG_KEY, WITNESS_KEY])


def test_a_witness_whose_time_has_no_date_is_refused():
    with pytest.raises(MalformedValueError, match="time"):
        open_checkpoint(cosigned(sign_checkpoint(CHECKPOINT, LOG), seconds=2**63), [LOG_KEY, WITNESS_KEY])


def test_witnesses_alone_do_not_make_a_checkpoint():
    note = cosigned(CHECKPOINT.text() + "\n", seconds=1_790_000_000)

    with pytest.raises(SignatureMismatchError, match="bodycam"):
        open_checkpoint(note, [LOG_KEY, WITNESS_KEY])


def test_another_logs_key_does_not_vouch_for_this_origin():
    other = Ed25519Signer.generate("other.example/log")
    note = sign_note(CHECKPOINT.text(), other)

    with pytest.raises(SignatureMismatchError):
        open_checkpoint(note, [LOG_KEY, verifier_key(other.name, other.public_key)])
    with pytest.raises(MalformedValueError):
        sign_checkpoint(CHECKPOINT, other)


def test_too_many_signature_lines_are_refused():
    text, _, line = sign_checkpoint(CHECKPOINT, LOG).partition("\n\n")

    open_checkpoint(f"{text}\n\n{line * MAX_SIGNATURES}", [LOG_KEY])
    with pytest.raises(MalformedValueError):
        open_checkpoint(f"{text}\n\n{line * (MAX_SIGNATURES + 1)}", [LOG_KEY])


def test_a_note_that_is_too_long_is_refused():
    with pytest.raises(MalformedValueError):
        open_note("a\n" * 40_000 + "\n" + sign_checkpoint(CHECKPOINT, LOG), [LOG_KEY])


@pytest.mark.parametrize("text", ["", "no newline", "tab\t\n", "\n", "\ud800\n", "bell\a\n"])
def test_text_that_cannot_be_a_note_is_not_signed(text):
    with pytest.raises(MalformedValueError):
        sign_note(text, LOG)


@pytest.mark.parametrize("text", ["origin\n", "origin\n01\nAAAA\n", "origin\n-1\nAAAA\n", "origin\n1\nAAAA\n", "two words\n1\nAAAA\n"])
def test_a_note_that_is_no_checkpoint_is_refused(text):
    with pytest.raises(MalformedValueError):
        open_checkpoint(sign_note(text, LOG), [LOG_KEY])


@pytest.mark.parametrize(
    "changes", [{"origin": ""}, {"origin": "a b"}, {"origin": "a+b"}, {"size": -1}, {"root": b""}, {"extensions": ("",)}, {"extensions": ("a\nb",)}]
)
def test_a_checkpoint_out_of_bounds_cannot_be_made(changes):
    with pytest.raises(MalformedValueError):
        Checkpoint(**{"origin": "log", "size": 1, "root": bytes(32), **changes})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        f"x{LOG_KEY}",
        LOG_KEY[:-4],
        LOG_KEY.replace("+", "-"),
        str(VerifierKey("name", 7, bytes(32))),
        str(VerifierKey("name", 1, bytes(31))),
        LOG_KEY + "\n",
    ],
)
def test_a_damaged_verifier_key_is_refused(text):
    with pytest.raises(MalformedValueError):
        parse_verifier_key(text)


@pytest.mark.parametrize(("name", "key"), [("", bytes(32)), ("a b", bytes(32)), ("a+b", bytes(32)), ("a", bytes(31)), ("a\x01", bytes(32))])
def test_a_verifier_key_needs_a_name_and_a_whole_key(name, key):
    with pytest.raises(MalformedValueError):
        verifier_key(name, key)


def test_a_short_code_is_of_one_checkpoint_only():
    checkpoint = Checkpoint("example.org/log", 4711, bytes(range(32)))

    assert short_code(checkpoint) == short_code(checkpoint)
    assert re.fullmatch(r"4711(-[0-9A-HJKMNP-TV-Z]{4}){4}", short_code(checkpoint))
    assert len({short_code(replace(checkpoint, root=bytes([n]) * 32)) for n in range(200)}) == 200
