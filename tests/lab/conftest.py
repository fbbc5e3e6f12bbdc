"""The lab's guest, its media, and the table of times at the end."""

import compileall
import json
import os
import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.guest import RESULTS, GuestRun, require_emulator, run_guest
from tests.lab.guest_image import LabUnavailableError, guest_image

CACHE = Path("build/lab")
GUESTS_AT_ONCE = 2
RANDOM = random.Random(20261124)
"""Seeded: a failure is seen again."""


@pytest.fixture(scope="session")
def footage(tmp_path_factory):
    """What lies on every recorder of the lab."""
    folder = tmp_path_factory.mktemp("lab") / "footage"
    files = {
        "RECORDER.TXT": b"serial=LAB0001\r\nofficer=100234\r\n",
        "DCIM/100MEDIA/00000001.MP4": RANDOM.randbytes(6 * 1024**2 + 17),
        "DCIM/100MEDIA/00000002.MP4": RANDOM.randbytes(4 * 1024**2),
        "DCIM/执法记录 一.mov": RANDOM.randbytes(65_536),
        "DCIM/empty.mp4": b"",
        "GPS.LOG": b"$GPRMC\r\n" * 99,
    }
    files |= {f"GONE/G{number:07}.JPG": RANDOM.randbytes(1_000 * number) for number in range(6)}
    files |= {f"MANY/{number:08}.JPG": RANDOM.randbytes(40_000) for number in range(40)}
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


@contextmanager
def saying_why_not():
    """Skip on a machine that has no lab, saying what is missing; where nobody looks at what was skipped, fail."""
    try:
        yield
    except LabUnavailableError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def image():
    with saying_why_not():
        require_emulator()
        return guest_image(CACHE.resolve())


class LabRun:
    """What one guest said: a result for each check, and its console."""

    def __init__(self, module: str, lab: Path, console: str) -> None:
        results = lab / RESULTS
        lines = results.read_text().splitlines() if results.exists() else []
        self.by_name = {line["check"]: line for line in map(json.loads, lines)}
        self._console = console
        self._module = module

    def require(self, check: str) -> None:
        """Fail unless a check was run and found nothing wrong."""
        result = self.by_name.get(check)
        if result is None:
            pytest.fail(f"the guest ended before this check; its console ends with:\n{self._console[-3000:]}", pytrace=False)
        if result["error"] is not None:
            pytest.fail(result["error"], pytrace=False)


@pytest.fixture(scope="session")
def guests(request, footage, image, run_checks, tmp_path_factory):
    """Boot a guest for each module whose tests were collected, two at a time: each has one core."""
    modules = {item.module.__name__: item.module for item in request.session.items if hasattr(item.module, "boot")}
    with ThreadPoolExecutor(GUESTS_AT_ONCE) as pool:
        labs = {name: tmp_path_factory.mktemp(name.rpartition("_")[2]) for name in modules}
        for lab in labs.values():
            shutil.copytree(footage, lab / "footage")
        yield {name: pool.submit(module.boot, labs[name], image, run_checks) for name, module in modules.items()}


@pytest.fixture(scope="module")
def run(guests, request):
    """What the guest of this module's checks said."""
    return guests[request.module.__name__].result()


@pytest.fixture(scope="session")
def run_checks(image, request):
    """Give what boots a guest for the checks of a module."""

    for package in ("device_drivers", "integrity", "tests/lab"):
        compileall.compile_dir(package, quiet=2)  # the guest's processor is emulated: it need not do this again and again

    def run(module: str, lab: Path, **options) -> LabRun:
        python = Path(".venv/bin/python").absolute()
        command = [str(python), "-m", "tests.lab.runner", module]
        done = LabRun(module, lab, run_guest(image, lab, GuestRun(command=command, **options)))
        request.config.stash[TIMES].extend((module, each["check"], each["seconds"]) for each in done.by_name.values())
        return done

    return run


TIMES = pytest.StashKey[list[tuple[str, str, float]]]()


def pytest_configure(config):
    config.stash[TIMES] = []


def pytest_terminal_summary(terminalreporter, config):
    times = config.stash[TIMES]
    if times:
        terminalreporter.section("USB lab, seconds in the guest")
        for module, check, seconds in times:
            terminalreporter.write_line(f"{seconds:7.2f}  {module}: {check}")
        terminalreporter.write_line(f"{sum(each[2] for each in times):7.2f}  altogether")
