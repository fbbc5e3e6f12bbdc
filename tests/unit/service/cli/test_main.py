from importlib.metadata import EntryPoint

import pytest

from service.cli import main as module
from service.cli.main import main

SEEN = []


def greet(arguments):
    SEEN.append(list(arguments))
    return 7


def be_interrupted(arguments):
    raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def commands(monkeypatch):
    SEEN.clear()
    entries = [
        EntryPoint(name, value, module.GROUP) for name, value in (("greet", "greeting:greet"), ("broken", "no.such.module:main"), ("sleep", "x:y"))
    ]
    loaded = {"greet": greet, "sleep": be_interrupted}
    real_load = EntryPoint.load
    monkeypatch.setattr(EntryPoint, "load", lambda entry: loaded.get(entry.name) or real_load(entry))
    monkeypatch.setattr(module, "entry_points", lambda *, group: entries if group == module.GROUP else [])


def test_a_command_gets_what_follows_its_name_and_its_status_is_returned():
    assert main(["greet", "--loud", "name"]) == 7
    assert SEEN == [["--loud", "name"]]


def test_other_commands_are_not_loaded():
    assert main(["greet"]) == 7

    with pytest.raises(ModuleNotFoundError):
        main(["broken"])


def test_an_unknown_command_is_answered_with_the_list(capsys):
    assert main(["gret"]) == 2

    assert "'gret'" in (message := capsys.readouterr().err)
    assert "  greet\n" in message


@pytest.mark.parametrize(("words", "status"), [(["--help"], 0), (["-h"], 0), ([], 2)])
def test_help_lists_every_command(words, status, capsys):
    assert main(words) == status

    assert [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")] == ["broken", "greet", "sleep"]


def test_an_interrupted_command_ends_as_shells_expect():
    assert main(["sleep"]) == 130
