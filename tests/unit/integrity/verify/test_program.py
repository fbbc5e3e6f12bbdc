import json
import os
import stat
import sys
from importlib.metadata import entry_points
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from integrity.checkpoint import sign_checkpoint
from integrity.verify import program
from tests.unit.integrity.verify.archives import Entry, archive
from tests.unit.integrity.verify.packages import (
    AUTHORITY,
    CLIP_A,
    LOG_KEY,
    MANIFEST_KEY,
    OTHER_AUTHORITY,
    PACKAGE_ID,
    SIGNER,
    WITNESS_KEY,
    make_package,
    split,
)


@pytest.fixture
def package():
    return make_package()


@pytest.fixture
def zipped(tmp_path, package):
    path = tmp_path / "package.zip"
    path.write_bytes(package.zipped())
    return path


@pytest.fixture
def folder(tmp_path, package):
    return lay_out(tmp_path / "any name", package)


def lay_out(root, package):
    for path, data in package.closed().items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return root


def run(*arguments, key=LOG_KEY):
    return program.main([*map(str, arguments), "--log-key", key, "--language", "en"])


def test_the_key_alone_suffices_for_a_zip_and_for_a_folder(zipped, folder, capsys):
    assert run(zipped) == 0
    assert run(folder) == 0

    shown = capsys.readouterr()
    assert shown.out.count("COMPLETE (volumes 1/1)") == 2
    assert shown.out.count("time rests on the log alone") == 2
    assert shown.err == ""


def test_the_command_is_found_by_its_name():
    assert {each.value for each in entry_points(group="bodycam.commands") if each.name == "verify"} <= {"integrity.verify.program:main"}


def test_everything_that_can_be_brought_is_used(zipped, tmp_path, capsys, package):
    (tmp_path / "key").write_text(f"{LOG_KEY}\n")
    (tmp_path / "root.pem").write_bytes(AUTHORITY.root_pem())
    (tmp_path / "root.der").write_bytes(OTHER_AUTHORITY.root.public_bytes(Encoding.DER))
    (tmp_path / "checkpoint").write_text(sign_checkpoint(package.log.checkpoint(6), SIGNER))
    roots = ["--tsa-root", tmp_path / "root.pem", "--tsa-root", tmp_path / "root.der"]

    status = run(
        zipped, *roots, "--checkpoint", tmp_path / "checkpoint", "--witness-key", WITNESS_KEY, "--manifest-key", MANIFEST_KEY, "--sm3",
        key=f"@{tmp_path / 'key'}",
    )  # fmt: skip

    shown = capsys.readouterr().out
    assert status == 0
    assert "[note]" not in shown
    assert "continues the checkpoint from elsewhere: 6 events then, 14 now, proved" in shown
    assert "SM3" in shown


def test_volumes_are_given_together(tmp_path, package, capsys):
    paths = []
    for number, volume in enumerate(split(package)):
        paths.append(tmp_path / f"{number}.zip")
        paths[-1].write_bytes(volume.zipped())

    assert run(*paths) == 0
    assert run(paths[0]) == 1
    assert "missing: 0193a1d0-0000-7000-8000-000000000002" in capsys.readouterr().out


def test_a_changed_clip_ends_with_one(zipped, package, capsys):
    package.files[f"data/{CLIP_A}/original.mp4"] += b"!"
    zipped.write_bytes(package.zipped())

    assert run(zipped) == 1
    assert "[ALTERED]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", "结论：全部检查通过"), ("zh-TW", "結論：全部檢查通過"), ("en", "RESULT: every check holds")],
)
def test_people_are_told_in_their_language(zipped, capsys, monkeypatch, language, words):
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", f"{language.replace('-', '_')}.UTF-8")

    assert program.main([str(zipped), "--log-key", LOG_KEY]) == 0
    assert words in capsys.readouterr().out


def test_json_is_one_object_with_everything(zipped, capsys):
    assert run(zipped, "--json") == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["exit_status"], told["packages"][0]["complete"]) == (0, True)
    assert [file["verdict"] for file in told["volumes"][0]["files"]] == ["ORIGINAL", "IMPORTED", "DERIVED"]
    assert {check["status"] for check in told["volumes"][0]["checks"]} == {"holds", "note"}


def test_a_hostile_archive_ends_with_three_and_the_other_package_is_still_checked(zipped, tmp_path, capsys):
    bad = tmp_path / "bad.zip"
    bad.write_bytes(archive(Entry("evidence-1/../\u202ex")))

    assert run(bad, zipped) == 3

    shown = capsys.readouterr().out
    assert "a name is not allowed" in shown
    assert "COMPLETE (volumes 1/1)" in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("content", [None, b"", b"not a zip"])
def test_what_is_no_package_ends_with_three(tmp_path, content):
    path = tmp_path / "x"
    if content is not None:
        path.write_bytes(content)

    assert run(path) == 3


