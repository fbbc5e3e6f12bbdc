"""A package as this release of the format was first written: readers take it for ever, and every byte that counts is guarded."""

import io
import json
import zipfile
from pathlib import Path

import bagit
import pytest

from integrity.verify.program import main as verify

GOLDEN = Path(__file__).parents[3] / "golden"
PACKAGE = GOLDEN / "evidence_package_v1.zip"
OPTIONS = ["--log-key", f"@{GOLDEN / 'evidence_package_v1.key'}", "--tsa-root", str(GOLDEN / "evidence_package_v1.pem"), "--sm3", "--json"]


def test_the_first_package_holds_for_ever(capsys):
    assert verify([str(PACKAGE), *OPTIONS]) == 0

    told = json.loads(capsys.readouterr().out)
    assert {check["status"] for volume in told["volumes"] for check in volume["checks"]} <= {"holds", "note"}


def test_the_first_package_is_a_bag(tmp_path):
    with zipfile.ZipFile(PACKAGE) as archive:
        archive.extractall(tmp_path)

    (root,) = tmp_path.iterdir()
    assert bagit.Bag(str(root)).is_valid()
    contents, index = (json.loads((root / name).read_text()) for name in ("contents.json", "evidence.json"))
    assert (contents["format"], contents["version"]) == ("bodycam.evidence-contents", 1)
    assert (index["format"], index["version"]) == ("bodycam.evidence-package", 1)
    assert sorted(clip["size_bytes"] for clip in contents["clips"]) == [0, 16, 700]


@pytest.mark.parametrize("part", ["original.MP4", "contents.json", "evidence.json", "log/checkpoint", "manifest-sha256.txt"])
def test_a_package_with_one_other_byte_does_not_hold(tmp_path, part):
    data = bytearray(PACKAGE.read_bytes())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entry = next(entry for entry in archive.infolist() if entry.filename.endswith(part) and entry.file_size)
        start = data.index(entry.filename.encode(), entry.header_offset) + len(entry.filename)
    data[start + entry.file_size // 2] ^= 1
    (tmp_path / "package.zip").write_bytes(data)

    assert verify([str(tmp_path / "package.zip"), *OPTIONS]) != 0
