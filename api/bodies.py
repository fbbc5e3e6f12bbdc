"""Bodies that a route needs byte for byte, as they were signed."""

from anyio.from_thread import run as run_in_event_loop
from fastapi import Request

_LENGTH = "content-length"


def read_body(request: Request, *, limit_bytes: int) -> bytes | None:
    """Read a request's body from a route's thread.

    Returns:
        The body; ``None`` when it is longer than the limit, or does not say how long it is, and then nothing was read.
    """
    length = request.headers.get(_LENGTH, "")
    if not length.isdigit() or int(length) > limit_bytes:
        return None
    return run_in_event_loop(request.body)
