"""In the guest: run the checks of one module in order and write one line of JSON for each as soon as it ends.

A check is a function that raises where a claim does not hold. One that hangs ends the run, with every thread's stack on the console.
"""

import faulthandler
import importlib
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

LAB = Path("/lab")
CHECK_WITHIN_S = 120.0


class Checks:
    """Checks by name, in the order they run; ``checks.of(peer)`` adds the same ones for each peer."""

    def __init__(self) -> None:
        self.by_name: dict[str, Callable[[], None]] = {}

    def add(self, name: str, function: Callable[[], None]) -> None:
        assert name not in self.by_name
        self.by_name[name] = function

    def __call__(self, function: Callable[[], None]) -> Callable[[], None]:
        self.add(function.__name__, function)
        return function


def names(module: str) -> list[str]:
    """List a module's checks."""
    return list(importlib.import_module(f"tests.lab.checks.{module}").CHECKS.by_name)


def main(module: str) -> None:
    checks = importlib.import_module(f"tests.lab.checks.{module}").CHECKS
    with (LAB / "results.jsonl").open("a", encoding="utf-8") as results:
        for name, check in checks.by_name.items():
            faulthandler.dump_traceback_later(CHECK_WITHIN_S, exit=True)
            started = time.monotonic()
            error = None
            try:
                check()
            except Exception:  # noqa: BLE001 - the outermost loop: whatever went wrong is the result
                error = traceback.format_exc()
            results.write(json.dumps({"check": name, "seconds": round(time.monotonic() - started, 2), "error": error}) + "\n")
            results.flush()
            sys.stdout.write(f"{name}: {'ok' if error is None else error}\n")
            sys.stdout.flush()
    faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main(sys.argv[1])
