"""Clips and the views granted of them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from evidence_store.actor import Actor, Scope
from evidence_store.models import Agency, CaseClip, Clip, ClipFilter, ClipPosition, ClipRow, ClipView, Officer, Recorder, ViewKind
from evidence_store.repositories.scope import within_agencies
from integrity.receipt import ClipState

SORT_TIME = func.coalesce(Clip.recorded_at, Clip.announced_at)


class Clips:
    """Clips of every agency; people reach them through :meth:`search` and :meth:`find`, which take the actor."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, clips: Sequence[Clip]) -> None:
        """Add clips."""
        self._session.add_all(clips)
        self._session.flush()

    def recognised(self, recognitions: Collection[bytes]) -> dict[bytes, Clip]:
        """The newest generation of each clip that is recognised, with its row held until the transaction ends."""
        query = select(Clip).where(Clip.recognition.in_(recognitions)).order_by(Clip.recognition, Clip.generation).with_for_update()
        return {clip.recognition: clip for clip in self._session.scalars(query)}

    def alike(self, scope: Scope, sizes: Collection[int]) -> list[Clip]:
        """List stored clips of a scope's agencies that have one of these sizes, in bytes, oldest first, and hold their rows."""
        query = select(Clip).where(Clip.size_bytes.in_(sizes), Clip.sha256.is_not(None), within_agencies(Clip.agency_id, scope))
        return list(self._session.scalars(query.order_by(Clip.received_at, Clip.id).with_for_update()))

    def same_content(self, clip: Clip, scope: Scope) -> Clip | None:
        """The oldest other clip of a scope's agencies that has the same content."""
        query = select(Clip).where(Clip.sha256 == clip.sha256, Clip.size_bytes == clip.size_bytes, Clip.id != clip.id)
        return self._session.scalars(query.where(within_agencies(Clip.agency_id, scope)).order_by(Clip.received_at, Clip.id).limit(1)).one_or_none()

    def lock(self, clip_id: UUID) -> Clip | None:
        """Find a clip by id and hold its row until the transaction ends."""
        return self._session.scalars(select(Clip).where(Clip.id == clip_id).with_for_update()).one_or_none()

    def get(self, clip_id: UUID) -> Clip | None:
        """Find a clip by id, for the service itself."""
        return self._session.get(Clip, clip_id)

    def find(self, clip_id: UUID, actor: Actor) -> ClipRow | None:
        """Find a clip that the actor may see."""
        row = self._session.execute(_rows().where(Clip.id == clip_id, _visible(actor))).one_or_none()
        return None if row is None else ClipRow(row[0], row[1], row[2], row[3])

    def find_many(self, clip_ids: Collection[UUID], actor: Actor) -> list[ClipRow]:
        """Find those of many clips that the actor may see, by id."""
        rows = self._session.execute(_rows().where(Clip.id.in_(clip_ids), _visible(actor)).order_by(Clip.id))
        return [ClipRow(row[0], row[1], row[2], row[3]) for row in rows]

    def lock_many(self, clip_ids: Collection[UUID]) -> None:
        """Hold the rows of many clips until the transaction ends, in the order of their ids."""
        self._session.execute(select(Clip.id).where(Clip.id.in_(clip_ids)).order_by(Clip.id).with_for_update()).all()

    def lock_claimable(self, clip_id: UUID, scope: Scope) -> Clip | None:
        """Find a clip of a scope's agency that belongs to nobody, or to the scope's officer where it names one, and hold its row."""
        query = select(Clip).where(Clip.id == clip_id, within_agencies(Clip.agency_id, scope))
        if scope.officer_id is not None:
            query = query.where(or_(Clip.officer_id.is_(None), Clip.officer_id == scope.officer_id))
        return self._session.scalars(query.with_for_update()).one_or_none()

    def unassigned(self, scope: Scope, *, limit: int) -> list[Clip]:
        """List clips of a scope's agency that belong to nobody, newest first."""
        query = select(Clip).where(Clip.officer_id.is_(None), within_agencies(Clip.agency_id, scope))
        return list(self._session.scalars(query.order_by(SORT_TIME.desc(), Clip.id.desc()).limit(limit)))

    def around(self, clip: Clip, span: timedelta, *, limit: int) -> list[Clip]:
        """List what the clip's recorder gave that was recorded within a span before and after it, by its own clock, itself included.

        The same recorder is the registered one, else the one of the same session.
        """
        same = Clip.recorder_id == clip.recorder_id if clip.recorder_id is not None else Clip.session_id == clip.session_id
        if clip.recorded_at is None:
            return [clip]
        near = Clip.recorded_at.between(clip.recorded_at - span, clip.recorded_at + span)
        distance = func.abs(func.extract("epoch", Clip.recorded_at - clip.recorded_at))
        return list(self._session.scalars(select(Clip).where(same, near).order_by(distance, Clip.id).limit(limit)))

    def visible_among(self, clips: Iterable[Clip], actor: Actor) -> set[UUID]:
        """Ids of those clips that the actor may see."""
        return set(self._session.scalars(select(Clip.id).where(Clip.id.in_([clip.id for clip in clips]), _visible(actor))))

    def search(self, wanted: ClipFilter, actor: Actor, *, limit: int, after: ClipPosition | None = None) -> list[ClipRow]:
        """List clips that the actor may see, newest first; ``after`` is where the page before ended."""
        query = _rows().where(_visible(actor), *_conditions(wanted)).order_by(SORT_TIME.desc(), Clip.id.desc()).limit(limit)
        if after is not None:
            query = query.where(tuple_(SORT_TIME, Clip.id) < tuple_(after.time, after.clip_id))
        return [ClipRow(row[0], row[1], row[2], row[3]) for row in self._session.execute(query)]

    def awaiting_read_back(self, session_id: UUID) -> int:
        """Count the clips whose bytes came at a session and that still wait to be read back."""
        query = select(func.count()).where(Clip.session_id == session_id, Clip.quarantine.is_(None), Clip.state == ClipState.STORED)
        return self._session.execute(query).scalar_one()

    def count_by_state(self) -> dict[str, int]:
        """Count all clips by state."""
        return {row[0]: row[1] for row in self._session.execute(select(Clip.state, func.count()).group_by(Clip.state))}

    def count_quarantined(self) -> int:
        """Count all clips in quarantine."""
        return self._session.execute(select(func.count()).where(Clip.quarantine.is_not(None))).scalar_one()

    def seal(self, clip_ids: Collection[UUID], at: datetime) -> int:
        """Mark verified clips as sealed; returns how many were."""
        change = update(Clip).where(Clip.id.in_(clip_ids), Clip.state == ClipState.VERIFIED).values(state=ClipState.SEALED, sealed_at=at)
        return len(list(self._session.scalars(change.returning(Clip.id))))

    def open_view(self, clip_id: UUID, user_id: UUID, kind: ViewKind, now: datetime) -> ClipView | None:
        """A view of this kind that this person opened of this clip and that has not expired."""
        query = select(ClipView).where(ClipView.clip_id == clip_id, ClipView.user_id == user_id, ClipView.kind == kind, ClipView.expires_at > now)
        return self._session.scalars(query.order_by(ClipView.expires_at.desc()).limit(1)).one_or_none()

    def add_view(self, view: ClipView) -> None:
        """Add a view."""
        self._session.add(view)


