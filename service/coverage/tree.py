"""The agency tree as it stood on a day, and figures added up in it. Pure.

Nobody vanishes from a figure because their agency did: an agency that is closed counts below the one that took it over, else below the one it hung
under last, until its officers are posted elsewhere.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar
from uuid import UUID

from evidence_store.coverage_facts import PlaceRow, SuccessionRow
from service.coverage.rate import Figure

MERGE = "merge"
Amount = TypeVar("Amount")


class AgencyTree:
    """Agencies on one day.

    Args:
        places: Where each stands, or stood last.
        successions: Which took over which until then, oldest first.
    """

    def __init__(self, places: Iterable[PlaceRow], successions: Iterable[SuccessionRow] = ()) -> None:
        self._nodes = {place.agency_id: place for place in places}
        self._successor = {row.predecessor_id: row.successor_id for row in successions if row.kind == MERGE}
        self._top = min((place for place in self._nodes.values() if place.parent_id is None), key=lambda one: one.code, default=None)
        self._above = self._all_above()
        self._below: dict[UUID | None, list[PlaceRow]] = {}
        for place in sorted(self._nodes.values(), key=lambda one: one.code):
            self._below.setdefault(self._above[place.agency_id], []).append(place)

    def __contains__(self, agency_id: UUID) -> bool:
        """Whether the agency stands, or stood, somewhere."""
        return agency_id in self._nodes

    def node(self, agency_id: UUID) -> PlaceRow:
        """The agency itself."""
        return self._nodes[agency_id]

    def nodes(self) -> list[PlaceRow]:
        """Every agency, each after the one it counts below, by code among those beside it."""
        return [place for top in self._below.get(None, []) for place in self._downwards(top)]

    def above(self, agency_id: UUID) -> list[PlaceRow]:
        """The agencies that one counts below, from the top, without itself."""
        found: list[PlaceRow] = []
        upper = self._above[agency_id]
        while upper is not None:
            found.insert(0, self._nodes[upper])
            upper = self._above[upper]
        return found

    def below(self, agency_id: UUID) -> list[PlaceRow]:
        """The agencies directly below one, by code."""
        return self._below.get(agency_id, [])

    def within(self, agency_id: UUID) -> list[UUID]:
        """An agency and every one that counts below it."""
        return [place.agency_id for place in self._downwards(self._nodes[agency_id])]

    def add_up(self, own: Mapping[UUID, Figure]) -> dict[UUID, Figure]:
        """The figures of each agency with everything below it, from those of each alone."""
        return self.add(own, Figure(), lambda one, other: one + other)

    def add(self, own: Mapping[UUID, Amount], nothing: Amount, plus: Callable[[Amount, Amount], Amount]) -> dict[UUID, Amount]:
        """Add up any amounts likewise."""
        totals = {agency_id: own.get(agency_id, nothing) for agency_id in self._nodes}
        for place in reversed(self.nodes()):
            upper = self._above[place.agency_id]
            if upper is not None:
                totals[upper] = plus(totals[upper], totals[place.agency_id])
        return totals

    def _downwards(self, top: PlaceRow) -> Iterable[PlaceRow]:
        waiting = [top]
        while waiting:
            place = waiting.pop()
            yield place
            waiting += reversed(self._below.get(place.agency_id, []))

    def _find_above(self, place: PlaceRow) -> UUID | None:
        """The nearest open agency: up from an open one, to the successor or else up from a closed one."""
        seen = {place.agency_id}
        upper = place.parent_id if place.is_open else self._next_of(place, seen)
        while upper in self._nodes and upper not in seen:
            node = self._nodes[upper]
            if node.is_open:
                return upper
            seen.add(upper)
            upper = self._next_of(node, seen)
        return None

    def _next_of(self, closed: PlaceRow, seen: set[UUID]) -> UUID | None:
        successor = self._successor.get(closed.agency_id)
        return closed.parent_id if successor is None or successor in seen else successor

    def _all_above(self) -> dict[UUID, UUID | None]:
        """Where each counts; what would hang nowhere, or on itself, counts at the top."""
        top = None if self._top is None else self._top.agency_id
        above = {agency_id: None if agency_id == top else self._find_above(place) or top for agency_id, place in self._nodes.items()}
        for agency_id in above:
            seen: set[UUID] = set()
            upper: UUID | None = agency_id
            while upper is not None and upper not in seen:
                seen.add(upper)
                upper = above[upper]
            if upper is not None and upper != top:
                above[upper] = top
        return above
