"""The frozen package of the service's own writer, which shares no code with the verifier."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from integrity.verify.program import main
from integrity.verify.single_file import single_file_source

GOLDEN = Path(__file__).parents[2] / "golden"
PACKAGE = GOLDEN / "evidence_package_v1.zip"
TRUST = ["--log-key", f"@{GOLDEN / 'evidence_package_v1.key'}", "--tsa-root", str(GOLDEN / "evidence_package_v1.pem"), "--language", "en"]


def test_a_package_of_an_earlier_release_still_verifies(capsys):
    assert main([str(PACKAGE), *TRUST, "--sm3"]) == 0

    shown = capsys.readouterr().out
    assert "attests that" in shown
    assert "FAILED" not in shown


def test_it_verifies_as_a_folder_and_by_the_single_file(tmp_path):
    with zipfile.ZipFile(PACKAGE) as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    (tmp_path / "verify.py").write_text(single_file_source(), encoding="utf-8")

    done = subprocess.run([sys.executable, tmp_path / "verify.py", folder, *TRUST], capture_output=True, text=True, check=False)

    assert (main([str(folder), *TRUST]), done.returncode, done.stderr) == (0, 0, "")


@pytest.mark.parametrize("part", ["data/", "log/checkpoint", "contents.json", "evidence.json", "manifests/", "report/", "README"])
def test_a_changed_byte_in_any_part_of_it_shows(tmp_path, part):
    with zipfile.ZipFile(PACKAGE) as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    target = next(path for path in sorted(folder.rglob("*")) if path.is_file() and path.relative_to(folder).as_posix().startswith(part))
    data = bytearray(target.read_bytes())
    data[len(data) // 2] ^= 1
    target.write_bytes(data)

    assert main([str(folder), *TRUST]) == 1
