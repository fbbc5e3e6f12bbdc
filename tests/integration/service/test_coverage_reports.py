import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from evidence_store.object_store.memory import MemoryObjectStore
from integrity.checkpoint import verifier_key
from integrity.coverage_report import parse_report, sign_report
from integrity.coverage_report_checks import find_faults
from integrity.signing import Ed25519Signer
from service.coverage.errors import SnapshotNotFoundError
from service.coverage.freeze import freeze_due
from service.coverage.measure import cut_off
from service.coverage.restate import restate_snapshots
from service.coverage_reports.errors import (
    ReportAgencyError,
    ReportConflictError,
    ReportDamagedError,
    ReportFromFutureError,
    ReportNotFoundError,
    ReportSignatureError,
    SnapshotNotSealedError,
    UnknownReporterError,
)
from service.coverage_reports.make_report import WantedReport, make_report, read_document
from service.coverage_reports.receive_report import receive_carried, receive_posted, which_reporter
from service.coverage_reports.send_reports import send_reports
from service.elsewhere import ReporterBelow, ReportsElsewhere
from service.errors import NotPermittedError
from service.outgoing import OutgoingAnswer, OutgoingFailedError
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.service_fixtures import running_service

INSTALLED = datetime(2026, 12, 29, 3, tzinfo=UTC)
DAY = date(2026, 12, 31)
TOKEN = "a token of sixteen characters or more"
URL = "http://127.0.0.1:9/api/v1/coverage/reports"


def officer(number):
    certificate = {"number": f"C{number}", "valid_from": "2024-01-01", "valid_until": "2029-12-31"}
    posts = [{"agency": "01", "valid_from": "2024-01-01"}]
    return {"code": f"{number:06}", "name": f"示范人员 {number:04}", "posts": posts, "certificates": [certificate]}


def recorder(number, since="2024-03-01"):
    assignments = [{"officer": f"{number:06}", "valid_from": since}]
    return {"serial": f"ZF{number:05}", "agency": "01", "changes": [{"state": "in_service", "since": "2024-03-01"}], "assignments": assignments}


def take(service, **roster):
    import_roster(service.context, Roster.model_validate(roster), actor=service.administrator)


@dataclass
class PostOffice:
    """Stands for the way to the level above: keeps what was posted, or is broken."""

    posted: list
    failure: str | None = None
    status: int = 201

    def post(self, request):
        if self.failure:
            raise OutgoingFailedError(request.url, self.failure)
        self.posted.append(request)
        return OutgoingAnswer(self.status, "application/json", b"{}")


@pytest.fixture
def province(tmp_path, database):
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN)
    told = ReportsElsewhere(url=URL, token_file=token_file, agency="44")
    settings = {"report_to": told, "outgoing_hosts": ("127.0.0.1:9",)}
    with running_service(tmp_path, database, MemoryObjectStore(), started_at=INSTALLED, **settings) as service:
        object.__setattr__(service.context, "outgoing", PostOffice([]))
        agency = {"code": "01", "name": "示范市", "level": "city"}
        take(service, agencies=[agency], officers=[officer(1), officer(2)], recorders=[recorder(1)])
        service.clock.time = cut_off(DAY) + timedelta(minutes=10)
        freeze_due(service.context)
        service.seal()
        yield service


@pytest.fixture
def key(province):
    return verifier_key(province.context.log_signer.name, province.context.log_signer.public_key)


@pytest.fixture
def ministry(tmp_path, postgresql, province, key):
    reporter = ReporterBelow(name="示范省", agency="44", key=key, token=TOKEN)
    with (
        postgresql.database() as database,
        running_service(tmp_path / "ministry", database, MemoryObjectStore(), started_at=province.clock.time, reporters=(reporter,)) as service,
    ):
        take(service, agencies=[{"code": "44", "name": "示范省", "level": "province"}])
        service.reporter = reporter
        service.clock.time = province.clock.time + timedelta(minutes=1)
        yield service


def report_of(service, day=DAY, **options):
    return make_report(service.context, WantedReport(day, **options))


def receive(ministry, document):
    return receive_posted(ministry.context, document.encode() if isinstance(document, str) else document, reporter=ministry.reporter)


def received(ministry):
    with ministry.context.unit_of_work() as work:
        return work.coverage_reports.list_received(ministry.administrator.scope, limit=100)


