"""Someone watches or takes a copy of a clip: authorised, entered in its chain of custody, and only then streamed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import Clip, ClipView
from integrity.receipt import ClipState
from service.access.permission import require
from service.access.policy import Action
from service.clips.errors import ClipNotFoundError, ClipNotStoredError
from service.context import ServiceContext
from service.errors import UnacceptableValueError

VIEW_LASTS = timedelta(hours=1)
LONGEST_PURPOSE = 200


@dataclass(frozen=True, slots=True)
class ViewGrant:
    """Leave to read a clip's bytes until a time, UTC."""

    view_id: UUID
    clip_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class MediaSource:
    """A clip's bytes, and how to read any run of them by version."""

    clip: Clip
    context: ServiceContext

    @property
    def size_bytes(self) -> int:
        """Length of the original."""
        return self.clip.size_bytes or 0

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        """Stream bytes of exactly the version that was verified."""
        return self.context.objects.read(self.clip.object_key, self.clip.object_version or "", offset=offset, length=length)


def view_clip(context: ServiceContext, clip_id: UUID, *, actor: Actor, purpose: str) -> ViewGrant:
    """Let someone watch a clip; the view is entered in its chain of custody.

    Raises:
        NotPermittedError: This role may not.
        ClipNotFoundError: No such clip, or none the actor may see.
        ClipNotStoredError: Its bytes are not in the store yet.
        UnacceptableValueError: No purpose, or one longer than 200 characters.
    """
    return _grant(context, clip_id, actor=actor, purpose=purpose, action="clip.viewed", reuse=False)[0]


def open_media(context: ServiceContext, clip_id: UUID, *, actor: Actor, is_download: bool) -> MediaSource:
    """Open a clip's bytes under the actor's view, or a new one; a download is an event of its own.

    Raises:
        NotPermittedError: This role may not.
        ClipNotFoundError: No such clip, or none the actor may see.
        ClipNotStoredError: Its bytes are not in the store yet.
    """
    action = "clip.downloaded" if is_download else "clip.viewed"
    clip = _grant(context, clip_id, actor=actor, purpose="download" if is_download else "playback", action=action, reuse=not is_download)[1]
    return MediaSource(clip, context)


def _grant(context: ServiceContext, clip_id: UUID, *, actor: Actor, purpose: str, action: str, reuse: bool) -> tuple[ViewGrant, Clip]:
    require(Action.VIEW_CLIP, actor)
    if not 0 < len(purpose.strip()) <= LONGEST_PURPOSE:
        raise UnacceptableValueError("purpose", f"1 to {LONGEST_PURPOSE} characters")
    now = context.clock.now()
    with context.unit_of_work() as work:
        row = work.clips.find(clip_id, actor)
        if row is None:
            raise ClipNotFoundError(clip_id)
        if not row.clip.reached(ClipState.STORED):
            raise ClipNotStoredError(clip_id, row.clip.state)
        view = work.clips.open_view(clip_id, UUID(actor.id), now) if reuse else None
        if view is None:
            work.clips.lock(clip_id)
            view = ClipView(
                id=context.new_id(), clip_id=clip_id, user_id=UUID(actor.id), purpose=purpose.strip(), opened_at=now, expires_at=now + VIEW_LASTS
            )
            work.clips.add_view(view)
            work.custody.append("clip", clip_id, action, actor=actor, at=now, details={"view_id": str(view.id), "purpose": view.purpose})
        return ViewGrant(view.id, clip_id, view.expires_at), row.clip
