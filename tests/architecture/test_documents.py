"""Documents say what the code says."""

import re
from pathlib import Path

import pytest

from api.problems import PROBLEMS
from device_drivers.dock.settings import DockSettings
from evidence_store import errors as store
from integrity import errors as integrity
from service.errors import ServiceError
from service.settings import Settings

ROOT = Path(__file__).parents[2]
EVERYWHERE = {"invalid-request", "content-too-large", "internal-error", "not-found", "method-not-allowed", "forbidden"}


def every_class_below(root):
    for child in root.__subclasses__():
        yield child
        yield from every_class_below(child)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_with_its_description(name):
    assert f"| `BODYCAM_{name.upper()}` |" in (ROOT / "docs/settings.md").read_text()
    assert Settings.model_fields[name].description in (ROOT / "docs/settings.md").read_text()


@pytest.mark.parametrize("name", DockSettings.model_fields)
def test_every_setting_of_the_dock_is_documented(name):
    assert f"BODYCAM_DOCK_{name.upper()}" in (ROOT / "docs/dock.md").read_text()


def test_every_problem_has_a_page_and_every_page_a_problem():
    pages = {page.stem for page in (ROOT / "docs/problems").glob("*.md")}

    assert pages == {slug for _, slug in PROBLEMS.values()} | EVERYWHERE


def test_every_error_a_route_can_meet_has_a_row_of_its_own():
    inside = {store.ObjectNotFoundError, store.UploadMismatchError, store.ObjectStoreRefusedError, store.UnfitBucketError}
    inside |= {store.OriginalLostError, store.CopyUnfaithfulError}
    start = re.compile(r"^service\.(appliance|cli|copies|settings|custody\.keys|media|outgoing|safekeeping\.rebuild_errors|witness)")
    met = [error for root in (ServiceError,) for error in every_class_below(root) if not start.match(error.__module__)]
    met += [error for error in every_class_below(store.StoreError) if error.__module__ == "evidence_store.errors" and error not in inside]

    assert [error.__name__ for error in met if error not in PROBLEMS] == []


def test_an_integrity_error_is_answered_by_its_row_or_hidden():
    assert PROBLEMS[integrity.MalformedValueError][1] == "malformed-value"


def test_no_file_names_the_host_of_a_registry_in_a_lock():
    for lock in [*ROOT.glob("requirements*.lock"), ROOT / "package-lock.json"]:
        assert not re.search(r"https?://", lock.read_text()), lock


def test_every_decision_is_numbered_and_says_its_parts():
    decisions = sorted((ROOT / "docs/adr").glob("*.md"))

    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        for part in ("**Context.**", "**Decision.**", "**Consequences.**"):
            assert part in path.read_text(), (path, part)


def test_every_direct_dependency_is_in_the_list_of_licences():
    project = (ROOT / "pyproject.toml").read_text()
    listed = (ROOT / "docs/third-party-licences.md").read_text()
    names = re.findall(r'^  "([A-Za-z0-9-]+)', project[project.index("dependencies = [") : project.index("[dependency-groups]")], re.MULTILINE)

    assert [name for name in names if f"| {name} |" not in listed] == []
