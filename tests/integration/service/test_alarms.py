"""Alarms are opened and ended by what the roster says, and webhooks are told until they have taken it."""

import hashlib
import hmac
import json
import threading
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from evidence_store.actor import Role
from evidence_store.models import WebhookDelivery
from evidence_store.object_store.memory import MemoryObjectStore
from integrity.listing import RecorderIdentity
from service.coverage_outlook.alarms import AlarmKind
from service.coverage_outlook.list_alarms import count_open_alarms, list_alarms
from service.coverage_outlook.watch import watch_coverage
from service.coverage_outlook.webhooks import deliver_webhooks, read_webhooks
from service.health import read_health
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.builders import make_file
from tests.service_fixtures import running_service

TODAY = date(2026, 11, 24)


def officer(number, *, since="2024-01-01", certified="2024-01-01", changes=()):
    certificate = {"number": f"C{number}", "valid_from": certified, "valid_until": "2029-12-31", "changes": list(changes)}
    posts = [{"agency": "01", "valid_from": since}]
    return {"code": f"{number:06}", "name": f"示范人员 {number:04}", "posts": posts, "certificates": [certificate]}


def recorder(number, *, holder=None, since="2024-03-01", changes=None, until=None):
    assignments = [{"officer": f"{holder:06}", "valid_from": since, "valid_until": until}] if holder else []
    states = changes or [{"state": "in_service", "since": since}]
    return {"serial": f"ZF{number:05}", "agency": "01", "changes": states, "assignments": assignments}


AGENCIES = [{"code": "01", "name": "示范市", "level": "city"}, {"code": "02", "name": "样例市", "level": "city"}]
SUSPENDED = {"state": "suspended", "since": "2026-11-10", "reason": "示范", "document_number": "1"}


def tell(service, **rows):
    import_roster(service.context, Roster.model_validate(rows), actor=service.administrator)


def alarms(service, kind=None):
    found = list_alarms(service.context, actor=service.administrator, kind=kind)
    return {(row.alarm.kind, row.alarm.subject): row.alarm for row in found.alarms}


def test_a_recorder_of_somebody_whose_certificate_was_taken_is_to_be_recovered_until_it_is(service):
    tell(service, agencies=AGENCIES, officers=[officer(1, changes=[SUSPENDED]), officer(2)], recorders=[recorder(1, holder=1), recorder(2, holder=2)])
    watch_coverage(service.context)

    (alarm,) = alarms(service, AlarmKind.HELD_WITHOUT_CERTIFICATE).values()
    assert (alarm.subject, alarm.since, alarm.details) == ("officer:000001", date(2026, 11, 10), {"state": "suspended", "recorders": ["ZF00001"]})

    given_back = recorder(1, holder=1, until="2026-11-23")
    tell(service, recorders=[given_back])
    watch_coverage(service.context)
    assert alarms(service, AlarmKind.HELD_WITHOUT_CERTIFICATE) == {}


def test_a_second_certificate_that_is_valid_is_no_alarm(service):
    both = officer(1, changes=[SUSPENDED])
    both["certificates"].append({"number": "C1-2", "valid_from": "2026-01-01", "valid_until": "2029-12-31"})
    tell(service, agencies=AGENCIES, officers=[both], recorders=[recorder(1, holder=1)])
    watch_coverage(service.context)

    assert alarms(service, AlarmKind.HELD_WITHOUT_CERTIFICATE) == {}


def test_a_recorder_that_nobody_docked_is_an_alarm_only_where_recorders_are_docked(service):
    tell(service, agencies=AGENCIES, officers=[officer(1), officer(2)], recorders=[recorder(1, holder=1), recorder(2, holder=2)])
    watch_coverage(service.context)
    assert alarms(service, AlarmKind.NOT_DOCKED) == {}

    service.dock_one(make_file(), b"footage", identity=RecorderIdentity("mass-storage", "ZF00001", "000001", "1234ABCD"))
    watch_coverage(service.context)
    (alarm,) = alarms(service, AlarmKind.NOT_DOCKED).values()
    assert (alarm.subject, alarm.since, alarm.details) == ("recorder:ZF00002", date(2024, 3, 31), {"officer": "000002", "last_seen": None})

    service.clock.advance(days=31)
    watch_coverage(service.context)
    found = alarms(service, AlarmKind.NOT_DOCKED)
    assert found["not_docked", "recorder:ZF00001"].since == TODAY + timedelta(days=30)

    tell(service, recorders=[{**recorder(2), "changes": [], "uses": [{"used_on": "2026-12-20", "source": "示范平台"}]}])
    watch_coverage(service.context)
    assert {subject for _, subject in alarms(service, AlarmKind.NOT_DOCKED)} == {"recorder:ZF00001"}


