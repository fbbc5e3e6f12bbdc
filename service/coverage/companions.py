"""What stands beside the rate and is never part of it: use, data quality, recorders outside the denominator, spares; for an agency and a day."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.coverage_facts import FactsAt, PlaceRow
from evidence_store.repositories.companions import FaultRow, HolderRow, SpareRow, UseWindow
from evidence_store.unit_of_work import UnitOfWork
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.measure import MOST_NAMES, cut_off, day_of, find_agency, known_now, tree_at
from service.coverage.tree import AgencyTree

RECENT_DAYS = 30
"""Use within so many days counts as use; so long an assigned recorder may wait for its first docking."""


@dataclass(frozen=True, slots=True)
class Companions:
    """Counts that add up over agencies.

    Attributes:
        never_docked: Officers of the numerator whose recorder was assigned a month ago and never docked (未启用).
        usable: Officers of the numerator whose recorder docked, or was in use elsewhere, within 30 days.
        recording: Officers of the denominator with footage within 30 days.
        clips: Clips recorded within 30 days and docked.
        clips_within_a_day: Those of them docked within 24 h.
        held_outside: Recorders held by people outside the denominator, to be recovered.
        ordered: Recorders that were ordered and have not come; likewise the two following.
        delivered: Recorders that came and nobody has.
        spare: Recorders in service that nobody has.
        subjects: Officers and recorders in the roster.
        faulty: Those of them with something wrong.
    """

    never_docked: int = 0
    usable: int = 0
    recording: int = 0
    clips: int = 0
    clips_within_a_day: int = 0
    held_outside: int = 0
    ordered: int = 0
    delivered: int = 0
    spare: int = 0
    subjects: int = 0
    faulty: int = 0

    def __add__(self, other: "Companions") -> "Companions":
        """Both together."""
        return Companions(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    def members(self) -> dict[str, int]:
        """Every count by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def quality(self) -> float | None:
        """Share of officers and recorders in the roster with nothing wrong; ``None`` when there are none."""
        return 1 - self.faulty / self.subjects if self.subjects else None


class Standing(StrEnum):
    """Why somebody who has a recorder is not in the denominator."""

    NO_POST = "no_post"
    NOT_FRONT_LINE = "not_front_line"
    NOT_ON_DUTY = "not_on_duty"
    NO_CERTIFICATE = "no_certificate"
    CERTIFICATE_SUSPENDED = "certificate_suspended"
    CERTIFICATE_WITHDRAWN = "certificate_withdrawn"
    CERTIFICATE_CANCELLED = "certificate_cancelled"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NOT_YET = "certificate_not_yet"


@dataclass(frozen=True, slots=True)
class CompanionLists:
    """Names behind the counts of one agency with everything below it; no more than were asked for of each.

    Attributes:
        nearby: Spares of the agencies beside it, below the same one, that could be lent or moved (调拨).
    """

    counts: Companions
    outside: tuple[tuple[HolderRow, PlaceRow, Standing], ...]
    spares: tuple[tuple[SpareRow, PlaceRow], ...]
    nearby: tuple[tuple[SpareRow, PlaceRow], ...]
    faults: tuple[tuple[FaultRow, PlaceRow], ...]


def companions_by_agency(work: UnitOfWork, at: FactsAt, *, until: datetime) -> dict[UUID, Companions]:
    """Count what stands beside the rate, for each agency alone.

    Args:
        work: The transaction.
        at: Which facts count.
        until: Use before this instant counts, UTC.
    """
    window = UseWindow(until, until - timedelta(days=RECENT_DAYS), at.day - timedelta(days=RECENT_DAYS))
    found: dict[UUID, Companions] = {}

    def note(agency_id: UUID, more: Companions) -> None:
        found[agency_id] = found.get(agency_id, Companions()) + more

    for use in work.companions.use(at, window):
        note(use.agency_id, Companions(never_docked=use.never_docked, usable=use.usable, recording=use.recording))
    for agency_id, clips, within_a_day in work.companions.clips(window):
        note(agency_id, Companions(clips=clips, clips_within_a_day=within_a_day))
    for agency_id, count in work.companions.holder_counts(at).items():
        note(agency_id, Companions(held_outside=count))
    for (agency_id, state), count in work.companions.spare_counts(at).items():
        note(agency_id, Companions(**{_SPARE_STATES[state]: count}))
    for agency_id, (faulty, subjects) in work.companions.fault_counts(at).items():
        note(agency_id, Companions(faulty=faulty, subjects=subjects))
    return found


_SPARE_STATES = {"ordered": "ordered", "delivered": "delivered", "in_service": "spare"}


def list_companions(
    context: ServiceContext, *, actor: Actor, agency_code: str | None = None, as_of: datetime | None = None, most: int = MOST_NAMES
) -> CompanionLists:
    """List, for an agency and a day, who holds a recorder outside the denominator, which recorders are to spare, and what is wrong.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency within the actor's.
    """
    require(Action.READ_COVERAGE, actor)
    now = context.clock.now()
    with context.unit_of_work() as work:
        at = FactsAt(day_of(as_of or now), known_now(context, work))
        agency = find_agency(work, agency_code, actor=actor)
        own = companions_by_agency(work, at, until=min(now, cut_off(at.day)))
        tree = tree_at(work, at, serving=own.keys(), asked=agency)
        counts = tree.add(own, Companions(), lambda one, other: one + other)[agency.id]
        within = tree.within(agency.id)
        outside = work.companions.holders_outside(at, within, most=most)
        spares = work.companions.spares(at, within, most=most)
        nearby = work.companions.spares(at, _beside(tree, agency.id), most=most)
        faults = work.companions.faults(at, within, most=most)
    return CompanionLists(
        counts,
        tuple((row, tree.node(row.agency_id), standing_of(row)) for row in outside),
        tuple((row, tree.node(row.agency_id)) for row in spares),
        tuple((row, tree.node(row.agency_id)) for row in nearby),
        tuple((row, tree.node(row.agency_id)) for row in faults),
    )


def _beside(tree: AgencyTree, agency_id: UUID) -> list[UUID]:
    above = tree.above(agency_id)
    if not above:
        return []
    own = set(tree.within(agency_id))
    return [other for other in tree.within(above[-1].agency_id) if other not in own]


def standing_of(row: HolderRow) -> Standing:
    """Why somebody who has a recorder is not in the denominator, the first reason that applies. Pure."""
    if not row.has_post:
        return Standing.NO_POST
    if not row.is_front_line:
        return Standing.NOT_FRONT_LINE
    if row.duty_state != "on_duty":
        return Standing.NOT_ON_DUTY
    return Standing.NO_CERTIFICATE if row.certificate_state is None else Standing(f"certificate_{row.certificate_state}")
