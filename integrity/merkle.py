"""The custody log's tree: RFC 9162 hashes, growth and proofs over any store of nodes.

Only complete subtrees are stored: the node ``(level, index)`` covers the leaves ``index * 2**level`` up to ``(index + 1) * 2**level``, and once
written never changes. Everything here is a pure function over a ``read_node(level, index)`` that returns such a node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from integrity.errors import MalformedValueError, ProofMismatchError
from integrity.hashing import Octets, sha256

HASH_BYTES = 32
MAX_TREE_SIZE = 2**62
EMPTY_ROOT = sha256(b"")
"""Root of the tree without leaves (RFC 9162, section 2.1.1)."""

ReadNode = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A complete subtree, by its level (0 for a leaf), its index within that level, and its hash (32 bytes)."""

    level: int
    index: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """Shows that a leaf is in a tree.

    Attributes:
        leaf_index: Position of the leaf, from 0.
        tree_size: Leaves in the tree.
        path: Sibling hashes, nearest the leaf first.
    """

    leaf_index: int
    tree_size: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """Shows that a tree only grew.

    Attributes:
        first_size: Leaves in the older tree, at least 1.
        second_size: Leaves in the newer tree.
        path: Hashes in the order of RFC 9162, section 2.1.4.1.
    """

    first_size: int
    second_size: int
    path: tuple[bytes, ...]


def leaf_hash(data: Octets) -> bytes:
    """Hash of a leaf, 32 bytes (RFC 9162, section 2.1.1)."""
    return sha256(b"\x00" + data)


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node over its two children, 32 bytes (RFC 9162, section 2.1.1)."""
    return sha256(b"\x01" + left + right)


def frontier(size: int) -> list[tuple[int, int]]:
    """Name the nodes ``(level, index)`` that make up a tree of this size, from the left.

    They are all that :func:`append_leaves` and :func:`tree_root` read, so a store can fetch them at once.
    """
    nodes: list[tuple[int, int]] = []
    start = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            nodes.append((level, start >> level))
            start += 1 << level
    return nodes


def append_leaves(read_node: ReadNode, size: int, leaves: Iterable[bytes]) -> tuple[list[TreeNode], bytes]:
    """Grow a tree.

    Args:
        read_node: Reads a stored node; asked only for :func:`frontier` of ``size``.
        size: Leaves in the tree so far.
        leaves: Hashes of the new leaves in order, from :func:`leaf_hash`.

    Returns:
        The nodes to store, in an order in which each follows its children, and the new root.
    """
    edge = [TreeNode(level, index, read_node(level, index)) for level, index in frontier(size)]
    fresh: list[TreeNode] = []
    for position, leaf in enumerate(leaves, start=size):
        node = TreeNode(0, position, leaf)
        fresh.append(node)
        while edge and edge[-1].level == node.level:
            left = edge.pop()
            node = TreeNode(node.level + 1, node.index >> 1, node_hash(left.hash, node.hash))
            fresh.append(node)
        edge.append(node)
    return fresh, _fold([node.hash for node in edge])


def tree_root(read_node: ReadNode, size: int) -> bytes:
    """Root of the tree's first ``size`` leaves."""
    return _fold([read_node(level, index) for level, index in frontier(size)])


def inclusion_proof(read_node: ReadNode, leaf_index: int, *, tree_size: int) -> InclusionProof:
    """Prove that a leaf is among the first ``tree_size`` (RFC 9162, section 2.1.3.1).

    Raises:
        MalformedValueError: There is no such leaf.
    """
    if not 0 <= leaf_index < tree_size <= MAX_TREE_SIZE:
        raise MalformedValueError("inclusion proof", f"no leaf {leaf_index} among {tree_size}")
    path: list[bytes] = []
    low, high = 0, tree_size
    while high - low > 1:
        middle = low + _split(high - low)
        if leaf_index < middle:
            path.append(_range_hash(read_node, middle, high))
            high = middle
        else:
            path.append(_range_hash(read_node, low, middle))
            low = middle
    return InclusionProof(leaf_index, tree_size, tuple(reversed(path)))


