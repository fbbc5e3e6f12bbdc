"""Facts of the roster as a whole, for those who take many in at once. Subjects are told by code, serial and certificate number."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, Table, insert, select, text, update
from sqlalchemy.orm import Session

from evidence_store.actor import Scope
from evidence_store.models import Agency, Base, Certificate, Officer, Recorder, RosterChange, RosterConfirmation, RosterSourceState

_AT_ONCE = 2_000

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class StandingFact:
    """A fact that is not superseded: its row, and its content by column, with codes where the table has identifiers."""

    id: UUID
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RosterNames:
    """Whom and what a roster is about."""

    officers: Collection[str]
    codes: Collection[str]
    certificates: Collection[str]
    recorders: Collection[str]


@dataclass(frozen=True, slots=True)
class _Facts:
    """How the facts of one table are read: what makes their key, their content, and which are asked for."""

    key: tuple[str, ...]
    content: tuple[str, ...]
    rows: str


_FACTS: dict[str, _Facts] = {
    "agency_place": _Facts(
        ("code", "valid_from"),
        ("name", "level", "parent", "valid_until", "document_number", "reason"),
        "SELECT f.id, a.code, f.valid_from, f.name, f.level, p.code AS parent, f.valid_until, f.document_number, f.reason "
        "FROM agency_place f JOIN agency a ON a.id = f.agency_id LEFT JOIN agency p ON p.id = f.parent_id WHERE f.superseded_at IS NULL",
    ),
    "agency_succession": _Facts(
        ("predecessor", "successor", "since"),
        ("kind", "document_number", "reason"),
        "SELECT f.id, a.code AS predecessor, b.code AS successor, f.since, f.kind, f.document_number, f.reason FROM agency_succession f "
        "JOIN agency a ON a.id = f.predecessor_id JOIN agency b ON b.id = f.successor_id WHERE f.superseded_at IS NULL",
    ),
    "officer_post": _Facts(
        ("code", "valid_from"),
        ("agency", "is_front_line", "duty_state", "valid_until", "document_number", "reason"),
        "SELECT f.id, o.code, f.valid_from, a.code AS agency, f.is_front_line, f.duty_state, f.valid_until, f.document_number, f.reason "
        "FROM officer_post f JOIN officer o ON o.id = f.officer_id JOIN agency a ON a.id = f.agency_id "
        "WHERE f.superseded_at IS NULL AND o.code = ANY(:officers)",
    ),
    "officer_code": _Facts(
        ("code", "valid_from"),
        ("officer", "valid_until"),
        "SELECT f.id, f.code, f.valid_from, o.code AS officer, f.valid_until FROM officer_code f JOIN officer o ON o.id = f.officer_id "
        "WHERE f.superseded_at IS NULL AND f.code = ANY(:codes)",
    ),
    "certificate_term": _Facts(
        ("number", "valid_from"),
        ("officer", "valid_until"),
        "SELECT f.id, c.number, f.valid_from, o.code AS officer, f.valid_until FROM certificate_term f "
        "JOIN certificate c ON c.id = f.certificate_id JOIN officer o ON o.id = f.officer_id "
        "WHERE f.superseded_at IS NULL AND c.number = ANY(:certificates)",
    ),
    "certificate_status": _Facts(
        ("number", "since"),
        ("state", "reason", "document_number"),
        "SELECT f.id, c.number, f.since, f.state, f.reason, f.document_number FROM certificate_status f "
        "JOIN certificate c ON c.id = f.certificate_id WHERE f.superseded_at IS NULL AND c.number = ANY(:certificates)",
    ),
    "recorder_place": _Facts(
        ("serial", "valid_from"),
        ("agency", "valid_until"),
        "SELECT f.id, r.serial, f.valid_from, a.code AS agency, f.valid_until FROM recorder_place f JOIN recorder r ON r.id = f.recorder_id "
        "JOIN agency a ON a.id = f.agency_id WHERE f.superseded_at IS NULL AND r.serial = ANY(:recorders)",
    ),
    "recorder_status": _Facts(
        ("serial", "since"),
        ("state", "document_number", "reason", "wipe"),
        "SELECT f.id, r.serial, f.since, f.state, f.document_number, f.reason, f.wipe FROM recorder_status f "
        "JOIN recorder r ON r.id = f.recorder_id WHERE f.superseded_at IS NULL AND r.serial = ANY(:recorders)",
    ),
    "recorder_use": _Facts(
        ("serial", "used_on", "source"),
        (),
        "SELECT f.id, r.serial, f.used_on, f.source FROM recorder_use f JOIN recorder r ON r.id = f.recorder_id WHERE r.serial = ANY(:recorders)",
    ),
    "assignment": _Facts(
        ("serial", "officer", "valid_from"),
        ("is_exclusive", "valid_until"),
        "SELECT f.id, r.serial, o.code AS officer, f.valid_from, f.is_exclusive, f.valid_until FROM assignment f "
        "JOIN recorder r ON r.id = f.recorder_id JOIN officer o ON o.id = f.officer_id WHERE f.superseded_at IS NULL AND r.serial = ANY(:recorders)",
    ),
    "coverage_target": _Facts(
        ("agency", "due_on"),
        ("share", "document_number"),
        "SELECT f.id, a.code AS agency, f.due_on, f.share, f.document_number FROM coverage_target f JOIN agency a ON a.id = f.agency_id "
        "WHERE f.superseded_at IS NULL",
    ),
}
_UNSEALED = text(
    "SELECT r.serial, count(*) AS unsealed FROM recorder r JOIN clip ON clip.recorder_id = r.id "
    "WHERE r.serial = ANY(:serials) AND clip.state NOT IN ('sealed', 'released') GROUP BY r.serial"
)

_OFFICERS_WITHIN = text(
    "SELECT DISTINCT o.code FROM officer_post f JOIN officer o ON o.id = f.officer_id JOIN agency a ON a.id = f.agency_id "
    "WHERE f.superseded_at IS NULL AND starts_with(a.path, :path) ORDER BY o.code LIMIT :limit"
)
_RECORDERS_WITHIN = text("SELECT r.serial FROM recorder r JOIN agency a ON a.id = r.agency_id WHERE starts_with(a.path, :path) LIMIT :limit")
_CERTIFICATES_OF = text(
    "SELECT DISTINCT c.number FROM certificate_term f JOIN certificate c ON c.id = f.certificate_id JOIN officer o ON o.id = f.officer_id "
    "WHERE f.superseded_at IS NULL AND o.code = ANY(:officers)"
)
_HOLDERS = text(
    "SELECT o.code FROM officer_code f JOIN officer o ON o.id = f.officer_id WHERE f.superseded_at IS NULL AND f.code = ANY(:codes) "
    "UNION SELECT o.code FROM certificate_term f JOIN certificate c ON c.id = f.certificate_id JOIN officer o ON o.id = f.officer_id "
    "WHERE f.superseded_at IS NULL AND c.number = ANY(:certificates)"
)


class RosterFacts:
    """The roster's tables together."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def standing(self, names: RosterNames) -> dict[str, dict[Key, StandingFact]]:
        """Read every fact that stands about what a roster names, by table and key; of agencies and targets all."""
        values = {
            "officers": list(names.officers),
            "codes": list(names.codes),
            "certificates": list(names.certificates),
            "recorders": list(names.recorders),
        }
        found: dict[str, dict[Key, StandingFact]] = {}
        for table, facts in _FACTS.items():
            asked = {name: value for name, value in values.items() if f":{name}" in facts.rows}
            rows = self._session.execute(text(facts.rows), asked).mappings()
            found[table] = {
                tuple(row[name] for name in facts.key): StandingFact(row["id"], {name: row[name] for name in facts.content}) for row in rows
            }
        return found

    def named_within(self, scope: Scope, *, limit: int) -> RosterNames | None:
        """Name everybody who serves, and everything that belongs, within a scope; ``None`` when either is more than the limit."""
        bounds = {"path": scope.agency_path, "limit": limit + 1}
        officers = list(self._session.execute(_OFFICERS_WITHIN, bounds).scalars())
        recorders = list(self._session.execute(_RECORDERS_WITHIN, bounds).scalars())
        if max(len(officers), len(recorders)) > limit:
            return None
        certificates = list(self._session.execute(_CERTIFICATES_OF, {"officers": officers}).scalars())
        return RosterNames(officers, [], certificates, recorders)

    def holders(self, codes: Collection[str], certificates: Collection[str]) -> set[str]:
        """Name, by officer number, whoever has one of these numbers or certificates."""
        rows = self._session.execute(_HOLDERS, {"codes": list(codes), "certificates": list(certificates)})
        return set(rows.scalars())

    def officers(self, codes: Collection[str]) -> dict[str, Officer]:
        """Find officers by number."""
        return {officer.code: officer for officer in self._session.scalars(select(Officer).where(Officer.code.in_(codes)))} if codes else {}

    def recorders(self, serials: Collection[str]) -> dict[str, Recorder]:
        """Find recorders by serial number."""
        if not serials:
            return {}
        return {recorder.serial: recorder for recorder in self._session.scalars(select(Recorder).where(Recorder.serial.in_(serials)))}

    def certificates(self, numbers: Collection[str]) -> dict[str, UUID]:
        """Find certificates by number."""
        if not numbers:
            return {}
        rows = self._session.execute(select(Certificate.number, Certificate.id).where(Certificate.number.in_(numbers)))
        return {row.number: row.id for row in rows}

    def unsealed(self, serials: Collection[str]) -> dict[str, int]:
        """Count, by serial number, the clips of recorders that were announced and are not sealed."""
        rows = self._session.execute(_UNSEALED, {"serials": list(serials)}) if serials else ()
        return {row.serial: row.unsealed for row in rows}

    def begin(self, change: RosterChange) -> None:
        """Keep a change, before the facts that refer to it."""
        self._session.add(change)
        self._session.flush()

    def insert(self, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows of one table."""
        for start in range(0, len(rows), _AT_ONCE):
            self._session.execute(insert(model), [dict(row) for row in rows[start : start + _AT_ONCE]])

    def supersede(self, model: type[Base], ids: Sequence[UUID], *, at: datetime, by: UUID) -> int:
        """Say of rows that they are superseded; gives how many still stood."""
        table = model.__table__
        assert isinstance(table, Table)  # noqa: S101 - every model of a fact has one
        done = 0
        for start in range(0, len(ids), _AT_ONCE):
            rows = ids[start : start + _AT_ONCE]
            change = update(table).where(table.c.id.in_(rows), table.c.superseded_at.is_(None)).values(superseded_at=at, superseded_by=by)
            result = self._session.execute(change)
            done += result.rowcount if isinstance(result, CursorResult) else 0
        return done

    def add(self, rows: Iterable[Base]) -> None:
        """Write rows one by one."""
        self._session.add_all(list(rows))
        self._session.flush()

    def places_on(self, day: date) -> dict[UUID, tuple[UUID | None, str]]:
        """Where every open agency stands on a day (Asia/Shanghai), as known now: the agency above, and its name."""
        rows = self._session.execute(
            text(
                "SELECT agency_id, parent_id, name FROM agency_place WHERE superseded_at IS NULL "
                "AND valid_from <= :day AND (valid_until IS NULL OR valid_until >= :day)"
            ),
            {"day": day},
        )
        return {row.agency_id: (row.parent_id, row.name) for row in rows}

    def misplaced_recorders(self, day: date) -> list[tuple[Recorder, UUID]]:
        """List recorders that belong to another agency on a day than their row says, with that agency."""
        rows = self._session.execute(
            text(
                "SELECT r.id, f.agency_id FROM recorder_place f JOIN recorder r ON r.id = f.recorder_id AND r.agency_id <> f.agency_id "
                "WHERE f.superseded_at IS NULL AND f.valid_from <= :day AND (f.valid_until IS NULL OR f.valid_until >= :day) ORDER BY r.serial"
            ),
            {"day": day},
        )
        places = {row.id: row.agency_id for row in rows}
        recorders = self._session.scalars(select(Recorder).where(Recorder.id.in_(places))) if places else ()
        return [(recorder, places[recorder.id]) for recorder in recorders]

    def confirm(self, confirmation: RosterConfirmation) -> None:
        """Keep that an agency confirmed its roster for a month."""
        self._session.add(confirmation)
        self._session.flush()

    def confirmed(self, month: date) -> dict[UUID, RosterConfirmation]:
        """Which agencies confirmed a month, by agency."""
        query = select(RosterConfirmation).where(RosterConfirmation.month == month)
        return {row.agency_id: row for row in self._session.scalars(query)}

    def source_state(self, name: str) -> RosterSourceState | None:
        """How far a source that rosters are pulled from was read."""
        return self._session.get(RosterSourceState, name)

    def keep_source_state(self, state: RosterSourceState) -> None:
        """Keep how far a source was read, instead of what was kept of it."""
        self._session.merge(state)
        self._session.flush()

    def agencies(self) -> list[Agency]:
        """Every agency, by path."""
        return list(self._session.scalars(select(Agency).order_by(Agency.path)))
