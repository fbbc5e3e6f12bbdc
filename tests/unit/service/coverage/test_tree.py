from datetime import date
from itertools import permutations
from uuid import UUID

import pytest

from evidence_store.coverage_facts import PlaceRow, SuccessionRow
from service.coverage.rate import Figure
from service.coverage.tree import AgencyTree


def identify(code):
    return UUID(int=int.from_bytes(code.encode()))


def place(code, parent=None, *, is_open=True):
    return PlaceRow(identify(code), code, code, "city", identify(parent) if parent else None, is_open, f"/{code}/")


def succession(predecessor, successor, kind="merge"):
    return SuccessionRow(identify(predecessor), identify(successor), kind, date(2027, 1, 1))


def codes(places):
    return [one.code for one in places]


def within(tree, code):
    return sorted(tree.node(one).code for one in tree.within(identify(code)))


def test_figures_add_up_from_the_leaves():
    tree = AgencyTree([place("T"), place("A", "T"), place("A1", "A"), place("B", "T")])

    totals = tree.add_up({identify("A1"): Figure(1, 2), identify("A"): Figure(0, 1), identify("B"): Figure(5, 5)})

    assert totals[identify("T")] == Figure(6, 8)
    assert totals[identify("A")] == Figure(1, 3)
    assert codes(tree.nodes()) == ["T", "A", "A1", "B"]
    assert codes(tree.above(identify("A1"))) == ["T", "A"]


def test_a_closed_agency_counts_below_its_successor_with_all_that_hung_below_it():
    tree = AgencyTree([place("T"), place("A", "T", is_open=False), place("A1", "A"), place("B", "T")], [succession("A", "B")])

    assert codes(tree.above(identify("A"))) == ["T", "B"]
    assert codes(tree.above(identify("A1"))) == ["T", "B"]
    assert within(tree, "B") == ["A", "A1", "B"]


def test_a_chain_of_mergers_is_followed_to_the_one_that_is_open():
    places = [place("T"), place("A", "T", is_open=False), place("B", "T", is_open=False), place("C", "T")]

    tree = AgencyTree(places, [succession("A", "B"), succession("B", "C")])

    assert within(tree, "C") == ["A", "B", "C"]


def test_a_closed_agency_without_successor_counts_below_the_one_it_hung_under():
    tree = AgencyTree([place("T"), place("A", "T", is_open=False), place("A1", "A", is_open=False)])

    assert codes(tree.above(identify("A1"))) == ["T"]


def test_a_split_agency_counts_above_its_parts():
    tree = AgencyTree(
        [place("T"), place("A", "T", is_open=False), place("B", "T"), place("C", "T")], [succession("A", "B", "split"), succession("A", "C", "split")]
    )

    assert codes(tree.above(identify("A"))) == ["T"]


@pytest.mark.parametrize("parents", [("A", "B"), ("B", "A"), ("A", "A"), ("B", None), (None, "A"), ("X", "X"), ("T", "A")])
@pytest.mark.parametrize("is_open", [(True, True), (False, True), (False, False)])
@pytest.mark.parametrize("merged", [(), ("A", "B"), ("B", "A"), ("A", "B", "B", "A")])
def test_whatever_the_tree_says_nobody_vanishes_from_the_top(parents, is_open, merged):
    """X hangs nowhere; some of these are cycles, which an import refuses, and a database may hold all the same."""
    rows = [place("T"), place("A", parents[0], is_open=is_open[0]), place("B", parents[1], is_open=is_open[1]), place("C", "B")]
    successions = [succession(one, other) for one, other in zip(merged[::2], merged[1::2], strict=True)]
    own = {identify(code): Figure(1, 1) for code in "TABC"}

    for order in permutations(rows):
        totals = AgencyTree(order, successions).add_up(own)
        top = min(code for code in "TABC" if code == "T" or (code in "AB" and parents["AB".index(code)] is None))
        assert totals[identify(top)] == Figure(4, 4)
