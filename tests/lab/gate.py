"""In the guest: a dock's release path against a service that lets go what the wipe gate lets go, and a look at every byte of the medium afterwards.

The service knows every file already and has sealed it: a recorder that docks again. What it answers to the question what may go is the gate's own
decision (``service.ingest.wipe_gate``) on facts that a check sets.
"""

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from device_drivers.dock.patience import Patience
from device_drivers.dock.progress import JsonLines
from device_drivers.dock.service_client import ServiceClient, connection_pool
from device_drivers.dock.session import DockedSession, dock_recorder, release_session
from device_drivers.dock.tools import ClockWork, Tools
from device_drivers.dock.turns import Turns
from integrity.listing import RecordedFile
from integrity.receipt import ClipState
from service.ingest.wipe_gate import GateFacts, GateReason, decide_release
from tests.lab.peers import GadgetDisk, Peer
from tests.lab.scenarios import left_on, listed
from tests.unit.device_drivers.dock.conftest import TOKEN, FakeService

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OPEN = GateFacts(
    listing_complete=True,
    state=ClipState.SEALED,
    locked_until=NOW + timedelta(days=180),
    verified_copies=1,
    required_copies=1,
    is_quarantined=False,
    is_contested=False,
    is_registered=True,
    lock_proven=True,
    keep_on_recorder=False,
)
ROWS: dict[str, dict[str, Any]] = {
    "listing_incomplete": {"listing_complete": False},
    "not_stored": {"state": ClipState.UPLOADING},
    "not_locked": {"locked_until": NOW},
    "not_read_back": {"verified_copies": 0},
    "not_sealed": {"state": ClipState.VERIFIED},
    "quarantined": {"is_quarantined": True},
    "contested": {"is_contested": True},
    "recorder_unregistered": {"is_registered": False},
    "lock_not_proven": {"lock_proven": False},
    "keep_on_recorder": {"keep_on_recorder": True},
}
"""What does not hold in a row of the gate's table, by the reason that it gives."""
ROWS["everything"] = {name: value for changes in ROWS.values() for name, value in changes.items()} | {"state": ClipState.ANNOUNCED}


class GateService(FakeService):
    """The service of the dock's tests, whose gate is the real one."""

    def __init__(self) -> None:
        super().__init__()
        self.keeps = False
        self.facts: GateFacts | Mapping[str, GateFacts] = OPEN

    def ticket(self, index: int, file: RecordedFile, serial: str | None) -> dict[str, Any]:
        ticket = super().ticket(index, file, serial)
        self.clips[ticket["clip_id"]].state = "sealed"
        return {**ticket, "state": "sealed", "action": "skip"}

    def order_release(self, session_id: str) -> dict[str, Any]:
        items = []
        for ticket, file in zip(self.tickets[session_id], self.listings[session_id].files, strict=True):
            facts = self.facts if isinstance(self.facts, GateFacts) else self.facts.get(file.path, replace(OPEN, is_quarantined=True))
            decision = decide_release(facts, NOW)
            reasons = [str(reason) for reason in decision.reasons]
            items.append({"clip_id": ticket["clip_id"], "index": ticket["index"], "allowed": decision.allowed, "reasons": reasons})
        self.ordered[session_id] = [item["clip_id"] for item in items if item["allowed"]]
        return {"clips": items}


@dataclass
class Docking:
    """One recorder, docked once; it stays plugged in."""

    peer: Peer
    session: DockedSession
    listing: dict[str, RecordedFile]
    medium: Any


@cache
def service() -> GateService:
    return GateService()


@cache
def tools() -> Tools:
    patience = Patience(30.0, threading.Event())
    pool = connection_pool(None, connect_timeout_s=10, read_timeout_s=60)
    client = ServiceClient(service().url, TOKEN, pool=pool, patience=patience)
    clocks = ClockWork(is_synchronised=lambda: False)
    return Tools(client, pool, patience, JsonLines(StringIO()), lambda: datetime.now(UTC), Turns(1, patience), clocks=clocks)


@cache
def docking(peer: Peer, look: Callable[[], Any]) -> Docking:
    """Dock a recorder as the dock does; ``look`` gives its medium's content, to be compared with later."""
    peer.leave()
    recorder = peer.recorder()
    session = dock_recorder(recorder, tools(), session_id=str(uuid.uuid4()), slot="lab")
    assert session.error is None, session.error
    assert session.may_release
    assert recorder.capabilities.can_remove_files
    assert session.listing is not None
    assert all(file.fingerprint for file in session.listing.files)
    return Docking(peer, session, listed(recorder), look())


def nothing_leaves(docked: Docking, look: Callable[[], Any], *, row: str) -> None:
    """Ask in one row of the gate's table; afterwards every file is there, and no byte of the medium is another."""
    service().facts = replace(OPEN, **ROWS[row])
    before = dict(service().releases)

    orders = service().order_release(docked.session.session_id)["clips"]
    release_session(docked.peer.recorder(), tools(), docked.session)

    wanted = set(GateReason) if row == "everything" else {"not_stored", "not_sealed"} if row == "not_stored" else {row}
    assert [order["allowed"] for order in orders] == [False] * len(docked.listing)
    assert {reason for order in orders for reason in order["reasons"]} == wanted
    assert (docked.session.error, docked.session.released, service().releases) == (None, 0, before)
    assert listed(docked.peer.recorder()) == docked.listing
    assert look() == docked.medium, "something was written"


def exactly_what_the_gate_allows_leaves(docked: Docking, *, change: Callable[[str, int], None], gone: set[str]) -> dict[str, str | None]:
    """Let ten files go, of which two are changed at head and tail after they were listed; gives why files were kept, by path."""
    head, tail = "MANY/00000000.JPG", "MANY/00000001.JPG"
    service().facts = dict.fromkeys({*gone, head, tail}, OPEN)
    change(head, 0)
    change(tail, -1)

    release_session(docked.peer.recorder(), tools(), docked.session)

    assert docked.session.error is None, docked.session.error
    report = service().releases[docked.session.session_id]
    paths = {ticket["clip_id"]: docked.session.listing.files[ticket["index"]].path for ticket in service().tickets[docked.session.session_id]}
    kept = {paths[removal.clip_id]: removal.kept_because for removal in report.removals}
    assert {path for path, reason in kept.items() if reason is None} == gone
    assert {path for path, reason in kept.items() if reason is not None} == {head, tail}
    assert {file.path for file in report.remaining.files} == set(docked.listing) - gone == set(listed(docked.peer.recorder()))
    assert docked.session.released == len(gone)
    return kept


def bytes_of(disk: GadgetDisk) -> Callable[[], bytes]:
    """Look at every byte of a disk's medium."""
    return disk.image.read_bytes


@cache
def files_of(folder: Path) -> Callable[[], Any]:
    """Look at every file of a folder, and whether anything was written to it."""

    def look() -> Any:
        marks = {path: (path.stat().st_ino, path.stat().st_mtime_ns, path.stat().st_ctime_ns) for path in sorted(folder.rglob("*"))}
        return left_on(folder), marks

    return look