@pytest.mark.parametrize(
    ("officers", "recorders", "since"),
    [
        ([officer(1)], [], date(2024, 1, 31)),
        ([officer(1, certified="2026-10-25")], [], date(2026, 11, 24)),
        ([officer(1, certified="2026-10-26")], [], None),
        ([officer(1, since="2026-11-01")], [], None),
        ([officer(1)], [recorder(1, holder=1, until="2026-10-10")], date(2026, 11, 10)),
        ([officer(1)], [recorder(1, holder=1, until="2026-11-20")], None),
        (
            [officer(1)],
            [recorder(1, holder=1, changes=[{"state": "in_service", "since": "2024-03-01"}, {"state": "lost", "since": "2026-09-01"}])],
            date(2026, 10, 1),
        ),
    ],
)
def test_an_officer_without_a_recorder_is_an_alarm_once_the_gap_is_old_enough(service, officers, recorders, since):
    tell(service, agencies=AGENCIES, officers=officers, recorders=recorders)
    watch_coverage(service.context)

    assert [alarm.since for alarm in alarms(service, AlarmKind.WITHOUT_RECORDER).values()] == ([] if since is None else [since])


def test_somebody_who_only_moved_to_another_agency_is_not_waited_for_anew(service):
    moved = officer(1)
    moved["posts"] = [{"agency": "02", "valid_from": "2024-01-01", "valid_until": "2026-11-14"}, {"agency": "01", "valid_from": "2026-11-15"}]
    tell(service, agencies=AGENCIES, officers=[moved])
    watch_coverage(service.context)

    (alarm,) = alarms(service, AlarmKind.WITHOUT_RECORDER).values()
    assert alarm.since == date(2024, 1, 31)


def test_an_agency_below_its_path_is_an_alarm_until_it_has_caught_up(service):
    targets = [{"agency": "01", "due_on": "2025-12-31", "share": "0.9", "document_number": "示范"}]
    tell(service, agencies=AGENCIES, officers=[officer(1), officer(2)], recorders=[recorder(1, holder=1)], targets=targets)
    watch_coverage(service.context)

    (alarm,) = alarms(service, AlarmKind.BELOW_PATH).values()
    assert (alarm.subject, alarm.details) == ("agency:01", {"numerator": 1, "denominator": 2, "needed": 2})

    tell(service, recorders=[recorder(2, holder=2)])
    watch_coverage(service.context)
    assert alarms(service, AlarmKind.BELOW_PATH) == {}


def test_looking_again_opens_nothing_twice(service):
    tell(service, agencies=AGENCIES, officers=[officer(1)])
    watch_coverage(service.context)
    before = {alarm.id for alarm in alarms(service).values()}
    service.clock.advance(days=1)
    watch_coverage(service.context)

    assert {alarm.id for alarm in alarms(service).values()} == before
    assert all(alarm.last_seen == service.clock.now() for alarm in alarms(service).values())


def test_a_change_of_the_roster_has_alarms_looked_for(service):
    tell(service, agencies=AGENCIES)

    with service.context.unit_of_work() as work:
        assert work.jobs.count_waiting(watch_coverage.job_name) == 1


def test_alarms_of_other_agencies_are_not_seen(service):
    tell(service, agencies=AGENCIES, officers=[officer(1)])
    watch_coverage(service.context)

    assert count_open_alarms(service.context, actor=service.administrator) == 1
    assert list_alarms(service.context, actor=service.people[Role.REVIEWER], agency_code="02").alarms == ()


