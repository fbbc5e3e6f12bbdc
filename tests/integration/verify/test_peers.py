"""Others' programs take what the verifier takes: the bag, the ZIP, the token."""

import os
import shutil
import subprocess
import sys
import zipfile

import bagit
import pytest
import rfc3161_client

from integrity.hashing import sha256
from integrity.verify.program import main
from tests.unit.integrity.verify.packages import AUTHORITY, CLIP_A, LOG_KEY, NOW, PACKAGE_ID, make_package, stamp
from tests.unit.integrity.verify.packages import SIGNER as LOG


@pytest.fixture
def package():
    return make_package(pieces=2)


@pytest.fixture
def zipped(tmp_path, package):
    path = tmp_path / "package.zip"
    path.write_bytes(package.zipped())
    return path


@pytest.fixture
def folder(tmp_path, zipped):
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(tmp_path)
    return tmp_path / f"evidence-{PACKAGE_ID}"


def verify(path):
    return main([str(path), "--log-key", LOG_KEY])


def test_bagit_validates_what_is_taken(folder):
    bag = bagit.Bag(str(folder))

    assert verify(folder) == 0
    assert bag.validate()
    assert set(bag.payload_files()) == {
        f"data/{CLIP_A}/derivative-1.mp4",
        f"data/{CLIP_A}/original.mp4.001",
        f"data/{CLIP_A}/original.mp4.002",
        f"data/{CLIP_A[:-1]}2/original.mp4",
    }


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (f"data/{CLIP_A}/original.mp4.001", lambda data: data + b"!"),
        ("log/checkpoint", lambda data: data + b"!"),
        ("bag-info.txt", lambda data: data.replace(b"Oxum: ", b"Oxum: 1")),
        ("data/extra", lambda _: b"extra"),
        ("manifest-sha256.txt", lambda data: data + b"0" * 64 + b"  data/none\n"),
    ],
)
def test_what_bagit_refuses_is_refused(folder, path, change):
    target = folder / path
    target.write_bytes(change(target.read_bytes() if target.exists() else b""))

    with pytest.raises(bagit.BagError):
        bagit.Bag(str(folder)).validate()
    assert verify(folder) == 1


def test_unzip_and_zipfile_take_the_zip_that_is_taken(zipped):
    tested = subprocess.run(["unzip", "-tqq", zipped], capture_output=True, text=True, check=False)

    assert verify(zipped) == 0
    assert (tested.returncode, tested.stdout) == (0, "")
    with zipfile.ZipFile(zipped) as archive:
        assert archive.testzip() is None


def test_openssl_and_rfc3161_client_take_the_token_that_is_taken(tmp_path, package):
    text = package.log.checkpoint().text().encode()
    token = package.files["log/checkpoint.tst"]
    (tmp_path / "text").write_bytes(text)
    (tmp_path / "token").write_bytes(token)
    (tmp_path / "root.pem").write_bytes(AUTHORITY.root_pem())
    arguments = [
        "openssl",
        "ts",
        "-verify",
        "-data",
        "text",
        "-in",
        "token",
        "-token_in",
        "-CAfile",
        "root.pem",
        "-attime",
        str(int(NOW.timestamp()) + 3600),
    ]

    checked = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False)
    response = rfc3161_client.decode_timestamp_response(b"\x30\x82" + (len(token) + 5).to_bytes(2, "big") + b"\x30\x03\x02\x01\x00" + token)
    verifier = rfc3161_client.VerifierBuilder().add_root_certificate(AUTHORITY.root).build()

    assert "Verification: OK" in checked.stdout
    assert verifier.verify(response, sha256(text))
    assert token != stamp(text.decode())
    assert LOG.name == package.log.checkpoint().origin


def test_the_installed_command_verifies(zipped):
    program = shutil.which("bodycam", path=os.path.dirname(sys.executable))  # noqa: PTH120 - a search path
    arguments = [program] if program else [sys.executable, "-m", "service.cli.main"]

    done = subprocess.run([*arguments, "verify", zipped, "--log-key", LOG_KEY, "--language", "en"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert "COMPLETE" in done.stdout
