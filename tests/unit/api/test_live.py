"""Streams of server-sent events: what they send, and when they end."""

import asyncio
import os
import signal

import pytest

from api.live import LiveStreams, event_of
from evidence_store.errors import StoreUnavailableError
from service.accounts.errors import NotSignedInError


class Reader:
    """A request whose sender leaves after so many looks."""

    def __init__(self, looks: int = 1000) -> None:
        self._looks = looks

    async def is_disconnected(self) -> bool:
        self._looks -= 1
        return self._looks < 0


def collect(streams, render, reader=None):
    async def read():
        return [chunk async for chunk in streams._events(reader or Reader(), render)]

    return asyncio.run(asyncio.wait_for(read(), 10))


def saying(*answers):
    """Say one thing after the other; an error is raised, and after the last the visitor is signed out."""
    left = iter(answers)

    def render():
        answer = next(left, NotSignedInError())
        if isinstance(answer, Exception):
            raise answer
        return answer

    return render


def test_a_fragment_is_sent_when_it_changed_and_only_then():
    assert collect(LiveStreams(every_s=0), saying("a", "a", "b", "b", "a")) == [b"data: a\n\n", b"data: b\n\n", b"data: a\n\n"]


def test_a_stream_ends_when_the_visitor_is_signed_out():
    assert collect(LiveStreams(every_s=0), saying("a", NotSignedInError(), "b")) == [b"data: a\n\n"]


def test_a_stream_ends_when_the_reader_leaves():
    assert collect(LiveStreams(every_s=0), lambda: "a", Reader(looks=3)) == [b"data: a\n\n"]


def test_a_store_that_is_away_for_a_moment_ends_nothing():
    assert collect(LiveStreams(every_s=0), saying("a", StoreUnavailableError("database", "away"), "b")) == [b"data: a\n\n", b"data: b\n\n"]


def test_a_silent_stream_sends_a_comment_now_and_then():
    streams = LiveStreams(every_s=0.01, keep_alive_s=0.035)

    assert collect(streams, lambda: "a", Reader(looks=10)) == [b"data: a\n\n", b":\n\n", b":\n\n"]


def test_streams_end_at_once_when_the_service_stops():
    streams = LiveStreams(every_s=60)

    async def read():
        chunks = []
        async for chunk in streams._events(Reader(), lambda: "a"):
            chunks.append(chunk)
            asyncio.get_running_loop().call_later(0.05, streams.stop)
        return chunks

    assert asyncio.run(asyncio.wait_for(read(), 10)) == [b"data: a\n\n"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_signal_to_stop_ends_streams_and_still_reaches_the_server(number):
    heard = []
    before = signal.signal(number, lambda received, _frame: heard.append(received))

    async def read():
        streams = LiveStreams(every_s=60)
        with streams.heeding_signals():
            async for _ in streams._events(Reader(), lambda: "a"):
                os.kill(os.getpid(), number)

    try:
        asyncio.run(asyncio.wait_for(read(), 10))
        assert heard == [number]
        assert signal.getsignal(number) is not before
    finally:
        signal.signal(number, before)


def test_every_line_of_an_event_is_data():
    assert event_of("<p>\r\n\r\nb</p>") == b"data: <p>\ndata: \ndata: b</p>\n\n"