class Receiver:
    """A webhook's other side on loopback: answers what it is told to, and remembers what it got."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.got: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def telling_service(tmp_path, database, receiver):
    (tmp_path / "secret").write_text("a shared secret\n")
    webhooks = [{"name": "duty-room", "url": f"http://127.0.0.1:{receiver.port}/alarms", "secret_file": str(tmp_path / "secret")}]
    hosts = (f"127.0.0.1:{receiver.port}",)
    with running_service(tmp_path, database, MemoryObjectStore(), webhooks=webhooks, outgoing_hosts=hosts) as made:
        yield made


def test_a_webhook_that_fails_first_is_told_again_until_it_takes_it(telling_service, receiver):
    service, receiver.statuses = telling_service, [500, 302]
    tell(service, agencies=AGENCIES, officers=[officer(1)])
    watch_coverage(service.context)

    deliver_webhooks(service.context)
    deliver_webhooks(service.context)
    assert len(receiver.got) == 1
    service.clock.advance(minutes=1)
    deliver_webhooks(service.context)
    service.clock.advance(minutes=5)
    deliver_webhooks(service.context)
    service.clock.advance(days=2)
    deliver_webhooks(service.context)

    assert len(receiver.got) == 3
    assert read_webhooks(service.context).waiting == 0
    headers, body = receiver.got[-1]
    seconds, _, signature = headers["Bodycam-Signature"].removeprefix("t=").partition(",v1=")
    assert signature == hmac.new(b"a shared secret", f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert (told["format"], told["what"], told["delivery"]) == ("bodycam-alarm/1", "opened", headers["Bodycam-Delivery"])
    assert (told["alarm"]["kind"], told["alarm"]["subject"], told["alarm"]["agency"]) == ("without_recorder", "officer:000001", "01")
    assert "示范人员" not in body.decode()
    assert len({one["Bodycam-Delivery"] for one, _ in receiver.got}) == 1


def test_the_end_of_an_alarm_is_told_too(telling_service, receiver):
    service = telling_service
    tell(service, agencies=AGENCIES, officers=[officer(1)])
    watch_coverage(service.context)
    tell(service, recorders=[recorder(1, holder=1)])
    watch_coverage(service.context)
    deliver_webhooks(service.context)

    assert [json.loads(body)["what"] for _, body in receiver.got] == ["opened", "ended"]


def test_what_nobody_takes_in_seven_days_is_given_up_and_said_so(telling_service, receiver):
    service, receiver.statuses = telling_service, [503] * 100
    tell(service, agencies=AGENCIES, officers=[officer(1)])
    watch_coverage(service.context)
    for _ in range(9):
        deliver_webhooks(service.context)
        service.clock.advance(days=1)
    tried = len(receiver.got)
    deliver_webhooks(service.context)

    state = read_webhooks(service.context)
    assert len(receiver.got) == tried
    assert (state.waiting, [row.failure for row in state.given_up]) == (0, ["answered 503"])
    parts = {part.name: part.is_well for part in read_health(service.context, actor=service.administrator).watched}
    assert parts["webhooks"] is False


def test_a_webhook_is_told_only_of_the_kinds_it_wants(tmp_path, database):
    webhooks = [{"name": "one", "url": "http://127.0.0.1:9/", "secret_file": "/nowhere", "kinds": ["not_docked"]}]
    with running_service(tmp_path, database, MemoryObjectStore(), webhooks=webhooks, outgoing_hosts=("127.0.0.1:9",)) as service:
        tell(service, agencies=AGENCIES, officers=[officer(1)])
        watch_coverage(service.context)

        assert count_open_alarms(service.context, actor=service.administrator) == 1
        assert read_webhooks(service.context).waiting == 0


def test_a_try_that_dies_on_the_way_is_made_again_at_its_time(telling_service, receiver):
    service = telling_service
    tell(service, agencies=AGENCIES, officers=[officer(1)])
    watch_coverage(service.context)
    with service.context.unit_of_work() as work:
        delivery = work.webhooks.next_due(service.clock.now(), but_not=())
        assert isinstance(delivery, WebhookDelivery)
        delivery.attempts, delivery.next_try_at = 1, service.clock.now() + timedelta(minutes=1)

    deliver_webhooks(service.context)
    assert receiver.got == []
    service.clock.advance(minutes=1)
    deliver_webhooks(service.context)
    assert len(receiver.got) == 1
