"""Find clips by officer, recorder, agency, time, case, state or name."""

import base64
import binascii
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import Case, CaseClip, ClipFilter, ClipPosition, ClipRow
from service.access.permission import require
from service.access.policy import Action
from service.clips.errors import ClipNotFoundError, CursorDamagedError
from service.context import ServiceContext
from service.errors import UnknownAgencyError

MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class ClipPage:
    """A page of clips, newest first; ``next_cursor`` asks for the next, ``None`` on the last."""

    items: list[ClipRow]
    next_cursor: str | None


def search_clips(
    context: ServiceContext, wanted: ClipFilter, *, actor: Actor, agency_code: str | None = None, limit: int = 50, cursor: str | None = None
) -> ClipPage:
    """List the clips that the actor may see and that fit.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency below the actor's.
        CursorDamagedError: The cursor is not one that was given out.
    """
    require(Action.FIND_CLIPS, actor)
    limit = max(1, min(limit, MOST_AT_ONCE))
    after = _read_cursor(cursor) if cursor else None
    with context.unit_of_work() as work:
        if agency_code:
            agency = work.agencies.by_code(agency_code)
            if agency is None or not agency.path.startswith(actor.scope.agency_path):
                raise UnknownAgencyError(agency_code)
            wanted = replace(wanted, agency_path=agency.path)
        rows = work.clips.search(wanted, actor, limit=limit + 1, after=after)
    page = rows[:limit]
    return ClipPage(page, _make_cursor(page[-1]) if len(rows) > limit else None)


def find_clip(context: ServiceContext, clip_id: UUID, *, actor: Actor) -> ClipRow:
    """Find one clip.

    Raises:
        NotPermittedError: This role may not.
        ClipNotFoundError: No such clip, or none the actor may see.
    """
    require(Action.FIND_CLIPS, actor)
    with context.unit_of_work() as work:
        row = work.clips.find(clip_id, actor)
    if row is None:
        raise ClipNotFoundError(clip_id)
    return row


def cases_of_clip(context: ServiceContext, clip_id: UUID, *, actor: Actor) -> list[tuple[CaseClip, Case]]:
    """List the cases a clip is linked to now, as far as the actor may see them.

    Raises:
        ClipNotFoundError: No such clip, or none the actor may see.
    """
    find_clip(context, clip_id, actor=actor)
    with context.unit_of_work() as work:
        return work.cases.links_of(clip_id, actor)


def _make_cursor(row: ClipRow) -> str:
    time = row.clip.recorded_at or row.clip.announced_at
    return base64.urlsafe_b64encode(f"{time.isoformat()} {row.clip.id}".encode()).decode()


def _read_cursor(cursor: str) -> ClipPosition:
    try:
        time, _, clip_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        position = ClipPosition(datetime.fromisoformat(time), UUID(clip_id))
    except (ValueError, binascii.Error) as error:
        raise CursorDamagedError from error
    if position.time.tzinfo is None:
        raise CursorDamagedError
    return position
