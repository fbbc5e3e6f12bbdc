"""Sessions with their listings, and cases with their links, beside what the custody log tells of them. Reads, and changes nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from evidence_store.models import Case, CaseClip, Clip, DockSession, SessionFile
from evidence_store.unit_of_work import UnitOfWork
from service.safekeeping.events import PastEvent, read_past_event
from service.safekeeping.findings import FindingKind as Kind
from service.safekeeping.findings import Found
from service.safekeeping.replay_case import replay_case
from service.safekeeping.replay_session import replay_session

AT_ONCE = 200
_READ_IN_FULL = "reread"
_Replayed = TypeVar("_Replayed")
_Row = Mapping[str, Any]


def compare_sessions(work: UnitOfWork, after: UUID | None) -> tuple[list[Found], UUID | None]:
    """Compare the next sessions by id, the listing each announced with the files that are recorded.

    Returns:
        What was found, and the last id; ``None`` when there are no more.
    """
    rows = work.reconciliation.rows(DockSession, after, limit=AT_ONCE)
    ids = [row["id"] for row in rows]
    files: dict[UUID, dict[int, _Row]] = {one: {} for one in ids}
    for file in work.reconciliation.rows_of(SessionFile.session_id, ids):
        files[file["session_id"]][file["position"]] = file
    chains = work.reconciliation.chains("session", ids)
    found: list[Found] = []
    for row in rows:
        replayed = _replay(replay_session, row["id"], chains.get(row["id"], []))
        wrong = replayed if isinstance(replayed, str) else None
        if wrong is None and not isinstance(replayed, str):
            wrong = _differences(replayed.values, row) or _listing(replayed.files, files[row["id"]])
        if wrong:
            found.append(Found(Kind.LISTING_DIFFERS, f"session {row['id']}", details={"reason": wrong, "opened_at": row["opened_at"].isoformat()}))
    return found, ids[-1] if ids else None


def compare_cases(work: UnitOfWork, after: UUID | None) -> tuple[list[Found], UUID | None]:
    """Compare the next cases by id with their chains, and the links of each.

    Returns:
        What was found, and the last id; ``None`` when there are no more.
    """
    rows = work.reconciliation.rows(Case, after, limit=AT_ONCE)
    ids = [row["id"] for row in rows]
    links: dict[UUID, dict[UUID, _Row]] = {one: {} for one in ids}
    for link in work.reconciliation.rows_of(CaseClip.case_id, ids):
        links[link["case_id"]][link["id"]] = link
    chains = work.reconciliation.chains("case", ids)
    found: list[Found] = []
    for row in rows:
        replayed = _replay(replay_case, row["id"], chains.get(row["id"], []))
        wrong = replayed if isinstance(replayed, str) else None
        if wrong is None and not isinstance(replayed, str):
            wrong = _differences(replayed.values, row) or _links(replayed.links, links[row["id"]])
        if wrong:
            found.append(Found(Kind.CASE_DIFFERS, f"case {row['id']}", details={"reason": wrong, "number": row["number"]}))
    return found, ids[-1] if ids else None


def find_rowless(work: UnitOfWork) -> Iterator[Found]:
    """Name what the log tells of and no row stands for any more."""
    for clip_id in work.reconciliation.rowless("clip", Clip):
        yield Found(Kind.CLIP_ROW_GONE, f"clip {clip_id}", clip_id)
    for session_id in work.reconciliation.rowless("session", DockSession):
        yield Found(Kind.LISTING_DIFFERS, f"session {session_id}", details={"reason": "the log tells of it, and there is no row"})
    for case_id in work.reconciliation.rowless("case", Case):
        yield Found(Kind.CASE_DIFFERS, f"case {case_id}", details={"reason": "the log tells of it, and there is no row"})


def _replay(replay: Callable[[UUID, Iterator[PastEvent]], _Replayed], subject_id: UUID, chain: Sequence[bytes]) -> _Replayed | str:
    if not chain:
        return "the log has no chain of it"
    try:
        return replay(subject_id, map(read_past_event, chain))
    except ValueError as error:
        return str(error)


def _differences(told: Mapping[str, Any], row: _Row) -> str:
    names = [name for name, value in told.items() if row[name] != value]
    return f"columns differ: {', '.join(names)}" if names else ""


def _listing(told: Mapping[int, Mapping[str, Any]], kept: Mapping[int, _Row]) -> str:
    """Compare file by file; what a reading in full led to is told in the clip's own chain."""
    for position in sorted(told.keys() | kept.keys()):
        if position not in kept:
            return f"file {position} (clip {told[position]['clip_id']}) was announced, and there is no row"
        if position not in told:
            return f"file {position} (clip {kept[position]['clip_id']}) was never announced"
        if told[position]["clip_id"] != kept[position]["clip_id"]:
            return f"file {position} was announced as clip {told[position]['clip_id']}"
        if told[position]["action"] not in {kept[position]["action"], _READ_IN_FULL}:
            return f"file {position} was to be treated as {told[position]['action']}"
    return ""


def _links(told: Mapping[UUID, Mapping[str, Any]], kept: Mapping[UUID, _Row]) -> str:
    for link_id in sorted(told.keys() | kept.keys()):
        if link_id not in kept:
            return f"the link to clip {told[link_id]['clip_id']} has no row"
        if link_id not in told:
            return f"the link to clip {kept[link_id]['clip_id']} was never entered"
        if wrong := _differences(told[link_id], kept[link_id]):
            return f"link to clip {kept[link_id]['clip_id']}: {wrong}"
    return ""
