"""Two databases of one service, row by row: what is in one and not in the other, or says something else. Caches, declared here, are left out."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from evidence_store.models import (
    Agency,
    Base,
    Case,
    CaseClip,
    Clip,
    ClipView,
    CoverageFigure,
    CoverageSnapshot,
    Dock,
    DockSession,
    FootageImport,
    ImportStatement,
    LogExport,
    LogKey,
    MerkleNode,
    Officer,
    PoolCheckout,
    Recorder,
    RecorderAdoption,
    RosterConfirmation,
    SessionFile,
    UserAccount,
)
from evidence_store.unit_of_work import UnitOfWork
from service.safekeeping.replay_clip import PROBED_FLAGS

OpenDatabase = Callable[[], AbstractContextManager[UnitOfWork]]

CACHED_COLUMNS: Mapping[str, frozenset[str]] = {
    "user_account": frozenset({"password_hash", "is_disabled", "failed_sign_ins", "locked_until"}),
    "officer": frozenset({"name"}),
    "dock": frozenset({"token_sha256"}),
    "dock_session": frozenset({"progress", "progress_at"}),
    "clip": frozenset({"upload_id", "media", "duration_s", "kind", "sealed_at", "checked_at"}),
    "log_export": frozenset({"exported_at", "retain_until"}),
    "log_key": frozenset({"since"}),
}
"""Columns that a rebuild does not bring back as they were, by table: credentials; names, which the roster tells; progress, for the board only;
uploads under way; what workers find out again; and moments that store or log know less exactly. Of a clip's flags those of its probe count here too.
"""
CACHED_TABLES = frozenset(
    {
        *("access_token", "officer_code", "officer_post", "certificate", "certificate_status", "recorder_status", "assignment"),
        *("agency_place", "agency_succession", "certificate_term", "recorder_place", "recorder_use", "roster_change", "roster_source_state"),
        *("coverage_target", "coverage_alarm", "webhook_delivery"),
        *("report_sent", "report_received", "report_delivery"),
        *("lock_probe_run", "log_audit_run", "finding", "reconcile_run", "removal_proposal", "fixity_run", "fixity_check", "store_listing"),
        *("object_copy", "object_loss", "cosignature", "custody_pending"),
        *("evidence_package", "evidence_package_clip", "evidence_package_file", "evidence_package_seal"),
    }
)
"""Tables that a rebuild leaves empty: sign-ins; what the roster tells; alarms and reports of coverage; what was looked after; the ledger of the
second store; lines of witnesses; and the files of packages, which are handed over anew. The custody log tells of every package, of every removal and
of every repair all the same.
"""

ROWS: tuple[type[Base], ...] = (
    *(Agency, Officer, Recorder, UserAccount, FootageImport, Dock, DockSession, RecorderAdoption, PoolCheckout, Clip, SessionFile, ClipView),
    *(RosterConfirmation, ImportStatement, Case, CaseClip, CoverageSnapshot, CoverageFigure, LogExport, LogKey, MerkleNode),
)
"""Tables that are compared row by row; the custody log itself is compared by :data:`LOG`."""
LOG = ("custody_event", "custody_leaf", "checkpoint", "timestamp_receipt")
"""Tables of the log; their internal numbers are caches, and so are checkpoints that no authority stamped and tokens of authorities elsewhere."""
_Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not the same in both.

    Attributes:
        reason: ``only in the first``, ``only in the second``, or the columns that differ.
    """

    table: str
    row: str
    reason: str


def compare_databases(first: OpenDatabase, second: OpenDatabase) -> Iterator[Difference]:
    """Tell every difference that is not declared as a cache; each database is seen as of one moment."""
    with first() as one, second() as other:
        one.reconciliation.freeze()
        other.reconciliation.freeze()
        for model in ROWS:
            yield from _compare(model.__tablename__, _rows(one, model), _rows(other, model))
        yield from _compare("custody_event", one.comparison.leaves(), other.comparison.leaves())
        yield from _compare("checkpoint", one.comparison.stamped(), other.comparison.stamped())


def _rows(work: UnitOfWork, model: type[Base]) -> Iterator[tuple[_Key, Mapping[str, Any]]]:
    cached = CACHED_COLUMNS.get(model.__tablename__, frozenset())
    for key, row in work.comparison.rows(model):
        yield key, {name: _plain(name, value) for name, value in row.items() if name not in cached}


def _plain(name: str, value: Any) -> Any:
    return sorted(set(value) - PROBED_FLAGS) if name == "flags" else value


def _compare(table: str, first: Iterator[tuple[_Key, Mapping[str, Any]]], second: Iterator[tuple[_Key, Mapping[str, Any]]]) -> Iterator[Difference]:
    """Merge two streams in the order of their keys."""
    one, other = next(first, None), next(second, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            yield Difference(table, _spell(one[0] if one else ()), "only in the first")
            one = next(first, None)
        elif one is None or other[0] < one[0]:
            yield Difference(table, _spell(other[0]), "only in the second")
            other = next(second, None)
        else:
            columns = [name for name, value in one[1].items() if value != other[1][name]]
            if columns:
                yield Difference(table, _spell(one[0]), f"differs in {', '.join(columns)}")
            one, other = next(first, None), next(second, None)


def _spell(key: _Key) -> str:
    return ", ".join(str(part) for part in key)
