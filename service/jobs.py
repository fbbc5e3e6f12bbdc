"""Names of background jobs."""

from collections.abc import Callable
from typing import Any, cast

from evidence_store.job_queue import JobFunction


def job(name: str) -> Callable[[Callable[..., None]], JobFunction]:
    """Make a function deferrable under a frozen queue name.

    The name stands in waiting rows across releases and is never renamed or reused. The function takes the context and JSON values, and may be
    called twice.
    """

    def named(function: Callable[..., None]) -> JobFunction:
        typed = cast("Any", function)
        typed.job_name = name
        return cast("JobFunction", typed)

    return named
