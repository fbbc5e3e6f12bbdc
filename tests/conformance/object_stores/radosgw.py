"""Ceph's object gateway, as Debian packs it: one monitor, one OSD that keeps everything in memory, one gateway, all on loopback.

Its packages are downloaded and unpacked, never installed, into a cache folder beside ``.venv``.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import urllib3

CACHE = Path(__file__).parents[3] / ".venv-radosgw"
PACKAGES = ("radosgw", "ceph-mon", "ceph-osd")
ACCESS, SECRET = "trial-access", "trial-secret-key"
_READY_WITHIN_S = 120
_CONFIGURATION = """
[global]
fsid = {fsid}
mon_host = v1:127.0.0.1:{monitor}
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
ms_bind_msgr2 = false
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
osd_crush_chooseleaf_type = 0
osd_objectstore = memstore
memstore_device_bytes = 1073741824
plugin_dir = {libraries}/ceph
erasure_code_dir = {libraries}/ceph/erasure-code
osd_class_dir = {libraries}/rados-classes
run_dir = {folder}
admin_socket = {folder}/$name.asok
log_file = {folder}/$name.log
mon_cluster_log_file = {folder}/cluster.log
mon_data = {folder}/mon
osd_data = {folder}/osd
rgw_data = {folder}/rgw
keyring = {folder}/keyring
rgw_crypt_require_ssl = false
rgw_frontends = beast endpoint=127.0.0.1:{gateway}
"""


def unpack() -> Path:
    """Give the folder of the unpacked packages, made when it is not there."""
    root = CACHE / "root"
    if not (CACHE / "whole").exists():
        shutil.rmtree(CACHE, ignore_errors=True)
        (CACHE / "packages").mkdir(parents=True)
        planned = _run("apt-get", "-s", "install", "--no-install-recommends", *PACKAGES)
        wanted = sorted({line.split()[1] for line in planned.splitlines() if line.startswith("Inst ")} | set(PACKAGES))
        _run("apt-get", "download", *wanted, cwd=CACHE / "packages")
        for package in sorted((CACHE / "packages").glob("*.deb")):
            _run("dpkg", "-x", package, root)
        (CACHE / "whole").touch()
    return root


@contextmanager
def running_radosgw(folder: Path):
    """Run it; gives its address."""
    cluster = _Cluster(unpack(), folder)
    try:
        cluster.start()
        yield cluster.address
    finally:
        cluster.end()


class _Cluster:
    def __init__(self, root: Path, folder: Path):
        self.root, self.folder = root, folder
        self.fsid, self.monitor, gateway = str(uuid4()), _free_port(), _free_port()
        self.address = f"127.0.0.1:{gateway}"
        libraries = next((root / "usr/lib").glob("*-linux-gnu"))
        text = _CONFIGURATION.format(fsid=self.fsid, monitor=self.monitor, gateway=gateway, folder=folder, libraries=libraries)
        (folder / "ceph.conf").write_text(text)
        self.environment = {
            "PATH": os.environ["PATH"],
            "LD_LIBRARY_PATH": f"{libraries}:{libraries}/ceph:{root / 'lib' / libraries.name}",
            "PYTHONPATH": str(root / "usr/lib/python3/dist-packages"),
            "CEPH_CONF": str(folder / "ceph.conf"),
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        keyring, monmap = self.folder / "keyring", self.folder / "monmap"
        for name in ("mon", "osd", "rgw"):
            (self.folder / name).mkdir()
        self.tool("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
        for name in ("client.admin", "osd.0"):
            self.tool("ceph-authtool", keyring, "--gen-key", "-n", name, *(word for part in ("mon", "osd") for word in ("--cap", part, "allow *")))
        self.tool("monmaptool", "--create", "--addv", "a", f"[v1:127.0.0.1:{self.monitor}]", "--fsid", self.fsid, monmap)
        self.tool("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring)
        self.launch("ceph-mon", "-f", "-i", "a")
        osd = str(uuid4())
        self.ceph("osd", "new", osd, "0")
        self.tool("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", osd)
        self.launch("ceph-osd", "-f", "-i", "0")
        self.launch("radosgw", "-f", "-n", "client.admin")
        self.wait()
        user = ("--uid", "trial", "--display-name", "trial", "--access-key", ACCESS, "--secret-key", SECRET)
        self.tool("radosgw-admin", "-n", "client.admin", "user", "create", *user)

    def ceph(self, *words):
        _run(sys.executable, self.root / "usr/bin/ceph", *words, environment=self.environment)

    def tool(self, name, *words):
        _run(self.root / "usr/bin" / name, *words, environment=self.environment)

    def launch(self, name, *words):
        with (self.folder / f"{name}.out").open("wb") as output:
            command = [str(self.root / "usr/bin" / name), *words]
            self.processes.append(subprocess.Popen(command, env=self.environment, stdout=output, stderr=output))

    def wait(self):
        ends = time.monotonic() + _READY_WITHIN_S
        with urllib3.PoolManager(retries=False, timeout=5) as pool:
            while True:
                try:
                    if pool.request("GET", f"http://{self.address}/").status == 200:
                        return
                except urllib3.exceptions.HTTPError:
                    time.sleep(0.5)
                assert time.monotonic() < ends, (self.folder / "radosgw.out").read_text()

    def end(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGKILL)
            process.wait()


def _run(*command, environment=None, cwd=None):
    done = subprocess.run(list(map(str, command)), env=environment, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
