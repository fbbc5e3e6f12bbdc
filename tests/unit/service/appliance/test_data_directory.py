import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.appliance.data_directory import DataDirectory, read_object
from service.appliance.errors import DirectoryInUseError, UnreadableDirectoryError
from service.appliance.processes import mark_process

HOLDER = """
import sys, time
from pathlib import Path
from service.appliance.data_directory import DataDirectory
with DataDirectory.open(Path(sys.argv[1])).locked():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def directory(tmp_path):
    return DataDirectory.open(tmp_path / "data")


@pytest.fixture
def holder(directory):
    process = subprocess.Popen(
        (sys.executable, "-c", HOLDER, directory.root), stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_nobody_else_may_enter(directory):
    assert {path.stat().st_mode & 0o777 for path in (directory.root, *directory.root.iterdir())} == {0o700}


def test_a_second_holder_is_refused_and_told_who_holds_it(directory, holder):
    with pytest.raises(DirectoryInUseError, match=str(holder.pid)), directory.locked():
        pass


def test_a_holder_that_was_killed_holds_no_more(directory, holder):
    holder.kill()
    holder.wait()

    with directory.locked():
        assert (directory.root / "lock").read_text() == f"{os.getpid()}\n"


def test_no_lock_file_stays(directory):
    with directory.locked():
        pass

    assert not (directory.root / "lock").exists()


def test_children_read_back_as_they_were_written(directory):
    children = {"serve": mark_process(os.getpid())}

    directory.write_children(children)

    assert directory.read_children() == children
    directory.forget_children()
    assert directory.read_children() == {}


@pytest.mark.parametrize("content", ["{", "[1]", '{"serve": {"pid": 1}}', '{"serve": 7}'])
def test_a_broken_list_of_children_is_named(directory, content):
    (directory.root / "children.json").write_text(content)

    with pytest.raises(UnreadableDirectoryError, match=r"children\.json"):
        directory.read_children()


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path):
    (tmp_path / "data").touch()

    with pytest.raises(UnreadableDirectoryError, match="data"):
        DataDirectory.open(tmp_path / "data")


def test_a_directory_is_known_by_its_real_path(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "data")

    assert DataDirectory.open(tmp_path / "link").root == tmp_path / "data"


def test_a_missing_file_reads_as_nothing():
    assert read_object(Path("/nowhere/at/all.json")) == {}
