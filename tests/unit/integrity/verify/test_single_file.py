import ast
import subprocess
import sys
from pathlib import Path

import pytest

from integrity.verify.single_file import single_file_source
from tests.unit.integrity.verify.packages import CLIP_A, LOG_KEY, make_package

SOURCE = single_file_source()
ROOT = Path(__file__).parents[4]


@pytest.fixture
def alone(tmp_path):
    """A folder with the single file and a package, and nothing of ours."""
    (tmp_path / "verify.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "package.zip").write_bytes(make_package().zipped())
    return tmp_path


def run(folder, *arguments, program=sys.executable, isolated=()):
    environment = {"LANG": "en_GB.UTF-8", "PATH": "/usr/bin", "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [program, *isolated, "verify.py", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_it_is_the_same_every_time():
    assert single_file_source() == SOURCE


def test_it_verifies_as_the_command_does(alone):
    done = run(alone, "package.zip", "--log-key", LOG_KEY)

    assert (done.returncode, done.stderr) == (0, "")
    assert "COMPLETE (volumes 1/1)" in done.stdout


def test_it_ends_as_the_command_does(alone):
    package = make_package()
    package.files[f"data/{CLIP_A}/original.mp4"] += b"!"
    (alone / "package.zip").write_bytes(package.zipped())

    assert run(alone, "package.zip", "--log-key", LOG_KEY).returncode == 1
    assert run(alone, "package.zip", "--log-key", "x").returncode == 2
    assert run(alone, "nothing", "--log-key", LOG_KEY).returncode == 3


def test_what_lies_beside_it_is_never_loaded(alone):
    for name in ("json.py", "cryptography.py", "integrity.py", "argparse.py"):
        (alone / name).write_text("raise SystemExit('loaded what lay beside')\n")

    assert run(alone, "package.zip", "--log-key", LOG_KEY).returncode == 0


def test_it_needs_the_standard_library_and_cryptography_alone():
    imported = set()
    scope = {}
    exec(compile(SOURCE.split("import importlib.abc")[0].replace("sys.exit(2)", "pass"), "verify.py", "exec"), {"__name__": "other"}, scope)  # noqa: S102 - our own file
    for source in scope["MODULES"].values():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module.partition(".")[0])

    assert imported - set(sys.stdlib_module_names) == {"cryptography", "integrity"}
    assert imported.isdisjoint({"socket", "urllib", "http", "subprocess", "ssl", "asyncio"})
    assert {name: (ROOT / f"{name.replace('.', '/')}.py").exists() or (ROOT / name.replace(".", "/")).is_dir() for name in scope["MODULES"]}
    assert scope["MODULES"]["integrity.verify.program"] == (ROOT / "integrity/verify/program.py").read_text()


def test_it_holds_neither_the_authority_nor_anything_that_writes():
    assert "MODULES['integrity.timestamp_authority']" not in SOURCE
    assert "MODULES['integrity.verify.single_file']" not in SOURCE


def test_it_says_what_it_needs_where_cryptography_is_missing(alone):
    done = run(alone, "package.zip", "--log-key", LOG_KEY, isolated=["-S"])

    assert done.returncode == 2
    assert "needs the Python package cryptography" in done.stderr


def test_an_older_python_is_told_so(alone):
    pretend = "import sys; sys.version_info = (3, 9, 18); exec(open('verify.py', encoding='utf-8').read())"

    done = subprocess.run([sys.executable, "-c", pretend], cwd=alone, capture_output=True, text=True, check=False)

    assert (done.returncode, "needs Python 3.11" in done.stderr) == (2, True)


def test_the_head_and_the_tail_can_be_read_by_much_older_ones():
    ast.parse(SOURCE, feature_version=(3, 7))
