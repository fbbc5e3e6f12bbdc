from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrity.checkpoint import Checkpoint, cosign, open_checkpoint, sign_checkpoint, verifier_key
from integrity.errors import MalformedValueError
from integrity.merkle import append_leaves, consistency_proof, leaf_hash, tree_root
from integrity.signing import Ed25519Signer
from integrity.witness import Verdict, Witnessed, WitnessRequest, judge, origin_of, parse_request, witness_key

LOG = Ed25519Signer("example.org/log", bytes(range(32)))
WITNESS = Ed25519Signer("example.org/witness", bytes(range(1, 33)))
KEYS = [verifier_key(LOG.name, LOG.public_key)]


class Tree:
    """A small log."""

    def __init__(self, *leaves):
        self.nodes = {}
        self.size = 0
        fresh, self.root = append_leaves(self.read, 0, [leaf_hash(leaf) for leaf in leaves])
        self.nodes |= {(node.level, node.index): node.hash for node in fresh}
        self.size = len(leaves)

    def read(self, level, index):
        return self.nodes[level, index]

    def checkpoint(self, size):
        return Checkpoint(LOG.name, size, tree_root(self.read, size))

    def note(self, size):
        return sign_checkpoint(self.checkpoint(size), LOG)

    def request(self, old, size):
        proof = consistency_proof(self.read, old, second_size=size).path if old else ()
        return WitnessRequest(old, proof, self.note(size))


TREE = Tree(*(bytes([number]) for number in range(12)))
FORK = Tree(*(bytes([number]) for number in range(5)), *(b"other" for _ in range(7)))


def seen(tree, size):
    return Witnessed(size, tree_root(tree.read, size)) if size else Witnessed()


@pytest.mark.parametrize("old", range(12))
@pytest.mark.parametrize("size", range(1, 13))
def test_every_continuation_is_signed(old, size):
    if old <= size:
        assert judge(TREE.request(old, size), seen(TREE, old), KEYS).verdict is Verdict.SIGNED


@pytest.mark.parametrize(
    ("request_", "before", "verdict"),
    [
        (TREE.request(7, 7), seen(TREE, 9), Verdict.ROLLED_BACK),
        (FORK.request(9, 9), seen(TREE, 9), Verdict.FORKED),
        (FORK.request(9, 12), seen(TREE, 9), Verdict.FORKED),
        (TREE.request(5, 12), seen(TREE, 9), Verdict.OTHER_SIZE),
        (TREE.request(9, 12), Witnessed(), Verdict.OTHER_SIZE),
        (replace(TREE.request(9, 12), proof=()), seen(TREE, 9), Verdict.FORKED),
        (replace(TREE.request(0, 12), proof=(bytes(32),)), Witnessed(), Verdict.MALFORMED),
        (replace(TREE.request(9, 12), old_size=13), seen(TREE, 9), Verdict.MALFORMED),
        (replace(TREE.request(9, 12), note="nothing"), seen(TREE, 9), Verdict.MALFORMED),
    ],
)
def test_what_is_no_continuation_is_not_signed(request_, before, verdict):
    assert judge(request_, before, KEYS).verdict is verdict


def test_only_a_known_log_with_its_own_signature_is_signed_for():
    stranger = verifier_key(LOG.name, WITNESS.public_key)

    assert judge(TREE.request(0, 12), Witnessed(), []).verdict is Verdict.UNKNOWN_LOG
    assert judge(TREE.request(0, 12), Witnessed(), [stranger]).verdict is Verdict.BAD_SIGNATURE


def test_a_log_that_lost_its_newest_leaves_cannot_be_made_to_look_grown():
    shorter = Tree(*(bytes([number]) for number in range(9)), b"new")

    assert judge(shorter.request(9, 10), seen(TREE, 12), KEYS).verdict is Verdict.ROLLED_BACK


def test_a_cosignature_is_a_further_line_that_readers_check():
    at = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    note = TREE.note(12) + cosign(TREE.checkpoint(12), WITNESS, at=at)

    opened = open_checkpoint(note, [*KEYS, witness_key(WITNESS)])

    assert [(line.name, line.signed_at) for line in opened.signatures] == [(LOG.name, None), (WITNESS.name, at)]


def test_a_request_is_read_as_it_was_written():
    request = TREE.request(5, 12)

    assert parse_request(request.body()) == request
    assert origin_of(request.note) == LOG.name


@pytest.mark.parametrize(
    "body", [b"", b"old 1", b"old x\n\n", b"old 01\n\nnote", b"old 1\n!\n\nnote", b"\xff\n\n", b"old 1\n" + b"AA==\n" * 64 + b"\nnote"]
)
def test_a_request_that_makes_no_sense_is_refused(body):
    with pytest.raises(MalformedValueError):
        parse_request(body)


@given(st.binary(max_size=200))
def test_whatever_is_sent_is_read_or_refused(body):
    try:
        parsed = parse_request(body)
    except MalformedValueError:
        return
    assert judge(parsed, Witnessed(), KEYS).verdict is not Verdict.SIGNED
