"""`bodycam import` as a person runs it: a folder, an export with its table, the image of a card; interrupted, wrong, and run twice."""

import json
import shutil
import subprocess

import pytest

from tests.appliances import clean_environment
from tests.e2e.system import PROGRAM
from tests.integration.device_drivers.media import make_fat_image

COLUMNS = ["--column", "path=文件名", "--column", "recorded_at=开始时间", "--column", "md5=MD5"]


class Importer:
    def __init__(self, system, folder):
        self.system = system
        self.folder = folder
        self.password = folder / "password"
        self.password.write_text(system.appliance.ready()["reviewer"]["password"] + "\n")

    def run(self, path, *arguments):
        command = (*PROGRAM, "import", path, "--service", self.system.url, "--user", "reviewer", "--password-file", self.password, *arguments)
        if "--resume" not in arguments:
            command = (*command, "--received-from", "某公司", "--document", "调取证据通知书 2026-7")
        done = subprocess.run([str(word) for word in command], env=clean_environment(), capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], [json.loads(line) for line in done.stderr.splitlines()]


@pytest.fixture
def importer(system, tmp_path):
    return Importer(system, tmp_path)


@pytest.fixture
def export(tmp_path, footage, chance):
    """Films of nobody else's: each with a tail of its own, so that no other test's clip is the same."""
    folder = tmp_path / "export"
    (folder / "录像").mkdir(parents=True)
    for name, file in list(footage.items())[:2]:
        (folder / "录像" / name).write_bytes(file.read_bytes() + chance.randbytes(8))
    return folder


def digests(folder):
    lines = subprocess.run(["md5sum", *sorted(map(str, folder.rglob("*.mp4")))], capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.split()[1].rpartition("/")[2]: line.split()[0] for line in lines}


def write_table(path, rows):
    path.write_bytes("".join(",".join(row) + "\r\n" for row in [("文件名", "开始时间", "MD5"), *rows]).encode("gb18030"))
    return path


def test_an_export_is_brought_with_what_its_table_says_and_is_changed_in_nothing(importer, export, tmp_path):
    before = digests(export)
    table = write_table(tmp_path / "table.csv", [(f"录像\\{name}", "2026/3/4 05:06:07", digest) for name, digest in before.items()])

    code, lines, _ = importer.run(export, "--kind", "vendor_export", "--mapping", table, *COLUMNS)

    assert code == 0
    assert digests(export) == before
    for line in lines[1:-1]:
        clip = importer.system.clip(line["clip_id"])
        assert (clip["state"], clip["quarantine"], clip["recorded_at"]) == ("sealed", None, "2026-03-03T21:06:07Z")
        assert clip["imported"]["stated"]["digest"] == before[clip["original_name"]]
        assert importer.system.media(line["clip_id"]).data == (export / line["path"]).read_bytes()


def test_a_wrong_digest_and_a_missing_file_are_told_and_the_rest_is_there(importer, export, tmp_path):
    first, *others = sorted(digests(export))
    rows = [(first, "", "0" * 32), *((name, "", digests(export)[name]) for name in others), ("gone.mp4", "", "")]

    code, lines, told = importer.run(export, "--mapping", write_table(tmp_path / "table.csv", rows), *COLUMNS)

    assert code == 3
    assert [line.get("quarantine") for line in lines[1:-1]] == ["stated_digest_differs", *[None] * len(others)]
    assert {"event": "named_and_missing", "files": 1, "first": "gone.mp4"} in told


def test_a_table_that_makes_no_sense_stops_it_before_anything_is_sent(importer, export, tmp_path):
    table = write_table(tmp_path / "table.csv", [("a.mp4", "yesterday", ""), ("b.mp4", "", "xyz")])
    command = (*PROGRAM, "import", export, "--service", "http://127.0.0.1:9", "--user", "nobody", "--received-from", "x", "--document", "y")

    done = subprocess.run(
        [*map(str, command), "--mapping", str(table), *COLUMNS], env=clean_environment(), capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 2
    assert done.stderr.splitlines() == ["bodycam import: row 2: 'yesterday' is no time", "bodycam import: row 3: 'xyz' is no MD5"]


def test_the_same_again_brings_nothing_twice(importer, export):
    _, first, _ = importer.run(export)
    code, second, told = importer.run(export)

    assert code == 0
    assert [line["clip_id"] for line in first[1:-1]] == [line["clip_id"] for line in second[1:-1]]
    assert {"event": "here_already", "files": len(first) - 2} in told
    assert all(len(importer.system.versions(line["clip_id"])) == 1 for line in first[1:-1])


def test_an_import_that_was_interrupted_goes_on(importer, export):
    unreadable = export / "录像" / "later.mp4"
    shutil.copyfile(next(export.rglob("*.mp4")), unreadable)
    answer = importer.system.ask("POST", "/api/v1/imports", json={"kind": "folder", "received_from": "x", "document": "y"})

    code, lines, _ = importer.run(export, "--resume", answer.json()["id"])

    assert code == 0
    assert lines[0] == {"import_id": answer.json()["id"]}
    (row,) = [row for row in importer.system.get("/api/v1/imports")["items"] if row["id"] == lines[0]["import_id"]]
    assert (row["states"], row["closed_at"] is not None) == ({"sealed": 3}, True)


def test_the_image_of_a_card_comes_whole_and_with_what_is_on_it(importer, export, tmp_path):
    image = make_fat_image(tmp_path / "扣押卡.img", export)

    code, lines, _ = importer.run(image, "--kind", "card_image")

    assert code == 0
    assert lines[1]["path"] == "扣押卡.img"
    assert importer.system.media(lines[1]["clip_id"]).data == image.read_bytes()
    assert sorted(line["path"] for line in lines[2:-1]) == [f"扣押卡.img/录像/{name}" for name in sorted(digests(export))]


@pytest.mark.parametrize("path", ["nothing.mp4", "/dev/null"])
def test_what_cannot_be_read_begins_no_import(importer, tmp_path, path):
    before = len(importer.system.get("/api/v1/imports")["items"])

    code, lines, told = importer.run(tmp_path / path)

    assert (code, lines) == (7, [])
    assert told[-1]["event"] == "not_imported"
    assert len(importer.system.get("/api/v1/imports")["items"]) == before


def test_a_wrong_password_is_said(importer, export):
    importer.password.write_text("wrong\n")

    code, _, told = importer.run(export)

    assert code == 6
    assert "sign-in-refused" in told[-1]["reason"]
