"""A docking that fell silent does not stay on the board for ever."""

from service.ingest.end_session import end_lost_sessions, end_session, report_progress
from tests.builders import make_file


def session(service, session_id):
    with service.context.unit_of_work() as work:
        return work.docks.get_session(session_id)


def test_a_session_that_fell_silent_is_ended_as_lost(service):
    session_id = service.open()
    service.clock.advance(minutes=6)

    end_lost_sessions(service.context)

    assert session(service, session_id).outcome == "lost"
    assert session(service, session_id).ended_at == service.clock.now()


def test_a_session_that_was_heard_of_lately_goes_on(service):
    session_id = service.open()
    service.clock.advance(minutes=6)
    report_progress(service.context, session_id, {"files": [], "bytes_per_s": 0.0}, dock=service.dock)
    service.clock.advance(minutes=4)

    end_lost_sessions(service.context)

    assert session(service, session_id).ended_at is None


def test_a_dock_that_comes_back_says_itself_how_it_ended(service):
    session_id = service.open()
    service.clock.advance(minutes=6)
    end_lost_sessions(service.context)

    (announced,) = service.announce(session_id, make_file())
    service.upload(session_id, announced.clip_id, b"footage")
    end_session(service.context, session_id, "finished", dock=service.dock)

    assert session(service, session_id).outcome == "finished"
