"""How a command finds its installation: by variables, or by the data directory of `bodycam up`."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from evidence_store.errors import StoreError
from service.appliance.configuration import read_environment
from service.bootstrap import build_context
from service.cli.structured_log import log_to_standard_error
from service.context import ServiceContext
from service.errors import ServiceError
from service.settings import Settings, read_settings

FAILED = 1
WRONG_SETTINGS = 2


def settings_of(data: Path | None) -> Settings:
    """Read the settings of the installation that a command is about.

    Args:
        data: Data directory of `bodycam up`; without one the environment alone counts.

    Raises:
        SettingsError: A setting is missing, wrong or unknown.
        ApplianceError: The directory holds no installation.
    """
    if data is not None:
        for name, value in read_environment(data).items():
            os.environ.setdefault(name, value)
    return read_settings()


@contextmanager
def opened_context(data: Path | None) -> Iterator[ServiceContext]:
    """Open the installation that a command is about, and close it afterwards."""
    context = build_context(settings_of(data))
    try:
        yield context
    finally:
        context.dispose()


def run(command: Callable[..., None], arguments: list[str]) -> int:
    """Run a command's function on its arguments; what it refuses is said in one line.

    Returns:
        What it left with, or else 0; 1 when it refused, 2 when arguments are wrong.
    """
    log_to_standard_error()
    application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    application.command()(command)
    try:
        status = application(arguments, standalone_mode=False)  # gives the code of a typer.Exit, or else what the function returned
    except (ServiceError, StoreError) as error:
        sys.stderr.write(f"bodycam: {error}\n")
        return FAILED
    except Exception as error:  # typer's usage errors carry their own exit code and message
        show = getattr(error, "show", None)
        if show is None:
            raise
        show()
        return int(getattr(error, "exit_code", WRONG_SETTINGS))
    return status if isinstance(status, int) else 0
