"""Frozen figures of coverage, and why one figure came from another."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.dependencies import Context, CurrentActor
from evidence_store.models import CoverageFigure, CoverageSnapshot
from service.coverage.explain import Explanation, OfficerChange
from service.coverage.frozen import list_snapshots, read_frozen
from service.coverage.rate import Figure
from service.coverage_outlook.changes import explain_days

router = APIRouter(prefix="/coverage", tags=["coverage"])

Agency = Annotated[str | None, Query(max_length=64)]
Day = Annotated[date | None, Query()]
MOST_LISTED = 100


class FrozenFigure(BaseModel):
    """What an agency with everything below it amounts to in a snapshot; ``rate`` is unrounded, and null when nobody counts."""

    agency_code: str
    agency: str
    level: str
    numerator: int
    denominator: int
    rate: float | None
    own_numerator: int
    own_denominator: int
    gap_by_reason: dict[str, int]
    beside: dict[str, int]


class FrozenSnapshot(BaseModel):
    """A frozen figure: docs/coverage.md says what kinds and editions there are; digests are SHA-256, hexadecimal."""

    id: UUID
    day: date
    kind: str
    edition: str
    cut_off: datetime
    known_until: datetime
    made_at: datetime
    is_late: bool
    replaces: UUID | None
    method: str
    roster_sha256: str
    figures_sha256: str
    figure: FrozenFigure


class FrozenAnswer(FrozenSnapshot):
    """A frozen figure with those of the agencies directly below."""

    parts: list[FrozenFigure]


class SnapshotList(BaseModel):
    """Frozen figures of one agency, every edition, newest day first."""

    items: list[FrozenSnapshot]


class ShortFigure(BaseModel):
    """A numerator and a denominator."""

    numerator: int
    denominator: int


class ChangeItem(BaseModel):
    """An officer whose part in the figure changed; a reason is why they are missing, a side is null where they do not count."""

    officer_code: str
    name: str
    kind: str
    before: dict[str, str | None] | None
    after: dict[str, str | None] | None


class ChangesAnswer(BaseModel):
    """From one figure to another: as it was then, like for like in the later day's tree, and now; counts by kind, and the first names."""

    agency_code: str
    agency: str
    before: ShortFigure
    like_for_like: ShortFigure
    after: ShortFigure
    undivided: list[str]
    counts: dict[str, int]
    items: list[ChangeItem]


@router.get("/frozen")
def get_frozen(context: Context, actor: CurrentActor, agency: Agency = None, day: Day = None) -> FrozenAnswer:
    """Read the newest edition of the last frozen day up to one, with the agencies directly below."""
    frozen = read_frozen(context, actor=actor, agency_code=agency, day=day)
    snapshot = _snapshot(frozen.snapshot, frozen.figure)
    return FrozenAnswer(**snapshot.model_dump(), parts=[_figure(part) for part in frozen.parts])


@router.get("/snapshots")
def get_snapshots(context: Context, actor: CurrentActor, agency: Agency = None) -> SnapshotList:
    """List the newest 100 frozen figures of an agency."""
    points = list_snapshots(context, actor=actor, agency_code=agency, limit=MOST_LISTED)
    return SnapshotList(items=[_snapshot(point.snapshot, point.figure) for point in points])


@router.get("/changes")
def get_changes(
    context: Context,
    actor: CurrentActor,
    earlier: Annotated[date, Query(alias="from")],
    later: Annotated[date, Query(alias="to")],
    agency: Agency = None,
) -> ChangesAnswer:
    """Explain how a day's figure came from an earlier day's, both as known now."""
    return _changes(explain_days(context, earlier, later, actor=actor, agency_code=agency))


def _figure(figure: CoverageFigure) -> FrozenFigure:
    return FrozenFigure(
        agency_code=figure.code,
        agency=figure.name,
        level=figure.level,
        numerator=figure.numerator,
        denominator=figure.denominator,
        rate=figure.numerator / figure.denominator if figure.denominator else None,
        own_numerator=figure.own_numerator,
        own_denominator=figure.own_denominator,
        gap_by_reason=figure.gap,
        beside=figure.beside,
    )


def _snapshot(snapshot: CoverageSnapshot, figure: CoverageFigure) -> FrozenSnapshot:
    return FrozenSnapshot(
        id=snapshot.id,
        day=snapshot.day,
        kind=snapshot.kind,
        edition=snapshot.edition,
        cut_off=snapshot.cut_off,
        known_until=snapshot.known_until,
        made_at=snapshot.made_at,
        is_late=snapshot.is_late,
        replaces=snapshot.replaces_id,
        method=snapshot.method,
        roster_sha256=snapshot.roster_sha256,
        figures_sha256=snapshot.figures_sha256,
        figure=_figure(figure),
    )


def _short(figure: Figure) -> ShortFigure:
    return ShortFigure(numerator=figure.numerator, denominator=figure.denominator)


def _changes(told: Explanation) -> ChangesAnswer:
    return ChangesAnswer(
        agency_code=told.agency.code,
        agency=told.agency.name,
        before=_short(told.before),
        like_for_like=_short(told.like_for_like),
        after=_short(told.after),
        undivided=[place.code for place in told.undivided],
        counts={str(kind): count for kind, count in told.counts.items()},
        items=[_change(change, told) for change in told.changes],
    )


def _change(change: OfficerChange, told: Explanation) -> ChangeItem:
    sides: list[dict[str, str | None] | None] = []
    for side in (change.before, change.after):
        place = told.agencies.get(side.agency_id) if side is not None else None
        reason = str(side.reason) if side is not None and side.reason is not None else None
        sides.append(None if side is None else {"agency_code": place.code if place else None, "reason": reason})
    return ChangeItem(officer_code=change.code, name=change.name, kind=str(change.kind), before=sides[0], after=sides[1])
