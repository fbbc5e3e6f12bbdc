"""How a command's end becomes the status of its process."""

from typing import Annotated

import pytest
import typer

from service.cli.opening import FAILED, WRONG_SETTINGS, run
from service.errors import UnacceptableValueError


def leave(status: int) -> None:
    if status:
        raise typer.Exit(status)


def refuse(why: Annotated[str, typer.Option()]) -> None:
    raise UnacceptableValueError("why", why)


@pytest.mark.parametrize("status", [0, 1, 3])
def test_a_command_ends_with_the_status_it_leaves_with(status):
    assert run(leave, [str(status)]) == status


def test_what_a_command_refuses_is_one_line_and_status_1(capsys):
    assert run(refuse, ["--why", "no reason"]) == FAILED

    assert capsys.readouterr().err.count("\n") == 1


def test_wrong_arguments_are_explained_and_give_status_2(capsys):
    assert run(refuse, ["--nonsense"]) == WRONG_SETTINGS

    assert "--nonsense" in capsys.readouterr().err
