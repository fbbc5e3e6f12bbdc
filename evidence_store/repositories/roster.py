"""Facts of the roster as a whole, for those who take many in at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence_store.models import (
    AgencyPlace,
    Assignment,
    Base,
    Certificate,
    CertificateStatus,
    CertificateTerm,
    Officer,
    OfficerCode,
    OfficerPost,
    Recorder,
    RecorderPlace,
    RecorderStatus,
)

_ORDER: tuple[type[Base], ...] = (
    *(AgencyPlace, Officer, Recorder, OfficerCode, OfficerPost, Certificate, CertificateTerm, CertificateStatus),
    *(RecorderPlace, RecorderStatus, Assignment),
)


@dataclass(frozen=True, slots=True)
class FactKeys:
    """What identifies each fact that is known.

    Attributes:
        certificates: Certificate id by number.
        keys: ``("officer_code", officer, code, from)``,
            ``("officer_post", officer, agency, from)``, ``("certificate_status", certificate, state, since)``,
            ``("recorder_status", recorder, state, since)`` and ``("assignment", recorder, officer, from)``.
    """

    certificates: dict[str, UUID]
    keys: set[tuple[Any, ...]]


class RosterFacts:
    """The roster's tables together."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def fact_keys(self) -> FactKeys:
        """Read what is known."""
        certificates = {row.number: row.id for row in self._session.execute(select(Certificate.number, Certificate.id))}
        queries = (
            ("officer_code", select(OfficerCode.officer_id, OfficerCode.code, OfficerCode.valid_from)),
            ("officer_post", select(OfficerPost.officer_id, OfficerPost.agency_id, OfficerPost.valid_from)),
            ("certificate_status", select(CertificateStatus.certificate_id, CertificateStatus.state, CertificateStatus.since)),
            ("recorder_status", select(RecorderStatus.recorder_id, RecorderStatus.state, RecorderStatus.since)),
            ("assignment", select(Assignment.recorder_id, Assignment.officer_id, Assignment.valid_from)),
        )
        return FactKeys(certificates, {(name, *row) for name, query in queries for row in self._session.execute(query)})

    def add(self, rows: Sequence[Base]) -> None:
        """Add facts, those first that others refer to."""
        for kind in _ORDER:
            self._session.add_all([row for row in rows if isinstance(row, kind)])
            self._session.flush()
