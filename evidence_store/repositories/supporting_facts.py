"""The facts that say why an officer counted and what they had, as they were known at an instant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from evidence_store.coverage_facts import FactsAt
from evidence_store.repositories.coverage import known_at, vars_of


@dataclass(frozen=True, slots=True)
class SupportingFact:
    """One fact that was known.

    Attributes:
        officer: Officer number.
        kind: ``post``, ``certificate``, ``certificate_status``, ``assignment`` or ``recorder_status``.
        subject: Code of an agency, number of a certificate, or serial of a recorder.
        what: What it says of it, in words of the roster: ``front_line on_duty``, ``suspended``, ``exclusive``.
        valid_from: First day; ``valid_until`` the last, ``None`` while it lasts.
        recorded_at: Since when it was known, UTC.
        change_id: The change of the roster that brought it; ``None`` for what was there before changes were kept.
        made_by: Who brought that change.
        origin: How it came: ``json``, ``csv``, ``xlsx``, ``pull``, ``push`` or ``page``.
    """

    officer: str
    kind: str
    subject: str
    what: str
    valid_from: date
    valid_until: date | None
    document_number: str
    reason: str
    recorded_at: datetime
    change_id: UUID | None
    made_by: str | None
    origin: str | None


_FACTS = text(
    f"""
    WITH chosen AS (SELECT id, code FROM officer WHERE code = ANY(:codes)),
    had AS (
      SELECT DISTINCT chosen.code, assignment.recorder_id FROM chosen JOIN assignment ON assignment.officer_id = chosen.id
      WHERE assignment.valid_from <= :day AND {known_at("assignment")}
    ),
    facts AS (
      SELECT chosen.code AS officer, 'post' AS kind, agency.code AS subject,
        concat_ws(' ', CASE WHEN post.is_front_line THEN 'front_line' ELSE 'not_front_line' END, post.duty_state) AS what,
        post.valid_from, post.valid_until, post.document_number, post.reason, post.recorded_at, post.change_id
      FROM chosen JOIN officer_post post ON post.officer_id = chosen.id JOIN agency ON agency.id = post.agency_id
      WHERE post.valid_from <= :day AND {known_at("post")}
      UNION ALL
      SELECT chosen.code, 'certificate', certificate.number, 'issued', term.valid_from, term.valid_until, '', '', term.recorded_at, term.change_id
      FROM chosen JOIN certificate_term term ON term.officer_id = chosen.id JOIN certificate ON certificate.id = term.certificate_id
      WHERE term.valid_from <= :day AND {known_at("term")}
      UNION ALL
      SELECT DISTINCT chosen.code, 'certificate_status', certificate.number, status.state, status.since, CAST(NULL AS date), status.document_number,
        status.reason, status.recorded_at, status.change_id
      FROM chosen JOIN certificate_term term ON term.officer_id = chosen.id AND {known_at("term")}
      JOIN certificate ON certificate.id = term.certificate_id JOIN certificate_status status ON status.certificate_id = term.certificate_id
      WHERE status.since <= :day AND {known_at("status")}
      UNION ALL
      SELECT chosen.code, 'assignment', recorder.serial, CASE WHEN assignment.is_exclusive THEN 'exclusive' ELSE 'pool' END, assignment.valid_from,
        assignment.valid_until, '', '', assignment.recorded_at, assignment.change_id
      FROM chosen JOIN assignment ON assignment.officer_id = chosen.id JOIN recorder ON recorder.id = assignment.recorder_id
      WHERE assignment.valid_from <= :day AND {known_at("assignment")}
      UNION ALL
      SELECT had.code, 'recorder_status', recorder.serial, status.state, status.since, CAST(NULL AS date), status.document_number, status.reason,
        status.recorded_at, status.change_id
      FROM had JOIN recorder ON recorder.id = had.recorder_id JOIN recorder_status status ON status.recorder_id = had.recorder_id
      WHERE status.since <= :day AND {known_at("status")}
    )
    SELECT facts.*, change.made_by, change.origin FROM facts LEFT JOIN roster_change change ON change.id = facts.change_id
    ORDER BY facts.officer COLLATE "C",
      array_position(ARRAY['post', 'certificate', 'certificate_status', 'assignment', 'recorder_status'], facts.kind), facts.valid_from, facts.subject
    """
)


class SupportingFacts:
    """Facts of chosen officers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, officer_codes: Sequence[str], at: FactsAt) -> list[SupportingFact]:
        """List what was known of officers, up to a day; by officer number, kind, and first day."""
        rows = self._session.execute(_FACTS, {**vars_of(at), "codes": list(officer_codes)})
        return [SupportingFact(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public way to a row's members

    def names(self, officer_codes: Sequence[str]) -> dict[str, str]:
        """Names of officers, by number."""
        rows = self._session.execute(text("SELECT code, name FROM officer WHERE code = ANY(:codes)"), {"codes": list(officer_codes)})
        return {row.code: row.name for row in rows}
