"""Inclusion proofs of many events at once: which nodes of the tree they need is found first, and then all are read together."""

from collections.abc import Callable, Collection, Iterable, Mapping

from integrity.merkle import HASH_BYTES, inclusion_proof

ReadNodes = Callable[[Collection[tuple[int, int]]], Mapping[tuple[int, int], bytes]]
_NOTHING = bytes(HASH_BYTES)


def prove_many(leaf_indexes: Iterable[int], *, tree_size: int, read_nodes: ReadNodes) -> dict[int, list[str]]:
    """Prove that leaves are in the tree of a size (RFC 9162, section 2.1.3.1).

    Args:
        leaf_indexes: Which leaves.
        tree_size: Leaves of the tree, of which each proof speaks.
        read_nodes: Reads nodes by level and index.

    Returns:
        For each leaf the sibling hashes in hexadecimal, nearest the leaf first.
    """
    indexes = list(leaf_indexes)
    wanted: set[tuple[int, int]] = set()

    def note(level: int, index: int) -> bytes:
        wanted.add((level, index))
        return _NOTHING

    for leaf_index in indexes:
        inclusion_proof(note, leaf_index, tree_size=tree_size)
    nodes = read_nodes(wanted)

    def read(level: int, index: int) -> bytes:
        return nodes[level, index]

    return {index: [sibling.hex() for sibling in inclusion_proof(read, index, tree_size=tree_size).path] for index in indexes}
