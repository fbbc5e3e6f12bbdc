"""Figures are frozen at the end of each day: hashed officer by officer, laid into the store, and entered in the custody log."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import IO
from uuid import UUID

from evidence_store.actor import WORKER
from evidence_store.coverage_facts import FactsAt
from evidence_store.errors import ConflictingRowError
from evidence_store.models import Agency, CoverageFigure, CoverageSnapshot, SnapshotEdition
from evidence_store.object_store.keys import snapshot_key
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue
from integrity.hashing import sha256_hex
from integrity.plain import spell_instant
from service.context import ServiceContext
from service.copies.make_copies import defer_copies
from service.coverage.companions import Companions, companions_by_agency
from service.coverage.due import closing_day, days_due, kind_of
from service.coverage.measure import cut_off, day_of, tree_at
from service.coverage.rate import METHOD, Figure, figures_by_agency, new_after, why_missing
from service.coverage.roster_file import RosterLine, digest_figures, digest_roster, write_snapshot
from service.coverage.tree import AgencyTree
from service.jobs import job

SUBJECT = "coverage_snapshot"
LATE_AFTER = timedelta(days=1)
_IN_MEMORY_BYTES = 8 * 1024**2
_KNOWN_AFTERWARDS = frozenset({"roster_sha256", "object_version", "object_sha256", "retain_until"})
"""What a snapshot's file cannot say of itself."""


@dataclass(frozen=True, slots=True)
class WantedEdition:
    """Which figure is to be frozen."""

    day: date
    edition: SnapshotEdition
    known_until: datetime
    replaces: CoverageSnapshot | None = None


@job("coverage.freeze")
def freeze_due(context: ServiceContext) -> None:
    """Freeze every day that is over and is not frozen yet, and close late paperwork that is due; what was missed is made from what was known then."""
    while (wanted := _next_due(context)) is not None:
        freeze(context, wanted)


def _next_due(context: ServiceContext) -> WantedEdition | None:
    """The oldest edition that is due."""
    today = day_of(context.clock.now())
    with context.unit_of_work() as work:
        top, began = work.agencies.top(), work.coverage.first_recorded()
        if top is None or began is None:
            return None
        first = day_of(began)
        due = days_due(first=first, today=today, frozen=work.snapshots.first_days(top.id, since=first))
        if due:
            return WantedEdition(due[0], SnapshotEdition.FIRST, cut_off(due[0]))
        for newest in work.snapshots.newest_editions(top.id, since=first):
            closes = closing_day(newest.day, closing_days=context.settings.coverage_closing_days)
            if newest.edition == SnapshotEdition.FIRST and closes is not None and closes < today:
                return WantedEdition(newest.day, SnapshotEdition.LATE_PAPERWORK, cut_off(closes), newest)
    return None


def freeze(context: ServiceContext, wanted: WantedEdition) -> CoverageSnapshot | None:
    """Freeze one edition of the top agency's figures.

    Returns:
        The snapshot; ``None`` where another worker froze the same meanwhile, or a restatement would say what its predecessor says.
    """
    retain_until = context.clock.now() + timedelta(days=context.settings.log_retention_days)
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
        made = _make(context, wanted, file)
        if made is None or (wanted.edition is SnapshotEdition.RESTATED and _says_the_same(made.snapshot, wanted.replaces)):
            return None
        file.seek(0)
        data = file.read()
    made.snapshot.retain_until, made.snapshot.object_sha256 = retain_until, sha256_hex(data)
    made.snapshot.object_version = context.objects.put(made.snapshot.object_key, data, retain_until=retain_until).version_id
    try:
        with context.unit_of_work() as work:
            work.snapshots.add(made.snapshot, made.figures)
            work.custody.append(SUBJECT, made.snapshot.id, "snapshot.frozen", actor=WORKER, at=made.snapshot.made_at, details=members(made.snapshot))
            defer_copies(context, work, made.snapshot.object_key)
    except ConflictingRowError:
        return None  # another worker was faster; its snapshot stands
    return made.snapshot


@dataclass(frozen=True, slots=True)
class _Made:
    snapshot: CoverageSnapshot
    figures: list[CoverageFigure]


def _make(context: ServiceContext, wanted: WantedEdition, file: IO[bytes]) -> _Made | None:
    at = FactsAt(wanted.day, wanted.known_until)
    snapshot_id, now = context.new_id(), context.clock.now()
    with context.unit_of_work() as work:
        work.snapshots.lock_ledger()
        top = work.agencies.top()
        if top is None:
            return None
        own = figures_by_agency(work.coverage.groups(at, new_after=new_after(at.day)))
        tree = tree_at(work, at, serving=own.keys(), asked=top)
        beside = companions_by_agency(work, at, until=cut_off(wanted.day))
        figures = _figures(snapshot_id, tree, own, beside)
        spelled = [figure_members(figure, tree) for figure in figures]
        total = next(figure for figure in figures if figure.agency_id == top.id)
        snapshot = _snapshot(wanted, top, total, snapshot_id=snapshot_id, made_at=now)
        snapshot.figures_sha256 = digest_figures(spelled)
        header = {key: value for key, value in members(snapshot).items() if key not in _KNOWN_AFTERWARDS}
        header |= {"agencies": len(figures), "officers": total.denominator, "beside": {figure.code: figure.beside for figure in figures}}
        snapshot.roster_sha256 = write_snapshot(file, header, spelled, roster_lines(work, at, tree))
    return _Made(snapshot, figures)