def correct(province):
    """A correction of the past restates the month's figure after its closing date."""
    province.clock.time = cut_off(date(2027, 1, 20))
    take(province, recorders=[recorder(2, "2026-12-01")])
    freeze_due(province.context)
    province.clock.advance(hours=1)
    restate_snapshots(province.context)
    province.seal()


def test_a_report_carries_the_frozen_figures_and_their_proof(province, key):
    sent = report_of(province)

    signed = parse_report(sent.document.encode())
    signed.check_signature(key)
    assert find_faults(signed.report, key=key) == []
    assert (signed.report.top.numerator, signed.report.top.denominator) == (1, 2)
    assert (signed.report.reporter.agency, signed.report.names, signed.report.replaces) == ("44", None, None)


def test_names_are_told_when_asked_for_and_the_second_report_replaces_the_first(province, key):
    first = report_of(province)

    second = report_of(province, include_names=True)

    report = parse_report(second.document.encode()).report
    assert [(one.officer, one.agency, one.reason) for one in report.names] == [("000002", "01", "no_recorder")]
    assert report.replaces == str(first.id)
    assert find_faults(report, key=key) == []


def test_the_same_report_is_not_made_twice(province):
    assert report_of(province).id == report_of(province).id


def test_two_workers_make_one_report_to_be_delivered_beside_one_that_went_as_a_file(province):
    carried = report_of(province)

    first, second = report_of(province, is_delivered=True), report_of(province, is_delivered=True)

    assert first.id == second.id != carried.id
    assert first.replaces_id == carried.id


def test_a_figure_that_is_not_sealed_is_not_reported(province):
    province.clock.time = cut_off(date(2027, 1, 1)) + timedelta(minutes=10)
    freeze_due(province.context)

    with pytest.raises(SnapshotNotSealedError):
        report_of(province, date(2027, 1, 1))
    with pytest.raises(SnapshotNotFoundError):
        report_of(province, date(2027, 1, 2))


def test_months_are_reported_by_themselves_and_once(province):
    send_reports(province.context)
    send_reports(province.context)

    (request,) = province.context.outgoing.posted
    assert (request.url, request.headers["Authorization"]) == (URL, f"Bearer {TOKEN}")
    report = parse_report(request.body).report
    assert report.snapshot.day == "2026-12-31", "the days before are daily, and are not reported"
    with province.context.unit_of_work() as work:
        (row,) = work.coverage_reports.list_sent(limit=10)
        actions = [event.action for event, _ in work.custody.chain("coverage_report", row.report.id)]
    assert row.delivery.delivered_at == province.clock.time
    assert actions == ["report.made", "report.sent"]


def test_what_does_not_arrive_is_tried_again_after_growing_waits(province):
    province.context.outgoing.failure = "nobody is there"
    tries = 0
    for _ in range(64):
        with province.context.unit_of_work() as work:
            before = [one.attempts for one in work.coverage_reports.undelivered()]
        send_reports(province.context)
        with province.context.unit_of_work() as work:
            (delivery,) = work.coverage_reports.undelivered()
        tries += before != [delivery.attempts]
        province.clock.advance(minutes=1)
    province.context.outgoing.failure = None
    province.clock.advance(hours=6)

    send_reports(province.context)

    assert tries == 7, "at minutes 0, 1, 3, 7, 15, 31 and 63"
    assert delivery.failure.endswith("nobody is there")
    assert len(province.context.outgoing.posted) == 1


def test_an_answer_that_refuses_is_told_and_tried_again(province):
    province.context.outgoing.status = 403

    send_reports(province.context)

    with province.context.unit_of_work() as work:
        (delivery,) = work.coverage_reports.undelivered()
    assert "answered 403" in delivery.failure


def test_a_received_report_is_kept_once_with_its_custody_event(province, ministry):
    document = report_of(province).document

    first, second = receive(ministry, document), receive(ministry, document)

    assert (first.is_new, second.is_new) == (True, False)
    assert (first.report.numerator, first.report.denominator, first.report.faults) == (1, 2, [])
    with ministry.context.unit_of_work() as work:
        ((event, _),) = work.custody.chain("coverage_report", first.report.id)
    assert json.loads(event.canonical)["action"] == "report.received"


