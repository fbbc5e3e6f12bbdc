"""Someone watches or takes a copy of a clip: authorised, entered in its chain of custody, and only then streamed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import Clip, ClipView, ViewKind
from evidence_store.unit_of_work import UnitOfWork
from integrity.plain import spell_instant
from integrity.receipt import ClipState
from service.access.permission import require
from service.access.policy import Action
from service.clips.errors import ClipNotFoundError, ClipNotStoredError
from service.context import ServiceContext
from service.errors import UnacceptableValueError

VIEW_LASTS = timedelta(hours=1)
LONGEST_PURPOSE = 200
_ACTIONS = {ViewKind.VIEW: "clip.viewed", ViewKind.DOWNLOAD: "clip.downloaded"}


@dataclass(frozen=True, slots=True)
class ViewGrant:
    """Leave to read a clip's bytes until a time, UTC."""

    view_id: UUID
    clip_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class MediaSource:
    """A clip's bytes, for somebody who may have them; reading is entered in the chain of custody by :meth:`enter`, before the first byte."""

    clip: Clip
    actor: Actor
    context: ServiceContext

    @property
    def size_bytes(self) -> int:
        """Length of the original."""
        return self.clip.size_bytes or 0

    def enter(self, *, is_download: bool, is_resumed: bool) -> None:
        """Enter the reading: playback under the person's open view or a new one; a download by itself, unless it goes on with one.

        Args:
            is_download: Whether a copy is taken.
            is_resumed: Whether it begins later than at the first byte.
        """
        if is_download:
            _grant(self.context, self.clip.id, actor=self.actor, kind=ViewKind.DOWNLOAD, purpose="download", may_reuse=is_resumed)
        else:
            _grant(self.context, self.clip.id, actor=self.actor, kind=ViewKind.VIEW, purpose="playback", may_reuse=True)

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        """Stream bytes of exactly the version that was stored."""
        return self.context.objects.read(self.clip.object_key, self.clip.object_version or "", offset=offset, length=length)


def view_clip(context: ServiceContext, clip_id: UUID, *, actor: Actor, purpose: str) -> ViewGrant:
    """Let someone watch a clip; the view is entered in its chain of custody.

    Raises:
        NotPermittedError: This role may not.
        ClipNotFoundError: No such clip, or none the actor may see.
        ClipNotStoredError: Its bytes are not in the store yet.
        UnacceptableValueError: No purpose, or one longer than 200 characters.
    """
    purpose = purpose.strip()
    if not 0 < len(purpose) <= LONGEST_PURPOSE:
        raise UnacceptableValueError("purpose", f"1 to {LONGEST_PURPOSE} characters")
    return _grant(context, clip_id, actor=actor, kind=ViewKind.VIEW, purpose=purpose, may_reuse=False)


def open_media(context: ServiceContext, clip_id: UUID, *, actor: Actor) -> MediaSource:
    """Find a clip whose bytes the actor may read; nothing is read or entered yet.

    Raises:
        NotPermittedError: This role may not.
        ClipNotFoundError: No such clip, or none the actor may see.
        ClipNotStoredError: Its bytes are not in the store yet.
    """
    require(Action.VIEW_CLIP, actor)
    with context.unit_of_work() as work:
        return MediaSource(_readable(work, clip_id, actor), actor, context)


def _readable(work: UnitOfWork, clip_id: UUID, actor: Actor) -> Clip:
    row = work.clips.find(clip_id, actor)
    if row is None:
        raise ClipNotFoundError(clip_id)
    if not row.clip.reached(ClipState.STORED):
        raise ClipNotStoredError(clip_id, row.clip.state)
    return row.clip


def _grant(context: ServiceContext, clip_id: UUID, *, actor: Actor, kind: ViewKind, purpose: str, may_reuse: bool) -> ViewGrant:
    require(Action.VIEW_CLIP, actor)
    now = context.clock.now()
    with context.unit_of_work() as work:
        _readable(work, clip_id, actor)
        view = work.clips.open_view(clip_id, UUID(actor.id), kind, now) if may_reuse else None
        if view is None:
            work.clips.lock(clip_id)
            # A player asks for several ranges at once; whoever waited for the row finds the view that the first one opened.
            view = work.clips.open_view(clip_id, UUID(actor.id), kind, now) if may_reuse else None
        if view is None:
            opened = {"id": context.new_id(), "clip_id": clip_id, "user_id": UUID(actor.id), "kind": kind, "purpose": purpose}
            view = ClipView(**opened, opened_at=now, expires_at=now + VIEW_LASTS)
            work.clips.add_view(view)
            details = {"view_id": str(view.id), "purpose": purpose, "expires_at": spell_instant(view.expires_at)}
            work.custody.append("clip", clip_id, _ACTIONS[kind], actor=actor, at=now, details=details)
        return ViewGrant(view.id, clip_id, view.expires_at)
