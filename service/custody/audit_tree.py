"""The tree, grown once more from the stored bytes: every leaf, every node, and the root at every checkpoint."""

from collections.abc import Callable, Mapping

from evidence_store.repositories.log_audits import PAGE, AuditedLeaf
from evidence_store.unit_of_work import UnitOfWork
from integrity.merkle import append_leaves, frontier, leaf_hash, node_hash, tree_root
from service.custody.log_fault import LogFault, Name

_Nodes = dict[tuple[int, int], bytes]
RootAt = Callable[[int], bytes]
"""Root of the tree of a size within the page."""
VisitPage = Callable[[int, int, RootAt], None]
"""Called after each page of leaves with its first leaf, the leaf after its last, and what gives roots."""


def audit_tree(work: UnitOfWork, size: int, name: Name, *, visit: VisitPage) -> None:
    """Grow the tree of the log's first ``size`` leaves, page by page, and compare it with the stored one.

    Where one row was altered, the tree goes on as it was signed, so that the rest is judged for itself.

    Args:
        work: A frozen transaction.
        size: Leaves that a checkpoint covers.
        name: Takes what is wrong.
        visit: Compares roots.
    """
    edge: _Nodes = {}
    for first in range(0, size, PAGE):
        last = min(first + PAGE, size)
        stored = work.log_audits.nodes(first, last)
        leaves = _leaves(work.log_audits.leaves(first, last), stored, first, last, name)
        grown = _grow(edge, first, leaves)
        _compare(grown, stored, name)
        known = edge | grown
        visit(first, last, lambda at, known=known: tree_root(lambda level, index: known[level, index], at))  # type: ignore[misc]  # mypy and default arguments
        edge = {place: known[place] for place in frontier(last)}
    for index, event_id in work.log_audits.leaves_beyond(size):
        name(LogFault("custody_leaf", f"leaf_index={index}", None, f"no signed checkpoint covers it (event {event_id})"))
    for level, index in work.log_audits.stray_nodes(size):
        name(LogFault("merkle_node", f"level={level} node_index={index}", None, "no subtree of the signed log"))


def _leaves(rows: list[AuditedLeaf], stored: Mapping[tuple[int, int], bytes], first: int, last: int, name: Name) -> list[bytes]:
    by_index = {row.leaf_index: row for row in rows}
    leaves = []
    for index in range(first, last):
        row, node = by_index.get(index), stored.get((0, index))
        if row is None or row.canonical is None:
            event = "" if row is None else f" of event {row.event_id}"
            table, key = ("custody_leaf", f"leaf_index={index}") if row is None else ("custody_event", f"id={row.event_id}")
            name(LogFault(table, key, None, f"leaf {index}{event} is gone"))
            leaves.append(node or bytes(32))
            continue
        leaves.append(_judge(row, row.canonical, stored, name))
    return leaves


def _judge(row: AuditedLeaf, canonical: bytes, stored: Mapping[tuple[int, int], bytes], name: Name) -> bytes:
    """Name what is wrong about a leaf, and tell which hash was most likely signed."""
    computed, node = leaf_hash(canonical), stored.get((0, row.leaf_index))
    event = f"id={row.event_id}"
    if node is None or computed == node:
        if row.leaf_hash != computed:
            name(LogFault("custody_event", event, "leaf_hash", "is not the hash of the event's bytes"))
        return computed
    if not _stands(stored, row.leaf_index):
        if row.leaf_hash != computed:
            name(LogFault("custody_event", event, "leaf_hash", "is not the hash of the event's bytes"))
        return computed  # the node is named when nodes are compared
    if row.leaf_hash == node:
        name(LogFault("custody_event", event, "canonical", f"its bytes are not those signed as leaf {row.leaf_index}"))
    elif row.leaf_hash == computed:
        reason = f"event {row.event_id} is not the one signed at this place, or it was altered with its hash"
        name(LogFault("custody_leaf", f"leaf_index={row.leaf_index}", "event_id", reason))
    else:
        name(LogFault("custody_event", event, None, f"neither its bytes nor its hash are those signed as leaf {row.leaf_index}"))
    return node


def _stands(stored: Mapping[tuple[int, int], bytes], index: int) -> bool:
    """Whether the stored leaf node agrees with its stored parent; one that has none yet stands."""
    parent = stored.get((1, index >> 1))
    left, right = stored.get((0, index & ~1)), stored.get((0, index | 1))
    return parent is None or left is None or right is None or node_hash(left, right) == parent


def _grow(edge: _Nodes, first: int, leaves: list[bytes]) -> _Nodes:
    fresh, _ = append_leaves(lambda level, index: edge[level, index], first, leaves)
    return {(node.level, node.index): node.hash for node in fresh}


def _compare(grown: _Nodes, stored: Mapping[tuple[int, int], bytes], name: Name) -> None:
    for place, value in grown.items():
        found = stored.get(place)
        if found != value:
            reason = "is gone" if found is None else "is not the hash of what is below it"
            name(LogFault("merkle_node", f"level={place[0]} node_index={place[1]}", None if found is None else "hash", reason))