def consistency_proof(read_node: ReadNode, first_size: int, *, second_size: int) -> ConsistencyProof:
    """Prove that the tree of ``first_size`` leaves is a beginning of the one of ``second_size`` (RFC 9162, section 2.1.4.1).

    Raises:
        MalformedValueError: The sizes are not ``1 <= first_size <= second_size``; nothing can be proved about an empty tree.
    """
    if not 0 < first_size <= second_size <= MAX_TREE_SIZE:
        raise MalformedValueError("consistency proof", f"no proof from {first_size} to {second_size}")
    path: list[bytes] = []
    low, high = 0, second_size
    while first_size != high:
        middle = low + _split(high - low)
        if first_size <= middle:
            path.append(_range_hash(read_node, middle, high))
            high = middle
        else:
            path.append(_range_hash(read_node, low, middle))
            low = middle
    if low:
        path.append(_range_hash(read_node, low, high))
    return ConsistencyProof(first_size, second_size, tuple(reversed(path)))


def verify_inclusion(leaf: bytes, proof: InclusionProof, *, root: bytes) -> None:
    """Check that a leaf is in the tree that a root stands for.

    Follows RFC 9162, section 2.1.3.2.

    Args:
        leaf: Hash of the leaf, from :func:`leaf_hash`.
        proof: Where the leaf is and its sibling hashes.
        root: Root hash from the checkpoint.

    Raises:
        ProofMismatchError: The leaf is not shown to be in that tree.
    """
    if not 0 <= proof.leaf_index < proof.tree_size <= MAX_TREE_SIZE:
        raise ProofMismatchError("inclusion", f"no leaf {proof.leaf_index} among {proof.tree_size}")
    _check_hashes("inclusion", (leaf, root, *proof.path))
    position, last = proof.leaf_index, proof.tree_size - 1
    computed = leaf
    for sibling in proof.path:
        if last == 0:
            raise ProofMismatchError("inclusion", "has too many hashes")
        if position & 1 or position == last:
            computed = node_hash(sibling, computed)
            position, last = _climb(position, last)
        else:
            computed = node_hash(computed, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofMismatchError("inclusion", "has too few hashes")
    if computed != root:
        raise ProofMismatchError("inclusion", "leads to another root")


def verify_consistency(proof: ConsistencyProof, *, first_root: bytes, second_root: bytes) -> None:
    """Check that the tree behind a later root only added to the tree behind an earlier one.

    Follows RFC 9162, section 2.1.4.2. An empty earlier tree is refused: it would prove nothing.

    Raises:
        ProofMismatchError: It is not shown that the tree only grew.
    """
    if not 0 < proof.first_size <= proof.second_size <= MAX_TREE_SIZE:
        raise ProofMismatchError("consistency", f"no proof from {proof.first_size} to {proof.second_size}")
    if proof.first_size == proof.second_size:
        if proof.path or first_root != second_root:
            raise ProofMismatchError("consistency", "trees of one size differ")
        return
    _check_hashes("consistency", (first_root, second_root, *proof.path))
    path = list(proof.path)
    if proof.first_size & (proof.first_size - 1) == 0:
        path.insert(0, first_root)
    if not path:
        raise ProofMismatchError("consistency", "has too few hashes")
    if _fold_consistency(path, proof.first_size - 1, proof.second_size - 1) != (first_root, second_root):
        raise ProofMismatchError("consistency", "leads to other roots")


def _fold_consistency(path: list[bytes], position: int, last: int) -> tuple[bytes, bytes]:
    while position & 1:
        position, last = position >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofMismatchError("consistency", "has too many hashes")
        if position & 1 or position == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            position, last = _climb(position, last)
        else:
            second = node_hash(second, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofMismatchError("consistency", "has too few hashes")
    return first, second


def _climb(position: int, last: int) -> tuple[int, int]:
    """Leave out the levels on which a node at the right edge has no sibling."""
    while position and not position & 1:
        position, last = position >> 1, last >> 1
    return position, last


def _range_hash(read_node: ReadNode, low: int, high: int) -> bytes:
    """Hash over the leaves from ``low`` up to ``high``, where ``low`` begins a subtree at least that long."""
    hashes: list[bytes] = []
    for level, index in frontier(high - low):
        hashes.append(read_node(level, index + (low >> level)))
    return _fold(hashes)


def _fold(hashes: list[bytes]) -> bytes:
    """Join complete subtrees, given from the left, into one root."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def _split(count: int) -> int:
    """Largest power of two below a count of at least 2."""
    return 1 << ((count - 1).bit_length() - 1)


def _check_hashes(kind: str, hashes: tuple[bytes, ...]) -> None:
    if any(len(value) != HASH_BYTES for value in hashes):
        raise ProofMismatchError(kind, f"a hash is not {HASH_BYTES} bytes long")