def test_a_pipe_or_an_empty_folder_is_no_package(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()

    assert run(tmp_path / "pipe") == 3
    assert run(tmp_path / "empty") == 3


@pytest.mark.parametrize("target", ["/etc/passwd", "bagit.txt", "nowhere"])
def test_a_link_in_a_folder_is_never_followed(folder, capsys, target):
    (folder / "extra.txt").symlink_to(target)

    assert run(folder) == 3
    assert "is a link, a device or a folder" in capsys.readouterr().out


def test_a_linked_folder_is_never_followed(folder, tmp_path):
    (tmp_path / "data").mkdir()
    (folder / "linked").symlink_to(tmp_path / "data", target_is_directory=True)

    assert run(folder) == 3


def test_a_pipe_in_a_folder_is_refused_without_waiting_for_it(folder):
    os.mkfifo(folder / "extra.txt")

    assert run(folder) == 3


def test_a_file_that_a_folder_should_not_hold_shows(folder, capsys):
    (folder / "extra.txt").write_text("extra")

    assert run(folder) == 1
    assert "tagmanifest-sha256.txt does not name extra.txt" in capsys.readouterr().out


def test_names_that_differ_in_case_are_refused_in_a_folder(folder):
    (folder / "BAGIT.TXT").write_text("other")

    assert run(folder) == 3


@pytest.mark.parametrize("swap", ["link", "folder link", "longer", "shorter", "gone", "pipe"])
def test_a_file_that_is_exchanged_while_it_is_read_is_refused(folder, tmp_path, swap, capsys):
    path = folder / "README.en.txt"
    listed = list(program._walk(folder))
    if swap == "folder link":
        os.rename(folder / "log", tmp_path / "elsewhere")  # noqa: PTH104 - a trick
        (folder / "log").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    elif swap == "longer":
        path.write_bytes(path.read_bytes() + b"x")
    elif swap == "shorter":
        path.write_bytes(b"x")
    else:
        path.unlink()
    if swap == "link":
        path.symlink_to("/etc/passwd")
    elif swap == "pipe":
        os.mkfifo(path)

    container = program.folder_container("f", listed, lambda name: program._open_inside(folder, name))
    name = "log/checkpoint" if swap == "folder link" else "README.en.txt"

    with pytest.raises(program.RefusedPackageError):
        container.read_small(name)


def test_a_file_that_cannot_be_read_ends_with_three(folder, monkeypatch, capsys):
    def fail(path, *_arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(program.os, "open", fail)

    assert run(folder) == 3
    assert "Permission denied" in capsys.readouterr().out


def test_an_error_of_the_medium_is_the_packages():
    class Broken:
        def seek(self, _offset):
            raise OSError(5, "Input/output error")

        read = readinto = seek

    guarded = program._GuardedFile(Broken(), "data/x")

    for act in (lambda: guarded.seek(0), lambda: guarded.read(1), lambda: guarded.readinto(memoryview(bytearray(1)))):
        with pytest.raises(program.RefusedPackageError, match="Input/output error"):
            act()


def test_a_junction_of_windows_counts_as_a_link():
    junction = SimpleNamespace(st_mode=stat.S_IFDIR, st_reparse_tag=0xA0000003)

    assert program._is_reparse_point(junction)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--log-key", "rubbish"],
        ["--log-key", "@/does/not/exist"],
        ["--log-key", WITNESS_KEY],
        ["--log-key", LOG_KEY, "--witness-key", LOG_KEY],
        ["--log-key", LOG_KEY, "--manifest-key", "x"],
        ["--log-key", LOG_KEY, "--tsa-root", "/does/not/exist"],
        ["--log-key", LOG_KEY, "--tsa-root", "/etc/hostname"],
        ["--log-key", LOG_KEY, "--checkpoint", "/does/not/exist"],
        ["--log-key", "@/dev/zero"],
    ],
)
def test_what_was_brought_and_cannot_be_used_ends_with_two(zipped, arguments, capsys):
    assert program.main([str(zipped), *arguments]) == 2
    assert capsys.readouterr().err.startswith("bodycam verify: ")


@pytest.mark.parametrize("arguments", [[], ["x"], ["--log-key", LOG_KEY], ["x", "--log-key", LOG_KEY, "--language", "fr"]])
def test_a_wrong_command_line_ends_with_two(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        program.main(arguments)

    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_progress_is_shown_where_somebody_watches(zipped, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    assert run(zipped) == 0
    assert "read 0 MiB of 0 MiB" in capsys.readouterr().err


def test_nothing_is_written_anywhere(zipped, folder, tmp_path):
    before = sorted((path, path.lstat().st_mtime_ns) for path in tmp_path.rglob("*"))

    run(zipped)
    run(folder)

    assert sorted((path, path.lstat().st_mtime_ns) for path in tmp_path.rglob("*")) == before
    assert PACKAGE_ID
