"""Who takes a pool recorder, and when it comes back: timed rows, so that footage of a shared recorder finds its officer."""

from datetime import datetime
from zoneinfo import ZoneInfo

from evidence_store.actor import Actor
from evidence_store.errors import ConflictingRowError
from evidence_store.models import Officer, PoolCheckout, Recorder
from evidence_store.unit_of_work import UnitOfWork
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.roster.acting_officer import officer_to_act_for
from service.roster.errors import RecorderExclusiveError, RecorderNotFoundError, RecorderNotTakenError, RecorderTakenError

_DAYS = ZoneInfo("Asia/Shanghai")
_WITHOUT_OVERLAP = "pool_checkout_without_overlap"
LATEST = 100


def check_out(context: ServiceContext, serial: str, *, officer_code: str | None, actor: Actor) -> PoolCheckout:
    """Note that an officer takes a pool recorder now.

    Args:
        context: What the service needs.
        serial: The recorder.
        officer_code: Who takes it; a duty officer may leave it out and takes it for nobody else.
        actor: Who says so.

    Raises:
        NotPermittedError: This role may not.
        RecorderNotFoundError: No such recorder within the actor's agency.
        OfficerNotFoundError: No such officer within the actor's agency, or another than the duty officer who asks.
        RecorderExclusiveError: The recorder is assigned to one officer today.
        RecorderTakenError: Somebody has it.
    """
    require(Action.CHECK_OUT_RECORDER, actor)
    now = context.clock.now()
    try:
        with context.unit_of_work() as work:
            recorder = _held(work, serial, actor)
            officer = officer_to_act_for(work, officer_code, actor=actor, now=now)
            if any(row.is_exclusive for row in work.recorders.assignments_on(recorder.id, now.astimezone(_DAYS).date())):
                raise RecorderExclusiveError(serial)
            if work.checkouts.open_of(recorder.id) is not None:
                raise RecorderTakenError(serial)
            checkout = PoolCheckout(id=context.new_id(), recorder_id=recorder.id, officer_id=officer.id, taken_at=now)
            work.checkouts.add(checkout)
            _tell(work, "recorder.checked_out", checkout, officer, actor=actor, at=now)
            return checkout
    except ConflictingRowError as error:
        if error.constraint == _WITHOUT_OVERLAP:
            raise RecorderTakenError(serial) from error
        raise


def check_in(context: ServiceContext, serial: str, *, actor: Actor) -> PoolCheckout:
    """Note that a pool recorder is back now; a duty officer brings back only what they have.

    Raises:
        NotPermittedError: This role may not.
        RecorderNotFoundError: No such recorder within the actor's agency.
        RecorderNotTakenError: Nobody has it, or another than the duty officer who asks.
    """
    require(Action.CHECK_OUT_RECORDER, actor)
    now = context.clock.now()
    with context.unit_of_work() as work:
        recorder = _held(work, serial, actor)
        checkout = work.checkouts.open_of(recorder.id)
        officer = work.officers.get(checkout.officer_id) if checkout else None
        if checkout is None or officer is None or actor.scope.officer_id not in {None, officer.id}:
            raise RecorderNotTakenError(serial)
        checkout.returned_at = now
        _tell(work, "recorder.returned", checkout, officer, actor=actor, at=now)
        return checkout


def list_open_checkouts(context: ServiceContext, *, actor: Actor) -> list[tuple[PoolCheckout, Recorder, Officer]]:
    """List who has a pool recorder now, newest first; to a duty officer only what they have themselves.

    Raises:
        NotPermittedError: This role may not.
    """
    require(Action.CHECK_OUT_RECORDER, actor)
    with context.unit_of_work() as work:
        return work.checkouts.open_within(actor.scope, limit=LATEST)


def list_checkouts(context: ServiceContext, serial: str, *, actor: Actor) -> list[tuple[PoolCheckout, Officer]]:
    """List the latest 100 check-outs of a recorder, newest first; to a duty officer only their own.

    Raises:
        NotPermittedError: This role may not.
        RecorderNotFoundError: No such recorder within the actor's agency.
    """
    require(Action.CHECK_OUT_RECORDER, actor)
    with context.unit_of_work() as work:
        recorder = work.recorders.find(serial, actor.scope)
        if recorder is None:
            raise RecorderNotFoundError(serial)
        return work.checkouts.latest(recorder.id, actor.scope, limit=LATEST)


def _held(work: UnitOfWork, serial: str, actor: Actor) -> Recorder:
    recorder = work.recorders.find(serial, actor.scope, for_update=True)
    if recorder is None:
        raise RecorderNotFoundError(serial)
    return recorder


def _tell(work: UnitOfWork, action: str, checkout: PoolCheckout, officer: Officer, *, actor: Actor, at: datetime) -> None:
    details = {"checkout_id": str(checkout.id), "officer_id": str(officer.id), "officer_code": officer.code}
    work.custody.append("recorder", checkout.recorder_id, action, actor=actor, at=at, details=details)
