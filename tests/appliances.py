"""`bodycam up` as tests start it: in a directory of their own, with every part real."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import urllib3

from evidence_store.embedded.postgresql import find_servers
from service.appliance.data_directory import DataDirectory
from service.appliance.processes import end_processes, find_marked, mark_process

READY_WITHIN_S = 120
STOPPED_WITHIN_S = 30


class TrialAppliance:
    """One installation, started and stopped as often as a test likes."""

    def __init__(self, data: Path, port: int, *options: str, host: str = "127.0.0.1", settings: Mapping[str, str] = MappingProxyType({})) -> None:
        self.directory = DataDirectory.open(data)
        self.address = (host, port)
        self.ready_file = data.parent / f"{data.name}-ready.json"
        self.output = data.parent / f"{data.name}.log"
        self.settings = settings
        self._arguments = ("up", "--data", str(data), "--port", str(port), "--ready-file", str(self.ready_file), *options)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it unless it runs, and wait until it is ready."""
        if self.process is not None and self.process.poll() is None:
            return
        self.ready_file.unlink(missing_ok=True)
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(self.command(), env={**clean_environment(), **self.settings}, stdout=output, stderr=output)
        wait_until(self.ready_file.exists, READY_WITHIN_S, self._explain)

    def command(self) -> tuple[str, ...]:
        """Command line of `bodycam up` on this directory."""
        return (sys.executable, "-P", "-m", "service.cli.main", *self._arguments)

    def ready(self):
        """What the ready file says."""
        return json.loads(self.ready_file.read_text())

    def ports(self) -> dict[str, int]:
        """Which loopback ports it keeps, by name."""
        return json.loads(self.directory.ports.read_text()) if self.directory.ports.exists() else {}

    def is_ready(self) -> bool:
        """Whether it answers that it is ready."""
        host, port = self.address
        with urllib3.HTTPConnectionPool(host, port, retries=False, timeout=5) as pool:
            try:
                return pool.request("GET", "/readyz").status == 200
            except urllib3.exceptions.HTTPError:
                return False

    def pid_of(self, name: str) -> int | None:
        """Number of a child's process, as the installation writes it down."""
        mark = self.directory.read_children().get(name)
        return None if mark is None else mark.pid

    def processes(self) -> list[int]:
        """Everything that runs for this directory, but the supervisor itself."""
        return [mark.pid for mark in find_marked(self.directory.root)] + find_servers(self.directory.postgresql)

    def kill_supervisor(self) -> None:
        """Kill -9; its children stay."""
        self.process.kill()
        self.process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop, and give its exit status."""
        self.process.send_signal(number)
        return self.process.wait(STOPPED_WITHIN_S)

    def end(self) -> None:
        """Leave nothing behind, quickly: an orderly stop of the object store takes 15 s, and PostgreSQL killed outright leaves shared memory."""
        if self.process is not None and self.process.poll() is None:
            self.kill_supervisor()
        marks = [mark_process(pid) for pid in self.processes()]
        end_processes([mark for mark in marks if mark is not None], within_s=2, ask=signal.SIGQUIT)
        ports = set(self.ports().values())
        for socket in Path("/tmp").glob("seaweedfs-*-grpc-*.sock"):  # noqa: S108 - where SeaweedFS puts them
            if int(socket.stem.rsplit("-", 1)[1]) in ports:
                socket.unlink(missing_ok=True)

    def _explain(self) -> str:
        logs = "\n".join(f"{path.name}: {path.read_text(errors='replace')[-1500:]}" for path in sorted(self.directory.logs.glob("*.log")))
        return f"{self.output.read_text()[-1500:]}\n{logs}"


def clean_environment():
    """This environment without any setting of the service."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BODYCAM_")}


def wait_until(is_true, within_s, explain=lambda: ""):
    """Wait, and fail with an explanation."""
    ends = time.monotonic() + within_s
    while not is_true():
        assert time.monotonic() < ends, f"not within {within_s} s\n{explain()}"
        time.sleep(0.1)
