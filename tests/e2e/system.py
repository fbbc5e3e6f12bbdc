"""A whole installation as an outsider sees it: docked by its own program, asked over its API, and its store looked into."""

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import urllib3
from minio import Minio

from evidence_store.embedded.postgresql import find_servers
from service.appliance.configuration import read_environment
from tests.appliances import TrialAppliance, clean_environment, wait_until
from tests.bench.measuring import Cost, run_measured

PROGRAM = (sys.executable, "-P", "-m", "service.cli.main")
_DOCKED_WITHIN_S = 240
_BACK_WITHIN_S = 90


@dataclass(frozen=True)
class Docking:
    """What one run of `bodycam dock --once` said."""

    code: int
    lines: list[dict]
    errors: str

    @property
    def files(self):
        return self.lines[:-1]

    @property
    def summary(self):
        return self.lines[-1]

    def file(self, path):
        (found,) = (file for file in self.files if file["path"] == path)
        return found


@dataclass
class System:
    """One running installation, and the ways a test uses it."""

    appliance: TrialAppliance
    url: str = ""
    _tokens: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        self.url = self.url or self.appliance.ready()["url"]
        self.pool = urllib3.PoolManager(retries=False, timeout=60)

    # docking

    def start_dock(self, *source, **settings) -> subprocess.Popen:
        """Start the dock program on one recorder."""
        arguments, environment = self._docking(source)
        return subprocess.Popen(arguments, env={**environment, **settings}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def dock(self, *source, **settings) -> Docking:
        """Dock one recorder to the end."""
        return finish(self.start_dock(*source, **settings))

    def dock_measured(self, *source) -> Cost:
        """Dock one recorder, which must succeed, and tell what it cost."""
        return run_measured(*self._docking(source))

    # asking

    def ask(self, method, path, *, role="reviewer", **options):
        token = self._tokens.get(role) or self._tokens.setdefault(role, self._sign_in(role))
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        return self.pool.request(method, f"{self.url}{path}", headers=headers, **options)

    def get(self, path, **options):
        answer = self.ask("GET", path, **options)
        assert answer.status == 200, answer.data
        return answer.json()

    def clip(self, clip_id):
        return self.get(f"/api/v1/clips/{clip_id}")

    def clips_of(self, serial):
        """Every clip of a recorder, whatever page it is on."""
        found, cursor = [], None
        while True:
            page = self.get("/api/v1/clips", fields={"recorder": serial, "limit": "100", **({"cursor": cursor} if cursor else {})})
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def events(self, clip_id):
        return self.get(f"/api/v1/clips/{clip_id}/custody")["events"]

    def media(self, clip_id, **options):
        return self.ask(options.pop("method", "GET"), f"/api/v1/clips/{clip_id}/media", **options)

    def gate(self, docking: Docking):
        """What the wipe gate says to each file of a docking, by clip."""
        token = self.appliance.ready()["dock"]["token"]
        headers = {"Authorization": f"Bearer {token}", "Bodycam-Dock-Protocol": "1"}
        answer = self.pool.request("GET", f"{self.url}/api/v1/dock/sessions/{docking.summary['session_id']}/release", headers=headers)
        assert answer.status == 200, answer.data
        return {clip["clip_id"]: clip["reasons"] for clip in answer.json()["clips"]}

    def register(self, serial, officer):
        """Have a recorder and the officer who has it on the roster."""
        known = {"officers": [{"code": officer, "name": f"示范人员 {officer}", "posts": [{"agency": "0", "valid_from": "2024-01-01"}]}]}
        assigned = {"officer": officer, "valid_from": "2024-01-01"}
        known["recorders"] = [{"serial": serial, "agency": "0", "assignments": [assigned]}]
        answer = self.ask("POST", "/api/v1/roster/imports", role="administrator", json=known)
        assert answer.status == 200, answer.data

    # looking beneath

    def versions(self, clip_id):
        """Versions of a clip's original in the store."""
        settings = read_environment(self.appliance.directory.root)
        keys = settings["BODYCAM_STORE_ACCESS_KEY"], settings["BODYCAM_STORE_SECRET_KEY"]
        store = Minio(settings["BODYCAM_STORE_ENDPOINT"], *keys, secure=False, region="us-east-1", http_client=self.pool)
        key = f"clips/{clip_id}/original"
        return [item for item in store.list_objects(settings["BODYCAM_STORE_BUCKET"], prefix=key, include_version=True) if item.object_name == key]

    def processes_of(self, part) -> list[int]:
        """Every process of a part, PostgreSQL's own children included."""
        if part != "postgresql":
            return [self.appliance.pid_of(part)]
        servers = find_servers(self.appliance.directory.postgresql)
        return servers + [pid for pid, parent in _parents() if parent in servers]

    def kill(self, part) -> int:
        """Kill -9 the main process of a part, which the installation starts again; gives the number it had."""
        pid = self.processes_of(part)[0]
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_until_back(self, part, before: int) -> None:
        """Wait until a killed part runs again and the installation is whole."""
        wait_until(lambda: self.appliance.pid_of(part) not in {None, before}, _BACK_WITHIN_S, self.appliance._explain)
        self.wait_until_ready()

    def answers(self) -> bool:
        """Whether this address answers at all."""
        try:
            return self.pool.request("GET", f"{self.url}/healthz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def wait_until_ready(self) -> None:
        wait_until(self.appliance.is_ready, _BACK_WITHIN_S, self.appliance._explain)

    def docking(self, *source):
        """Command line and environment of the dock program."""
        environment = {**clean_environment(), "BODYCAM_DOCK_TOKEN": self.appliance.ready()["dock"]["token"]}
        return (*PROGRAM, "dock", "--service", self.url, *map(str, source)), environment

    def _docking(self, source):
        return self.docking("--once", *source)

    def _sign_in(self, role):
        answer = self.pool.request("POST", f"{self.url}/api/v1/tokens", json=self.appliance.ready()[role])
        assert answer.status == 201, answer.data
        return answer.json()["access_token"]


def finish(process: subprocess.Popen) -> Docking:
    """Wait for a dock program, and read what it said."""
    output, errors = process.communicate(timeout=_DOCKED_WITHIN_S)
    return Docking(process.returncode, [json.loads(line) for line in output.splitlines()], errors)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _parents():
    """Every process and its parent."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
            yield int(entry.name), int(stat[stat.rindex(")") + 2 :].split()[1])
