import contextlib
import json
import shutil
import subprocess
import sys

import pytest

from tests.lab.runner import names

pytestmark = [pytest.mark.lab, pytest.mark.timeout(700)]
RECORDERS = {
    "fat32": ("--family", "mass-storage", "--filesystem", "fat32"),
    "exfat": ("--family", "mass-storage", "--filesystem", "exfat"),
    "mtp": ("--family", "mtp"),
    "novatek": ("--family", "novatek"),
}
WITH_COMMANDS = {name: ("--family", name) for name in ("jieli", "ambarella", "ambarella-bc300")}
"""These keep no identity file beside the footage."""


@contextlib.contextmanager
def simulated(footage, *options):
    """Run ``bodycam simulate``; gives the port it listens on."""
    command = [sys.executable, "-m", "service.cli.main", "simulate", *options, "--footage", footage, "--serial", "LAB0001"]
    with subprocess.Popen([*command, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(json.loads(process.stdout.readline())["listening"].rpartition(":")[2])
        finally:
            process.terminate()


def boot(lab, _image, run_checks):
    shutil.copytree(lab / "footage", lab / "by_commands", ignore=shutil.ignore_patterns("RECORDER.TXT"))
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(simulated(lab / "footage", *options)) for name, options in RECORDERS.items()}
        ports |= {name: stack.enter_context(simulated(lab / "by_commands", *options)) for name, options in WITH_COMMANDS.items()}
        (lab / "ports.json").write_text(json.dumps(ports))
        return run_checks("virtual", lab, has_network=True)


@pytest.mark.parametrize("check", names("virtual"))
def test_virtual_recorders_before_drivers_nobody_here_wrote(run, check):
    run.require(check)