def roster_lines(work: UnitOfWork, at: FactsAt, tree: AgencyTree) -> Iterator[RosterLine]:
    """The roster behind the figures of a day, by officer number; the transaction must last as long."""
    for row in work.coverage.roster(at):
        reason = why_missing(row.holding, is_new=row.certified_since > new_after(at.day))
        yield RosterLine(row.code, tree.node(row.agency_id).code, None if reason is None else str(reason), row.recorders)


def recompute_digest(context: ServiceContext, snapshot: CoverageSnapshot) -> str:
    """Make a snapshot's roster again from the facts known then; the same digest proves that no fact was rewritten since."""
    at = FactsAt(snapshot.day, snapshot.known_until)
    with context.unit_of_work() as work:
        own = figures_by_agency(work.coverage.groups(at, new_after=new_after(at.day)))
        return digest_roster(roster_lines(work, at, tree_at(work, at, serving=own.keys())))


def _snapshot(wanted: WantedEdition, top: Agency, total: CoverageFigure, *, snapshot_id: UUID, made_at: datetime) -> CoverageSnapshot:
    ends = cut_off(wanted.day)
    return CoverageSnapshot(
        id=snapshot_id,
        agency_id=top.id,
        kind=str(kind_of(wanted.day)),
        edition=str(wanted.edition),
        day=wanted.day,
        cut_off=ends,
        known_until=wanted.known_until,
        made_at=made_at,
        is_late=wanted.edition is SnapshotEdition.FIRST and made_at - ends > LATE_AFTER,
        replaces_id=wanted.replaces.id if wanted.replaces else None,
        method=METHOD,
        numerator=total.numerator,
        denominator=total.denominator,
        object_key=snapshot_key(snapshot_id),
    )


def _figures(snapshot_id: UUID, tree: AgencyTree, own: dict[UUID, Figure], beside: dict[UUID, Companions]) -> list[CoverageFigure]:
    """The figures of the agency at the top, and of every other that is open or has somebody, by code."""
    totals, companions = tree.add_up(own), tree.add(beside, Companions(), lambda one, other: one + other)
    figures = []
    for place in sorted(tree.nodes(), key=lambda one: one.code):
        total, alone = totals[place.agency_id], own.get(place.agency_id, Figure())
        above = tree.above(place.agency_id)
        if above and not (place.is_open or total.denominator):
            continue
        figure = CoverageFigure(snapshot_id=snapshot_id, agency_id=place.agency_id, parent_id=above[-1].agency_id if above else None)
        figure.code, figure.name, figure.level = place.code, place.name, place.level
        figure.numerator, figure.denominator = total.numerator, total.denominator
        figure.own_numerator, figure.own_denominator = alone.numerator, alone.denominator
        figure.gap = {str(reason): count for reason, count in sorted(total.gap.items())}
        figure.beside = {"pool": total.pool, **companions[place.agency_id].members()}
        figures.append(figure)
    return figures


def figure_members(figure: CoverageFigure, tree: AgencyTree) -> dict[str, JsonValue]:
    """An agency's figure as it is hashed; companions are beside it, never inside."""
    parent = tree.node(figure.parent_id).code if figure.parent_id else None
    return spell_figure(figure, parent)


def spell_figure(figure: CoverageFigure, parent_code: str | None) -> dict[str, JsonValue]:
    """An agency's figure as it is hashed, with the code of the agency above it."""
    return {
        "code": figure.code,
        "name": figure.name,
        "level": figure.level,
        "parent": parent_code,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "own_numerator": figure.own_numerator,
        "own_denominator": figure.own_denominator,
        "gap": dict(figure.gap),
    }


def members(snapshot: CoverageSnapshot) -> dict[str, JsonValue]:
    """A snapshot as its custody event tells it."""
    return {
        "id": str(snapshot.id),
        "agency_id": str(snapshot.agency_id),
        "kind": snapshot.kind,
        "edition": snapshot.edition,
        "day": snapshot.day.isoformat(),
        "cut_off": spell_instant(snapshot.cut_off),
        "known_until": spell_instant(snapshot.known_until),
        "made_at": spell_instant(snapshot.made_at),
        "is_late": snapshot.is_late,
        "replaces": str(snapshot.replaces_id) if snapshot.replaces_id else None,
        "method": snapshot.method,
        "numerator": snapshot.numerator,
        "denominator": snapshot.denominator,
        "roster_sha256": snapshot.roster_sha256,
        "figures_sha256": snapshot.figures_sha256,
        "object_key": snapshot.object_key,
        "object_version": snapshot.object_version,
        "object_sha256": snapshot.object_sha256,
        "retain_until": spell_instant(snapshot.retain_until) if snapshot.retain_until else None,
    }


def _says_the_same(made: CoverageSnapshot, before: CoverageSnapshot | None) -> bool:
    return before is not None and (made.roster_sha256, made.figures_sha256) == (before.roster_sha256, before.figures_sha256)
