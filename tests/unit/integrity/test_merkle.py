import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrity.errors import MalformedValueError, ProofMismatchError
from integrity.merkle import (
    EMPTY_ROOT,
    ConsistencyProof,
    InclusionProof,
    append_leaves,
    consistency_proof,
    frontier,
    inclusion_proof,
    leaf_hash,
    node_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

VECTORS = Path(__file__).parents[2] / "golden" / "vectors"
ROOTS = json.loads((VECTORS / "rfc6962_roots.json").read_text())
INCLUSION = json.loads((VECTORS / "merkle_inclusion.json").read_text())["cases"]
CONSISTENCY = json.loads((VECTORS / "merkle_consistency.json").read_text())["cases"]


class Tree:
    def __init__(self, count=0):
        self.nodes, self.size, self.root = {}, 0, EMPTY_ROOT
        self.append(leaf_hash(b"%d" % number) for number in range(count))

    def read(self, level, index):
        return self.nodes[level, index]

    def append(self, leaves):
        fresh, self.root = append_leaves(self.read, self.size, leaves)
        for node in fresh:
            assert (node.level, node.index) not in self.nodes
            self.nodes[node.level, node.index] = node.hash
            self.size += node.level == 0


def decoded(values):
    return tuple(base64.b64decode(value) for value in values or [])


def plain_root(leaves):
    """The definition of RFC 9162, section 2.1.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(plain_root(leaves[:split]), plain_root(leaves[split:]))


def flipped(value, bit):
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("case", INCLUSION, ids=lambda case: case["name"])
def test_inclusion_vectors_of_transparency_dev(case):
    proof = InclusionProof(case["leafIdx"], case["treeSize"], decoded(case["proof"]))
    leaf, root = decoded([case["leafHash"], case["root"]])

    if case["wantErr"]:
        with pytest.raises(ProofMismatchError):
            verify_inclusion(leaf, proof, root=root)
    else:
        verify_inclusion(leaf, proof, root=root)


@pytest.mark.parametrize("case", CONSISTENCY, ids=lambda case: case["name"])
def test_consistency_vectors_of_transparency_dev(case):
    proof = ConsistencyProof(case["size1"], case["size2"], decoded(case["proof"]))
    first, second = decoded([case["root1"], case["root2"]])

    if case["wantErr"]:
        with pytest.raises(ProofMismatchError):
            verify_consistency(proof, first_root=first, second_root=second)
    else:
        verify_consistency(proof, first_root=first, second_root=second)


def test_every_vector_is_there():
    assert len(INCLUSION) + len(CONSISTENCY) == 196
    assert sum(case["wantErr"] for case in INCLUSION + CONSISTENCY) == 184


def test_roots_and_nodes_are_those_of_certificate_transparency():
    tree = Tree()
    roots = [tree.root.hex()]

    for leaf in ROOTS["leaf_inputs_hex"]:
        tree.append([leaf_hash(bytes.fromhex(leaf))])
        roots.append(tree.root.hex())

    assert roots == ROOTS["root_hashes_hex_by_size"]
    for level, hashes in ROOTS["node_hashes_hex"].items():
        assert [tree.nodes[int(level), index].hex() for index in range(len(hashes))] == hashes


def test_hashes_are_those_of_certificate_transparency():
    hasher = ROOTS["hasher"]

    assert EMPTY_ROOT.hex() == hasher["empty_root"]
    assert leaf_hash(b"").hex() == hasher["empty_leaf"]
    assert leaf_hash(b"L123456").hex() == hasher["leaf_L123456"]
    assert node_hash(b"N123", b"N456").hex() == hasher["node_N123_N456"]


@given(st.lists(st.integers(0, 9), max_size=12))
def test_growth_in_any_batches_gives_the_root_of_the_definition(batches):
    tree, leaves = Tree(), []

    for count in batches:
        fresh = [leaf_hash(b"%d" % (len(leaves) + number)) for number in range(count)]
        tree.append(fresh)
        leaves += fresh

    assert tree.root == plain_root(leaves) == tree_root(tree.read, tree.size)


def test_growth_reads_only_the_frontier():
    tree = Tree(1000)
    read = []

    append_leaves(lambda level, index: read.append((level, index)) or tree.read(level, index), 1000, [leaf_hash(b"next")])

    assert read == frontier(1000)
    assert len(read) == 6


@given(st.integers(1, 70), st.data())
def test_every_leaf_can_be_proved_and_no_other(size, data):
    tree = Tree(size)
    index = data.draw(st.integers(0, size - 1))
    leaf = leaf_hash(b"%d" % index)

    proof = inclusion_proof(tree.read, index, tree_size=size)

    verify_inclusion(leaf, proof, root=tree.root)
    bit = data.draw(st.integers(0, 255))
    for position, sibling in enumerate(proof.path):
        changed = (*proof.path[:position], flipped(sibling, bit), *proof.path[position + 1 :])
        with pytest.raises(ProofMismatchError):
            verify_inclusion(leaf, replace(proof, path=changed), root=tree.root)
    with pytest.raises(ProofMismatchError):
        verify_inclusion(flipped(leaf, bit), proof, root=tree.root)
    with pytest.raises(ProofMismatchError):
        verify_inclusion(leaf, proof, root=flipped(tree.root, bit))
    for other in {-1, size, *range(size)} - {index}:
        with pytest.raises(ProofMismatchError):
            verify_inclusion(leaf, replace(proof, leaf_index=other), root=tree.root)


@given(st.integers(1, 70), st.data())
def test_every_beginning_is_consistent_and_no_other_tree(size, data):
    tree = Tree(size)
    first_size = data.draw(st.integers(1, size))
    first_root = tree_root(tree.read, first_size)

    proof = consistency_proof(tree.read, first_size, second_size=size)

    verify_consistency(proof, first_root=first_root, second_root=tree.root)
    bit = data.draw(st.integers(0, 255))
    for position, value in enumerate(proof.path):
        changed = (*proof.path[:position], flipped(value, bit), *proof.path[position + 1 :])
        with pytest.raises(ProofMismatchError):
            verify_consistency(replace(proof, path=changed), first_root=first_root, second_root=tree.root)
    with pytest.raises(ProofMismatchError):
        verify_consistency(proof, first_root=flipped(first_root, bit), second_root=tree.root)
    with pytest.raises(ProofMismatchError):
        verify_consistency(proof, first_root=first_root, second_root=flipped(tree.root, bit))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_hashes_of_another_length_are_refused(length):
    tree = Tree(2)
    proof = inclusion_proof(tree.read, 0, tree_size=2)

    with pytest.raises(ProofMismatchError):
        verify_inclusion(leaf_hash(b"0"), replace(proof, path=(bytes(length),)), root=tree.root)


def test_nothing_is_consistent_with_an_empty_tree():
    tree = Tree(4)

    with pytest.raises(ProofMismatchError):
        verify_consistency(ConsistencyProof(0, 4, ()), first_root=EMPTY_ROOT, second_root=tree.root)
    with pytest.raises(MalformedValueError):
        consistency_proof(tree.read, 0, second_size=4)


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0)])
def test_a_leaf_that_is_not_there_has_no_proof(index, size):
    with pytest.raises(MalformedValueError):
        inclusion_proof(Tree(4).read, index, tree_size=size)


def test_a_proof_in_a_tree_of_a_million_leaves_has_at_most_21_hashes():
    def read(level, index):
        return leaf_hash(b"%d %d" % (level, index))

    proof = inclusion_proof(read, 999_999, tree_size=1_000_000)

    assert len(proof.path) <= 21
