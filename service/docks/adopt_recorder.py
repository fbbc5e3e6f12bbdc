"""A recorder that names no identity of its own is adopted: an administrator says which registered recorder its medium belongs to."""

from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.errors import ConflictingRowError
from evidence_store.models import Recorder, RecorderAdoption
from integrity.listing import is_identity
from service.access.permission import require
from service.access.policy import Action
from service.access.reasons import given_reason
from service.context import ServiceContext
from service.docks.errors import AdoptionNotFoundError, HasIdentityError, MediumAdoptedError, NoMediumError
from service.ingest.errors import SessionNotFoundError
from service.ingest.policy import medium_of
from service.roster.errors import RecorderNotFoundError

_ONCE = "recorder_adoption_once"


def adopt_recorder(context: ServiceContext, session_id: UUID, serial: str, *, reason: str, actor: Actor) -> UUID:
    """Say which recorder the medium of a session belongs to; sessions that are opened from now on are taken for that recorder's.

    Args:
        context: What the service needs.
        session_id: The plugging-in.
        serial: Serial number of the registered recorder.
        reason: How that is known.
        actor: Who says so.

    Returns:
        Id of the adoption.

    Raises:
        NotPermittedError: This role may not.
        SessionNotFoundError: No such session at a dock within the actor's agency.
        RecorderNotFoundError: No such recorder within the actor's agency.
        HasIdentityError: The recorder gave a serial number of its own; it has to be registered under that.
        NoMediumError: Nothing is known by which the medium could be recognised again.
        MediumAdoptedError: The medium is adopted already.
        UnacceptableValueError: No reason, or too long a one.
    """
    require(Action.ADOPT_RECORDER, actor)
    reason = given_reason(reason)
    now = context.clock.now()
    try:
        with context.unit_of_work() as work:
            session = work.docks.find_session(session_id, actor.scope)
            if session is None:
                raise SessionNotFoundError(session_id)
            if is_identity(session.identity.get("serial")):
                raise HasIdentityError(session_id)
            medium = medium_of(session.identity)
            if medium is None:
                raise NoMediumError(session_id)
            recorder = work.recorders.find(serial, actor.scope, for_update=True)
            if recorder is None:
                raise RecorderNotFoundError(serial)
            adoption = RecorderAdoption(id=context.new_id(), medium=medium, recorder_id=recorder.id, session_id=session_id, reason=reason)
            adoption.adopted_at, adoption.adopted_by = now, UUID(actor.id)
            work.adoptions.add(adoption)
            details = {"adoption_id": str(adoption.id), "medium": medium, "session_id": str(session_id), "reason": reason}
            work.custody.append("recorder", recorder.id, "recorder.adopted", actor=actor, at=now, details=details)
            return adoption.id
    except ConflictingRowError as error:
        if error.constraint == _ONCE:
            raise MediumAdoptedError(session_id) from error
        raise


def end_adoption(context: ServiceContext, adoption_id: UUID, *, reason: str, actor: Actor) -> None:
    """End an adoption; sessions that were taken for the recorder's stay so, later ones are not.

    Raises:
        NotPermittedError: This role may not.
        AdoptionNotFoundError: No such adoption of a recorder within the actor's agency, or it has ended.
        UnacceptableValueError: No reason, or too long a one.
    """
    require(Action.ADOPT_RECORDER, actor)
    reason = given_reason(reason)
    now = context.clock.now()
    with context.unit_of_work() as work:
        adoption = work.adoptions.find(adoption_id, actor.scope)
        recorder = work.recorders.lock(adoption.recorder_id) if adoption else None
        if adoption is None or recorder is None or adoption.ended_at is not None:
            raise AdoptionNotFoundError(adoption_id)
        adoption.ended_at, adoption.ended_by, adoption.end_reason = now, UUID(actor.id), reason
        details = {"adoption_id": str(adoption_id), "medium": adoption.medium, "reason": reason}
        work.custody.append("recorder", recorder.id, "adoption.ended", actor=actor, at=now, details=details)


def list_adoptions(context: ServiceContext, *, actor: Actor) -> list[tuple[RecorderAdoption, Recorder]]:
    """List adoptions that last, newest first.

    Raises:
        NotPermittedError: This role may not.
    """
    require(Action.ADOPT_RECORDER, actor)
    with context.unit_of_work() as work:
        return work.adoptions.lasting(actor.scope)
