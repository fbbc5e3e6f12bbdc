"""Rules of the house that no linter knows."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from importlib.metadata import distributions, entry_points
from pathlib import Path

import pytest

import service
from api.v1.router import router
from evidence_store import models
from service.worker import JOBS, TIMETABLE

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "service", "device_drivers", "evidence_store", "integrity")


def test_every_job_is_bound_to_the_queue_once():
    defined = set()
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if ".appliance" in module.name or ".cli" in module.name or module.name.endswith("_program"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if hasattr(value, "job_name"):
                defined.add(value)

    assert {job.job_name for job in defined} == {job.job_name for job in JOBS}
    assert len({job.job_name for job in JOBS}) == len(JOBS)
    assert {job for _, job in TIMETABLE} <= set(JOBS)


def test_the_feature_of_every_route_exists_below():
    features = {path.parent.name for path in (ROOT / "api/v1").glob("*/routes.py")}

    assert features
    for feature in features:
        assert (ROOT / "service" / feature).is_dir(), feature
    assert router.routes


@pytest.mark.parametrize("command", ["dock", "simulate", "drivers"])
def test_a_program_of_the_recorders_side_loads_nothing_of_the_service(command):
    target = next(point.value for point in entry_points(group="bodycam.commands") if point.name == command)
    program = f"import sys; import {target.partition(':')[0]}; print(*sys.modules)"
    loaded = set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split())

    assert loaded.isdisjoint({"evidence_store", "service", "api", "fastapi", "sqlalchemy", "minio"})


def test_the_ground_stands_on_the_standard_library_and_cryptography():
    program = (
        "import sys, pkgutil, importlib, integrity\n"
        "for module in pkgutil.iter_modules(integrity.__path__): importlib.import_module('integrity.' + module.name)\n"
        "print(*sys.modules)"
    )
    loaded = set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split())
    outside = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names) - {"integrity", "cryptography", "_cffi_backend", "__main__"}

    assert {name for name in outside if not name.startswith(("_", "sitecustomize", "cffi"))} == set()


def test_no_installed_package_takes_a_name_of_ours():
    ours = set(PACKAGES)
    for distribution in distributions():
        if distribution.metadata["Name"] == "bodycam-evidence":
            continue
        tops = {Path(str(file)).parts[0] for file in distribution.files or () if len(Path(str(file)).parts) > 1}
        assert tops.isdisjoint(ours), distribution.metadata["Name"]


def modules():
    return [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_stay_small(path):
    text = path.read_text()

    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno <= 60, node.name


def test_only_the_unit_of_work_commits():
    allowed = {ROOT / "evidence_store/unit_of_work.py", ROOT / "evidence_store/migrations/upgrade.py"}
    for path in modules():
        if path not in allowed:
            assert ".commit(" not in path.read_text(), path


def test_asynchronous_code_keeps_to_its_rooms():
    rooms = {
        "api/app.py",
        "api/ranges.py",
        "api/witness.py",
        "api/live.py",
        "api/headers.py",
        "evidence_store/job_queue.py",
        "service/appliance/store_door.py",
    }
    for path in modules():
        has_async = any(isinstance(node, ast.AsyncFunctionDef) for node in ast.walk(ast.parse(path.read_text())))
        assert not has_async or str(path.relative_to(ROOT)) in rooms, path


def test_every_table_is_named_by_its_model_once():
    tables = [getattr(models, name).__tablename__ for name in models.__all__ if hasattr(getattr(models, name), "__tablename__")]

    assert len(tables) == len(set(tables))
