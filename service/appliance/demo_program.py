"""``bodycam demo``: the dockings of a demonstration, one after another, until the forty are done; later starts add one each.

`bodycam up --demo` runs it beside the service. What it has done stands in ``demo.json`` of the data directory, and a docking that was interrupted
goes on with the same footage, so a stop at any moment costs nothing.
"""

import argparse
import json
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2

from evidence_store.embedded.private_file import write_private
from evidence_store.errors import StoreError
from service.appliance.data_directory import DataDirectory, read_object
from service.appliance.demo_cases import CASE_AFTER, open_demo_case
from service.appliance.demo_docking import DockingResult, StopFlag, run_docking
from service.appliance.demo_footage import make_card
from service.appliance.demo_plan import DOCKINGS, plan_docking
from service.appliance.errors import ApplianceError, StopRequestedError
from service.clock import SystemClock
from service.errors import ServiceError
from service.settings import read_settings

_FAILED_STATUS = 1
_STOPPED_STATUS = 8
"""As a dock's that was asked to end; not 0, which would mean that everything is done."""
_TRIES = 3
_PAUSE_S = 1.0
_PAUSE_AFTER_FAILURE_S = 10.0
_GENTLY = 10


def main(arguments: Sequence[str]) -> int:
    """Do the dockings that are still to be done.

    Returns:
        0 when all are done, 8 when asked to stop, 1 when something is wrong.
    """
    parser = argparse.ArgumentParser(prog="bodycam demo", description="The dockings of a demonstration; `bodycam up --demo` runs it.")
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="data directory of the demonstration")
    options = parser.parse_args(arguments)
    stop = StopFlag()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    os.nice(_GENTLY)
    cv2.setNumThreads(1)
    try:
        if not read_settings().is_demo:
            raise ApplianceError(f"{options.data} holds no demonstration")
        Demonstration(DataDirectory(options.data.resolve()), stop).run()
    except StopRequestedError:
        return _STOPPED_STATUS
    except (ServiceError, StoreError, OSError) as error:
        sys.stderr.write(f"bodycam demo: {error}\n")
        return _FAILED_STATUS
    return 0


class Demonstration:
    """The dockings of one data directory."""

    def __init__(self, directory: DataDirectory, stop: StopFlag) -> None:
        self._directory = directory
        self._stop = stop
        self._cards = directory.root / "demo"
        self._file = directory.root / "demo.json"

    def run(self) -> None:
        """Dock until the forty are done, or one more when they are.

        Raises:
            StopRequestedError: Asked to stop; the next run goes on from there.
            OSError: Footage or progress cannot be written.
        """
        finished = self._finished()
        for number in range(finished + 1, max(DOCKINGS, finished + 1) + 1):
            self._dock(number)
            write_private(self._file, json.dumps({"finished": number}) + "\n")
            self._pause(_PAUSE_S)

    def _dock(self, number: int) -> None:
        plan = plan_docking(number, SystemClock().now())
        card = self._cards / f"docking-{number:04}"
        self._cards.mkdir(mode=0o700, exist_ok=True)
        shutil.rmtree(card.with_name(f"{card.name}.unfinished"), ignore_errors=True)
        if not card.is_dir():
            make_card(card, plan)
        for _ in range(_TRIES):
            result = run_docking(plan, card, stop=self._stop)
            if result.exit_code == 0:
                break
            _report(number, result)
            self._pause(_PAUSE_AFTER_FAILURE_S)
        if number in CASE_AFTER:
            self._open_case(CASE_AFTER[number], result)
        shutil.rmtree(card)

    def _open_case(self, number: int, result: DockingResult) -> None:
        reviewer = read_object(self._directory.credentials)["reviewer"]
        if not open_demo_case(number, result.clip_ids, username=reviewer["username"], password=reviewer["password"]):
            sys.stderr.write(f"bodycam demo: case {number} is not opened, the reviewer has another password\n")

    def _finished(self) -> int:
        found: Any = read_object(self._file).get("finished", 0)
        return found if isinstance(found, int) and found >= 0 else 0

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise StopRequestedError


def _report(number: int, result: DockingResult) -> None:
    sys.stderr.write(f"bodycam demo: docking {number} ended with {result.exit_code}\n")
