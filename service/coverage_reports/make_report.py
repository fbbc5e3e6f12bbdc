"""A frozen figure is reported: a signed document with the proof that the figure was in the custody log (docs/formats/coverage-report.md)."""

import base64
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from evidence_store.actor import WORKER, Actor
from evidence_store.coverage_facts import FactsAt
from evidence_store.models import CoverageSnapshot, ReportDelivery, ReportSent
from evidence_store.unit_of_work import UnitOfWork
from integrity.coverage_report import (
    CoverageReport,
    MissingName,
    ReportedFigure,
    ReportedSnapshot,
    Reporter,
    SnapshotProof,
    parse_report,
    sign_report,
)
from integrity.coverage_report_checks import ACTION, SUBJECT
from integrity.hashing import sha256_hex
from integrity.merkle import inclusion_proof
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.errors import SnapshotNotFoundError
from service.coverage.measure import missing_officer, tree_at
from service.coverage_reports.errors import ReportNotFoundError, SnapshotNotSealedError

REPORT_SUBJECT = "coverage_report"


@dataclass(frozen=True, slots=True)
class WantedReport:
    """What is to be reported.

    Attributes:
        day: The newest edition of this day's figure.
        include_names: Whether the gap is told by name.
        is_delivered: Whether it is posted to the level above; else it goes as a file.
    """

    day: date
    include_names: bool = False
    is_delivered: bool = False


def make_report(context: ServiceContext, wanted: WantedReport, *, actor: Actor = WORKER) -> ReportSent:
    """Report the newest edition of a day's figure.

    A report of that edition that is there already is given again: to be delivered, one that is delivered or on its way; as a file, one that tells as
    much.

    Raises:
        SnapshotNotFoundError: The day is not frozen.
        SnapshotNotSealedError: Its figure is not under a stamped checkpoint yet; nothing was kept.
    """
    with context.unit_of_work() as work:
        work.snapshots.lock_ledger()  # two reports of one day are made one after the other, so that the second replaces the first
        top = work.agencies.top()
        editions = [] if top is None else work.snapshots.editions(top.id, wanted.day)
        if not editions:
            raise SnapshotNotFoundError(f"of {wanted.day}")
        snapshot = editions[-1]
        for sent in reversed(work.coverage_reports.sent_of(snapshot.id)):
            is_posted = work.coverage_reports.delivery(sent.id) is not None
            if is_posted if wanted.is_delivered else _has_names(sent) == wanted.include_names:
                return sent
        return _make(context, work, snapshot, wanted, actor)


def read_document(context: ServiceContext, report_id: UUID, *, actor: Actor) -> str:
    """Read a report that was sent or received, as it was signed.

    Raises:
        NotPermittedError: This role may not.
        ReportNotFoundError: There is none, or it is about an agency that is not the actor's.
    """
    require(Action.EXCHANGE_REPORTS, actor)
    with context.unit_of_work() as work:
        sent, received = work.coverage_reports.sent(report_id), work.coverage_reports.received(report_id)
        if sent is not None:
            top = work.agencies.top()
            if top is not None and top.path.startswith(actor.scope.agency_path):
                return sent.document
        elif received is not None:
            agency = work.agencies.get(received.agency_id)
            if agency is not None and agency.path.startswith(actor.scope.agency_path):
                return received.document
    raise ReportNotFoundError(str(report_id))


