"""A recorder without an identity of its own is nobody's until a person says whose."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pytest

from evidence_store.actor import Role
from service.docks.adopt_recorder import adopt_recorder, end_adoption, list_adoptions
from service.docks.errors import AdoptionNotFoundError, HasIdentityError, MediumAdoptedError, NoMediumError
from service.errors import NotPermittedError, UnacceptableValueError
from service.ingest.errors import SessionNotFoundError
from service.ingest.release_clip import decide_releases
from service.roster.errors import RecorderNotFoundError
from tests.builders import IDENTITY, make_file

NAMELESS = replace(IDENTITY, serial="0123456789ABCDEF", officer_code=None, volume_label="CARD", usb_vendor_id=0x0603, usb_product_id=0x8611)


@pytest.fixture
def recorder(service):
    """A registered recorder."""
    service.register("ZF00042")
    return "ZF00042"


def adopt(service, session_id, serial="ZF00042", *, reason="外壳铭牌核对", actor=None):
    return adopt_recorder(service.context, session_id, serial, reason=reason, actor=actor or service.administrator)


def flags_of(service, identity=NAMELESS, name="A.MP4"):
    (file,) = service.announce(service.open(identity), make_file(name), identity=identity)
    return service.clip(file.clip_id).flags


@pytest.mark.parametrize("serial", ["0123456789ABCDEF", "000000", None])
def test_a_serial_that_is_no_identity_is_matched_to_no_recorder(service, serial):
    service.register(serial or "ZF00042")

    session = service.session(service.open(replace(NAMELESS, serial=serial)))

    assert (session.recorder_id, session.adoption_id) == (None, None)


def test_later_sessions_of_an_adopted_medium_are_the_recorders_and_say_so(service, recorder):
    first = service.open(NAMELESS)
    adoption_id = adopt(service, first)

    second = service.open(NAMELESS)

    assert service.session(first).recorder_id is None
    assert service.session(second).adoption_id == adoption_id
    assert service.session(second).recorder_id is not None
    assert "adopted_identity" in flags_of(service)
    assert "unregistered_recorder" not in flags_of(service, name="B.MP4")


@pytest.mark.parametrize("other", [{"volume_id": "0000FFFF"}, {"volume_label": "OTHER"}, {"usb_product_id": 1}, {"family": "mtp"}])
def test_another_medium_is_not_adopted_with_it(service, recorder, other):
    adopt(service, service.open(NAMELESS))

    assert service.session(service.open(replace(NAMELESS, **other))).recorder_id is None


def test_the_gate_counts_an_adopted_recorder_as_registered(service, recorder):
    adopt(service, service.open(NAMELESS))
    session_id = service.open(NAMELESS)
    service.announce(session_id, make_file(), identity=NAMELESS)

    (decision,) = decide_releases(service.context, session_id, dock=service.dock)

    assert "recorder_unregistered" not in decision.decision.reasons


def test_one_medium_is_not_adopted_twice_even_at_once(service, recorder):
    session_id = service.open(NAMELESS)

    def reach(_):
        try:
            return adopt(service, session_id)
        except MediumAdoptedError:
            return None

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(reach, range(2)))

    assert outcomes.count(None) == 1
    assert len(list_adoptions(service.context, actor=service.administrator)) == 1


def test_an_adoption_that_ended_holds_no_longer_and_leaves_room_for_another(service, recorder):
    adoption_id = adopt(service, service.open(NAMELESS))
    end_adoption(service.context, adoption_id, reason="认错", actor=service.administrator)

    session_id = service.open(NAMELESS)

    assert service.session(session_id).recorder_id is None
    with pytest.raises(AdoptionNotFoundError):
        end_adoption(service.context, adoption_id, reason="认错", actor=service.administrator)
    assert adopt(service, session_id) != adoption_id


def test_adopting_and_ending_are_on_record_with_reasons(service, recorder):
    adoption_id = adopt(service, service.open(NAMELESS))
    end_adoption(service.context, adoption_id, reason="认错", actor=service.administrator)

    with service.context.unit_of_work() as work:
        chain = work.custody.chain("recorder", work.recorders.by_serial("ZF00042").id)
    assert [event.action for event, _ in chain] == ["recorder.adopted", "adoption.ended"]
    assert "外壳铭牌核对".encode() in chain[0][0].canonical


def test_what_cannot_be_adopted_is_refused(service, recorder):
    session_id = service.open(NAMELESS)

    for error, arguments in (
        (HasIdentityError, {"session_id": service.open(IDENTITY)}),
        (NoMediumError, {"session_id": service.open(replace(NAMELESS, volume_id=None))}),
        (SessionNotFoundError, {"session_id": uuid4()}),
        (RecorderNotFoundError, {"session_id": session_id, "serial": "ZF99999"}),
        (UnacceptableValueError, {"session_id": session_id, "reason": " "}),
        (NotPermittedError, {"session_id": session_id, "actor": service.people[Role.REVIEWER]}),
    ):
        with pytest.raises(error):
            adopt(service, **arguments)


def test_two_recorders_with_a_factory_serial_do_not_contest_each_other(service):
    first = service.open(NAMELESS)
    second = service.open(replace(NAMELESS, volume_id="0000FFFF"))

    assert not service.session(first).is_contested
    assert not service.session(second).is_contested


def test_a_factory_serial_completes_no_release_of_another_recorder(service, recorder):
    adopt(service, service.open(NAMELESS))
    ordered = service.open(NAMELESS)
    (file,) = service.announce(ordered, make_file(), identity=NAMELESS)
    with service.context.unit_of_work() as work:
        work.docks.file_of(ordered, file.clip_id)[0].release_ordered_at = service.clock.now()

    stranger = replace(NAMELESS, volume_id="0000FFFF")
    service.announce(service.open(stranger), make_file("B.MP4"), identity=stranger)

    assert service.clip(file.clip_id).released_at is None


def test_an_officer_number_that_is_none_claims_nobody(service):
    assert "unknown_officer" in flags_of(service, replace(NAMELESS, officer_code="000000"))
