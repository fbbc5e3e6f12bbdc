import pytest

from device_drivers.dock.errors import SettingsError
from device_drivers.dock.settings import DockSettings, load_settings

GIVEN = {"service_url": "https://evidence.example/", "token": "secret-token"}


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in DockSettings.model_fields:
        monkeypatch.delenv(f"BODYCAM_DOCK_{name.upper()}", raising=False)


def test_the_command_line_has_the_last_word(monkeypatch):
    monkeypatch.setenv("BODYCAM_DOCK_SERVICE_URL", "https://other.example")
    monkeypatch.setenv("BODYCAM_DOCK_WAIT_S", "5")

    settings = load_settings({**GIVEN, "wait_s": None})

    assert (settings.service_url, settings.wait_s) == ("https://evidence.example", 5.0)
    assert "secret" not in repr(settings)


def test_an_unknown_variable_of_the_dock_is_refused(monkeypatch):
    monkeypatch.setenv("BODYCAM_DOCK_TOKE", "x")
    monkeypatch.setenv("BODYCAM_DATABASE_URL", "none of the dock's business")

    with pytest.raises(SettingsError) as caught:
        load_settings(GIVEN)
    assert caught.value.problems == ["BODYCAM_DOCK_TOKE is not a setting"]


def test_every_problem_is_named_at_once(tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")

    with pytest.raises(SettingsError) as caught:
        load_settings({"service_url": "http://evidence.example", "token": "", "ca_file": tmp_path / "ca.pem", "uploads": 0})
    assert sorted(problem.partition(":")[0] for problem in caught.value.problems) == [
        "BODYCAM_DOCK_CA_FILE",
        "BODYCAM_DOCK_SERVICE_URL",
        "BODYCAM_DOCK_TOKEN",
        "BODYCAM_DOCK_UPLOADS",
    ]


@pytest.mark.parametrize(
    "changes", [{"token": "two words"}, {"token": "line\nbreak"}, {"token": "\u4e2d"}, {"ca_file": "/nowhere.pem"}, {"service_url": "x"}]
)
def test_what_cannot_work_is_refused(changes):
    with pytest.raises(SettingsError):
        load_settings({**GIVEN, **changes})


def test_nothing_given_names_what_is_missing():
    with pytest.raises(SettingsError) as caught:
        load_settings({})
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["BODYCAM_DOCK_SERVICE_URL", "BODYCAM_DOCK_TOKEN"]
