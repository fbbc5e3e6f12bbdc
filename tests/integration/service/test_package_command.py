"""`bodycam package` against a served service, over real connections."""

import socket
import threading
import time
import zipfile
from contextlib import contextmanager
from unittest.mock import patch

import bagit
import pytest
import uvicorn

from api.app import create_app
from evidence_store.actor import Role
from evidence_store.object_store.memory import MemoryObjectStore
from integrity.checkpoint import verifier_key
from integrity.verify.program import main as verify
from service.cli import package_client
from service.cli.package import main
from service.cli.package_client import FetchError, PackageClient
from service.evidence_packages.make_package import HandingOver, make_package
from tests.builders import make_file
from tests.service_fixtures import PASSWORD, running_service

CLIP_BYTES = 12_000_000
VOLUME_GIB = 0.03


@pytest.fixture(scope="module")
def served(tmp_path_factory, module_database):
    """A served service with a package of five clips."""
    with running_service(tmp_path_factory.mktemp("service"), module_database, MemoryObjectStore()) as service:
        contents = [bytes([number]) * CLIP_BYTES for number in range(5)]
        clip_ids = [service.dock_one(make_file(f"DCIM/{number}.MP4", content), content) for number, content in enumerate(contents)]
        actor = service.people[Role.REVIEWER]
        service.package_id = make_package(service.context, HandingOver("示范区人民检察院", "审查起诉", clip_ids), actor=actor)
        listener = socket.create_server(("127.0.0.1", 0))
        service.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(create_app(service.context), log_level="warning", ws="none", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.02)
            yield service
        finally:
            server.should_exit = True
            thread.join()
            listener.close()


@pytest.fixture
def fetch(served, tmp_path):
    (tmp_path / "password").write_text(PASSWORD)
    options = ["--service", served.url, "--user", str(Role.REVIEWER), "--out", str(tmp_path / "out"), "--password-file", str(tmp_path / "password")]

    def run(*further: str) -> int:
        with patch("service.cli.package.PAUSE_S", 0.01):
            return main([str(served.package_id), *options, *further])

    return run


def is_genuine(served, *paths) -> bool:
    key = verifier_key(served.context.log_signer.name, served.context.log_signer.public_key)
    return verify([*map(str, paths), "--log-key", key]) == 0


def test_a_package_is_fetched_in_volumes(served, fetch, tmp_path):
    assert fetch("--volume-gib", str(VOLUME_GIB)) == 0

    paths = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in paths] == [f"evidence-{served.package_id}-volume-{number}.zip" for number in (1, 2, 3)]
    assert all(path.stat().st_size <= VOLUME_GIB * 1024**3 for path in paths)
    assert is_genuine(served, *paths)


def test_a_package_is_fetched_as_a_folder_of_short_files(served, fetch, tmp_path):
    with patch("service.cli.package.LONGEST_FAT32_FILE", 5_000_000):
        assert fetch("--fat32") == 0

    (root,) = (tmp_path / "out").iterdir()
    assert max(path.stat().st_size for path in root.rglob("*") if path.is_file()) <= 5_000_000
    assert len(list(root.glob("data/*/original.MP4.003"))) == 5
    assert bagit.Bag(str(root)).is_valid()
    assert is_genuine(served, root)


class BrokenOff:
    """Connections that break off after so many bytes, the first few times."""

    def __init__(self, after_bytes: int, times: int) -> None:
        self.after_bytes, self.times, self.firsts = after_bytes, times, []
        self._real = PackageClient.content

    @contextmanager
    def content(self, client, *arguments, first):
        self.firsts.append(first)
        is_cut = len(self.firsts) <= self.times
        with self._real(client, *arguments, first=first) as chunks:
            yield self._until_cut(chunks) if is_cut else chunks

    def _until_cut(self, chunks):
        passed = 0
        for chunk in chunks:
            yield chunk
            passed += len(chunk)
            if passed >= self.after_bytes:
                raise FetchError("broken off")


@pytest.mark.parametrize("options", [(), ("--folder",)])
def test_what_broke_off_goes_on_where_it_stopped(served, fetch, tmp_path, options):
    broken = BrokenOff(8 * 1024**2, times=3)

    with patch.object(package_client.PackageClient, "content", lambda client, *arguments, first: broken.content(client, *arguments, first=first)):
        assert fetch(*options) == 0

    assert len(broken.firsts) == 4
    assert broken.firsts == sorted(set(broken.firsts))
    assert is_genuine(served, *(tmp_path / "out").iterdir())


def test_what_is_there_whole_is_left_alone(served, fetch, tmp_path):
    for options in ((), ("--folder",)):
        assert fetch(*options) == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}

    with patch.object(package_client.PackageClient, "content", side_effect=AssertionError("nothing is to be fetched")):
        for options in ((), ("--folder",)):
            assert fetch(*options) == 0

    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before


def test_a_refusal_is_said_in_one_line(fetch, capsys):
    assert fetch("--volume-gib", "0.011") == 1

    assert "volumes need at least" in capsys.readouterr().err


def test_an_unprotected_address_is_refused(tmp_path):
    with pytest.raises(FetchError, match="https is needed"):
        PackageClient("http://evidence.example", ca_file=None)


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../b", "a\\b", "", "data//x", ".hidden", "a/b\n"])
def test_a_path_that_leads_elsewhere_is_not_written(path):
    with pytest.raises(FetchError, match="names a file"):
        package_client._volume({"number": 1, "root": "r", "size_bytes": 1, "files": [{"path": path, "size_bytes": 1, "offset": 0}]})


def test_a_zip_and_a_folder_hold_the_same_files(served, fetch, tmp_path):
    assert fetch() == 0
    assert fetch("--folder") == 0

    folder, archive = sorted((tmp_path / "out").iterdir())
    with zipfile.ZipFile(archive) as read:
        assert {name: read.read(name) for name in read.namelist()} == {
            str(path.relative_to(folder.parent)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }
