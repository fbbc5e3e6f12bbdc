"""Server-sent events: a fragment of a page whenever it has changed, until the reader leaves, is signed out, or the service stops.

The format is that of the HTML standard, section 9.2.6 (interpreting an event stream).
"""

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from evidence_store.errors import StoreError
from service.accounts.errors import NotSignedInError

_LOG = logging.getLogger(__name__)

EVERY_S = 1.0
"""Time between two looks, in seconds."""
KEEP_ALIVE_S = 15.0
"""So that proxies keep a silent connection, and a reader who left is noticed."""
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class LiveStreams:
    """The streams of one application.

    Args:
        every_s: Time between two looks, in seconds.
        keep_alive_s: A comment goes out after so many silent seconds.
    """

    def __init__(self, *, every_s: float = EVERY_S, keep_alive_s: float = KEEP_ALIVE_S) -> None:
        self._every_s = every_s
        self._keep_alive_s = keep_alive_s
        self._stopping = asyncio.Event()

    def response(self, request: Request, render: Callable[[], str]) -> Response:
        """Answer with a stream.

        Args:
            request: Ends the stream when its sender is gone.
            render: Makes the fragment, in a thread. ``NotSignedInError`` ends the stream; while a store is away nothing is sent.
        """
        return StreamingResponse(self._events(request, render), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    def stop(self) -> None:
        """End every stream; from the event loop's own thread."""
        self._stopping.set()

    @contextmanager
    def heeding_signals(self) -> Iterator[None]:
        """End every stream as soon as the process is asked to stop.

        The server waits for open answers before it ends the application, so nothing else would tell them. Its own handlers are called as before.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        before = {number: signal.getsignal(number) for number in _STOP_SIGNALS}

        def heed(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._stopping.set)
            handler = before[signal.Signals(number)]
            if callable(handler):
                handler(number, frame)

        for number in _STOP_SIGNALS:
            signal.signal(number, heed)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def _events(self, request: Request, render: Callable[[], str]) -> AsyncIterator[bytes]:
        sent: str | None = None
        silent_s = 0.0
        while not self._stopping.is_set() and not await request.is_disconnected():
            fragment = sent
            try:
                fragment = await run_in_threadpool(render)
            except NotSignedInError:
                return
            except StoreError:
                _LOG.warning("nothing to show while a store is away")
            if fragment is not None and fragment != sent:
                yield event_of(fragment)
                sent, silent_s = fragment, 0.0
            elif silent_s >= self._keep_alive_s:
                yield b":\n\n"
                silent_s = 0.0
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._every_s)
            silent_s += self._every_s


def event_of(text: str) -> bytes:
    """Write one unnamed event."""
    return "".join(f"data: {line}\n" for line in text.splitlines()).encode() + b"\n"