def _make(context: ServiceContext, work: UnitOfWork, snapshot: CoverageSnapshot, wanted: WantedReport, actor: Actor) -> ReportSent:
    report_id, now = context.new_id(), context.clock.now()
    before = work.coverage_reports.newest_sent(snapshot.agency_id, snapshot.day)
    top = work.agencies.get(snapshot.agency_id)
    told = context.settings.report_to
    report = CoverageReport(
        report_id=str(report_id),
        made_at=now,
        reporter=Reporter(context.log_signer.name, (told and told.agency) or (top.code if top else "")),
        snapshot=_told(snapshot),
        figures=_figures(work, snapshot),
        replaces=str(before.id) if before else None,
        names=tuple(_names(work, snapshot)) if wanted.include_names else None,
        proof=_prove(work, snapshot),
    )
    document = sign_report(report, context.log_signer)
    sent = ReportSent(id=report_id, snapshot_id=snapshot.id, replaces_id=before.id if before else None, document=document.decode(), made_at=now)
    delivery = ReportDelivery(report_id=report_id, attempts=0, tried_at=None, delivered_at=None, failure=None) if wanted.is_delivered else None
    work.coverage_reports.add_sent(sent, delivery)
    details = {"snapshot": str(snapshot.id), "day": snapshot.day.isoformat(), "replaces": report.replaces, "sha256": sha256_hex(document)}
    work.custody.append(REPORT_SUBJECT, report_id, "report.made", actor=actor, at=now, details={**details, "has_names": wanted.include_names})
    return sent


def _figures(work: UnitOfWork, snapshot: CoverageSnapshot) -> tuple[ReportedFigure, ...]:
    figures = sorted(work.snapshots.all_figures(snapshot.id), key=lambda one: one.code)
    codes = {figure.agency_id: figure.code for figure in figures}
    return tuple(
        ReportedFigure(
            code=one.code,
            name=one.name,
            level=one.level,
            parent=codes[one.parent_id] if one.parent_id else None,
            numerator=one.numerator,
            denominator=one.denominator,
            own_numerator=one.own_numerator,
            own_denominator=one.own_denominator,
            gap=one.gap,
            beside=one.beside,
        )
        for one in figures
    )


def _told(snapshot: CoverageSnapshot) -> ReportedSnapshot:
    return ReportedSnapshot(
        id=str(snapshot.id),
        day=snapshot.day.isoformat(),
        kind=snapshot.kind,
        edition=snapshot.edition,
        cut_off=snapshot.cut_off,
        known_until=snapshot.known_until,
        made_at=snapshot.made_at,
        is_late=snapshot.is_late,
        method=snapshot.method,
        roster_sha256=snapshot.roster_sha256,
        figures_sha256=snapshot.figures_sha256,
    )


def _names(work: UnitOfWork, snapshot: CoverageSnapshot) -> list[MissingName]:
    at = FactsAt(snapshot.day, snapshot.known_until)
    rows = list(work.coverage.roster(at, only_missing=True))
    tree = tree_at(work, at, serving={row.agency_id for row in rows})
    missing = (missing_officer(row, tree, at.day) for row in rows)
    return [MissingName(one.code, one.name, one.agency.code, str(one.reason)) for one in missing if one is not None]


def _prove(work: UnitOfWork, snapshot: CoverageSnapshot) -> SnapshotProof:
    """Prove by the newest stamped checkpoint that the snapshot's event is in the log."""
    found = next(((event, index) for event, index in work.custody.chain(SUBJECT, snapshot.id) if event.action == ACTION), None)
    stamped = work.log.newest_stamped()
    if found is None or found[1] is None or stamped is None or found[1] >= stamped[0].size:
        raise SnapshotNotSealedError(snapshot.day)
    event, leaf_index = found[0], found[1]
    checkpoint, receipt = stamped
    proof = work.log.over_nodes(lambda read: inclusion_proof(read, leaf_index, tree_size=checkpoint.size))
    lines = "".join(one.line for one in work.log.cosignatures(checkpoint.size))
    return SnapshotProof(
        event=base64.b64encode(event.canonical).decode(),
        leaf_index=leaf_index,
        path=tuple(one.hex() for one in proof.path),
        checkpoint=checkpoint.note + lines,
        token=base64.b64encode(receipt.token).decode(),
    )


def _has_names(sent: ReportSent) -> bool:
    return parse_report(sent.document.encode()).report.names is not None