def _rows() -> Select[Clip, Agency, Recorder, Officer]:
    return (
        select(Clip, Agency, Recorder, Officer)
        .join(Agency, Agency.id == Clip.agency_id)
        .outerjoin(Recorder, Recorder.id == Clip.recorder_id)
        .outerjoin(Officer, Officer.id == Clip.officer_id)
    )


def _visible(actor: Actor) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = within_agencies(Clip.agency_id, actor.scope)
    if actor.scope.officer_id is not None:
        condition &= Clip.officer_id == actor.scope.officer_id
    if actor.scope.dock_id is not None:
        condition &= Clip.dock_id == actor.scope.dock_id
    return condition


def _conditions(wanted: ClipFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.officer_code is not None:
        yield Officer.code == wanted.officer_code
    if wanted.recorder_serial is not None:
        yield Clip.claimed_serial == wanted.recorder_serial
    if wanted.agency_path is not None:
        yield Agency.path.startswith(wanted.agency_path, autoescape=True)
    if wanted.recorded_from is not None:
        yield wanted.recorded_from <= SORT_TIME
    if wanted.recorded_until is not None:
        yield wanted.recorded_until > SORT_TIME
    if wanted.case_id is not None:
        yield Clip.id.in_(select(CaseClip.clip_id).where(CaseClip.case_id == wanted.case_id, CaseClip.unlinked_at.is_(None)))
    if wanted.state is not None:
        yield Clip.state == wanted.state
    yield from _mark_conditions(wanted)
    if wanted.text is not None:
        yield Clip.original_name.icontains(wanted.text, autoescape=True)


def _mark_conditions(wanted: ClipFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.is_quarantined is not None:
        yield Clip.quarantine.is_not(None) if wanted.is_quarantined else Clip.quarantine.is_(None)
    if wanted.kind is not None:
        yield Clip.kind == wanted.kind
    if wanted.is_key is not None:
        yield Clip.is_key.is_(wanted.is_key)
    if wanted.is_imported is not None:
        yield Clip.import_id.is_not(None) if wanted.is_imported else Clip.import_id.is_(None)
