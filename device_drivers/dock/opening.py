"""The first minute of a plugging-in: who the recorder says it is, what its clock shows and how it is doing, attested before anything is changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from device_drivers.dock.answers import SessionOpened
from device_drivers.dock.clocks import ClockVerdict, decide_clock, measure_dock_clock
from device_drivers.dock.condition import Concern, judge_condition
from device_drivers.dock.errors import StateUnusableError
from device_drivers.dock.statements import ClockSetting, PluggedRecorder
from device_drivers.dock.tools import Tools
from device_drivers.errors import RecorderError, RecorderUnpluggedError
from device_drivers.recorder import Recorder, RecorderStatus

_SOMEBODY_SHOULD_KNOW = frozenset(
    {ClockVerdict.DOCK_UNKNOWN, ClockVerdict.DOCK_NOT_SYNCHRONISED, ClockVerdict.DOCK_DIFFERS, ClockVerdict.NOT_MEASURED}
)
_DISTRIBUTION = "bodycam-evidence"


def meet_recorder(recorder: Recorder, tools: Tools, *, session_id: str, slot: str, plugged_at: datetime) -> PluggedRecorder:
    """Read identity, clock and condition; nothing is told to anybody yet but the slot's tile.

    Raises:
        RecorderError: The recorder could not be asked.
    """
    identity, identity_read_at = recorder.identity(), None
    recalled = tools.kept.recall(recorder, identity) if tools.kept is not None else None
    if recalled is not None:
        identity, identity_read_at = recalled.identity, recalled.read_at
        tools.progress.tell("identity_recalled", session_id=session_id, slot=slot)
    clock = recorder.read_clock()
    status = _read_status(recorder)
    tools.tiles.change(
        slot, session_id=session_id, serial=identity.serial, officer_code=identity.officer_code, condition=judge_condition(status, clock, None)
    )
    if identity.serial:
        tools.claims.claim(slot, serial=identity.serial, session_id=session_id)
    else:
        tools.tiles.worry(slot, Concern.NO_IDENTITY)
    dock_clock = measure_dock_clock(tools.client, tools.now, is_synchronised=tools.clocks.is_synchronised)
    return PluggedRecorder(
        slot,
        software(),
        identity,
        clock,
        dock_clock,
        status,
        plugged_at=plugged_at,
        rivals=tools.claims.rivals(slot),
        identity_read_at=identity_read_at,
    )


def keep_identity(recorder: Recorder, tools: Tools, plugged: PluggedRecorder, *, session_id: str) -> None:
    """Keep who a recorder said it is, now that it is a disk; a dock that cannot goes on without, and knows it by its volume when started again."""
    if tools.kept is None or plugged.identity_read_at is not None:
        return
    try:
        tools.kept.keep(recorder, plugged.identity, read_at=plugged.plugged_at or tools.now())
    except StateUnusableError as error:
        tools.progress.tell("identity_not_kept", session_id=session_id, reason=str(error))


def open_session(tools: Tools, plugged: PluggedRecorder, *, session_id: str) -> SessionOpened:
    """Attest what was read.

    Two recorders that say they are the same may open their sessions at the same time, and then neither names the other; so who else says so is
    looked at again afterwards, and told by opening the session once more.

    Raises:
        DockError: The service could not be told, or refused.
    """
    opened = tools.client.open_session(session_id, plugged)
    rivals = tools.claims.rivals(plugged.slot)
    if rivals != plugged.rivals:
        opened = tools.client.open_session(session_id, replace(plugged, rivals=rivals))
    if opened.contested or rivals:
        tools.tiles.worry(plugged.slot, Concern.CONTESTED)
    tools.progress.tell("session_opened", session_id=session_id, slot=plugged.slot, **({"contested": True} if opened.contested else {}))
    return opened


def keep_time(recorder: Recorder, tools: Tools, plugged: PluggedRecorder, *, session_id: str) -> None:
    """Set the recorder's clock where that is due, once what it showed has been attested, and put it on record.

    A recorder that refuses stays as it is: its footage matters more than its clock.

    Raises:
        RecorderUnpluggedError: It left.
        DockError: The service could not be told.
    """
    verdict = decide_clock(tools.clocks.policy, recorder.capabilities, reading=plugged.clock, dock=plugged.dock_clock)
    if verdict in _SOMEBODY_SHOULD_KNOW:
        tools.progress.tell("clock_left", session_id=session_id, reason=verdict.value)
    if verdict is not ClockVerdict.SET:
        return
    offset_s = plugged.dock_clock.offset_s if plugged.dock_clock is not None else 0.0
    moment = tools.now() - timedelta(seconds=offset_s)
    try:
        recorder.set_clock(moment)
        done_at = tools.now()
        after = recorder.read_clock()
    except RecorderUnpluggedError:
        raise
    except RecorderError as error:
        tools.progress.tell("clock_refused", session_id=session_id, reason=str(error))
        return
    tools.client.report_clock_set(session_id, ClockSetting(moment, done_at, after))
    tools.progress.tell("clock_set", session_id=session_id)


def software() -> str:
    """The dock program and its version."""
    try:
        return f"bodycam-dock/{version(_DISTRIBUTION)}"
    except PackageNotFoundError:
        return "bodycam-dock"


def _read_status(recorder: Recorder) -> RecorderStatus:
    """Ask how it is doing; a recorder that cannot say is docked all the same."""
    try:
        return recorder.read_status()
    except RecorderUnpluggedError:
        raise
    except RecorderError:
        return RecorderStatus()