def test_a_restatement_replaces_the_report_before(province, ministry):
    send_reports(province.context)
    correct(province)
    send_reports(province.context)
    ministry.clock.time = province.clock.time

    results = [receive(ministry, request.body) for request in province.context.outgoing.posted]

    assert [result.report.faults for result in results] == [[]] * len(results)
    assert {(row.report.numerator, row.is_replaced) for row in received(ministry)} == {(1, True), (2, False)}


def test_a_restatement_that_comes_alone_is_kept_and_flagged(province, ministry):
    send_reports(province.context)
    correct(province)
    send_reports(province.context)
    ministry.clock.time = province.clock.time

    late = receive(ministry, province.context.outgoing.posted[-1].body)

    assert [fault["code"] for fault in late.report.faults] == ["replaces_unknown"]
    assert late.report.replaces_id is None


@pytest.mark.parametrize("damage", [b'"denominator":2', b'"numerator":1'])
def test_a_tampered_report_is_refused_and_leaves_nothing(province, ministry, damage):
    document = report_of(province).document.encode()
    assert damage in document

    with pytest.raises(ReportSignatureError):
        receive(ministry, document.replace(damage, damage[:-1] + b"9"))
    with pytest.raises(ReportDamagedError):
        receive(ministry, document[:-1])
    assert received(ministry) == []


def forge(document, signer, **changes):
    report = replace(parse_report(document.encode()).report, **changes)
    return sign_report(report, signer)


def test_another_key_is_refused(province, ministry):
    stranger = Ed25519Signer(province.context.log_signer.name, bytes(32))

    with pytest.raises(ReportSignatureError):
        receive(ministry, forge(report_of(province).document, stranger))
    assert received(ministry) == []


def test_nobody_speaks_for_another_agency(province, ministry):
    document = report_of(province).document
    reporter = replace(parse_report(document.encode()).report.reporter, agency="45")

    with pytest.raises(ReportAgencyError):
        receive(ministry, forge(document, province.context.log_signer, reporter=reporter))
    assert received(ministry) == []


def test_a_day_that_is_not_over_is_refused(province, ministry):
    document = report_of(province).document
    ministry.clock.time = cut_off(DAY) - timedelta(minutes=1)

    with pytest.raises(ReportFromFutureError):
        receive(ministry, document)
    assert received(ministry) == []


def test_another_report_under_the_same_id_is_refused(province, ministry):
    document = report_of(province).document
    receive(ministry, document)

    with pytest.raises(ReportConflictError):
        receive(ministry, forge(document, province.context.log_signer, made_at=province.clock.time + timedelta(seconds=5)))
    assert len(received(ministry)) == 1


def test_a_signed_report_that_contradicts_itself_is_kept_with_its_faults(province, ministry):
    document = report_of(province).document
    figures = parse_report(document.encode()).report.figures
    figures = (replace(figures[0], numerator=3), *figures[1:])

    result = receive(ministry, forge(document, province.context.log_signer, figures=figures))

    assert {"numerator_exceeds", "sum_differs", "figures_differ"} <= {fault["code"] for fault in result.report.faults}


def test_a_file_is_taken_from_an_administrator_and_from_nobody_else(province, ministry):
    document = report_of(province).document.encode()

    assert receive_carried(ministry.context, document, actor=ministry.administrator).report.reporter == "示范省"
    with pytest.raises(NotPermittedError):
        receive_carried(ministry.context, document, actor=ministry.people["reviewer"])


def test_a_token_names_its_reporter(ministry):
    assert which_reporter(ministry.context, TOKEN).name == "示范省"
    with pytest.raises(UnknownReporterError):
        which_reporter(ministry.context, "another token of sixteen characters")


def test_a_document_is_read_again_as_it_came(province, ministry):
    document = report_of(province).document
    report = receive(ministry, document).report

    assert read_document(ministry.context, report.id, actor=ministry.administrator) == document
    assert read_document(province.context, report.id, actor=province.administrator) == document
    with pytest.raises(ReportNotFoundError):
        read_document(ministry.context, ministry.context.new_id(), actor=ministry.administrator)


def test_a_received_report_cannot_be_rewritten(province, ministry):
    report_id = receive(ministry, report_of(province).document).report.id

    with pytest.raises(Exception, match="permission denied"), ministry.context.unit_of_work() as work:
        work.coverage_reports.received(report_id).numerator = 2
