"""The steps before the service can answer: tables, first people, the dock; all of them harmless when done again."""

import json
from dataclasses import asdict

from service.appliance.children import Children
from service.appliance.configuration import Configuration
from service.appliance.errors import StepFailedError

_MIGRATION_WITHIN_S = 600.0
_FIRST_START_WITHIN_S = 120.0


def migrate(children: Children, configuration: Configuration) -> None:
    """Bring the tables to this release.

    Raises:
        StepFailedError: The migration refused; nothing of it was kept.
    """
    program = configuration.command("migrate", environment=configuration.migration_environment())
    children.run(program, within_s=_MIGRATION_WITHIN_S)


def hand_over_credentials(children: Children, configuration: Configuration) -> str:
    """Have the service make the first administrator, reviewer and dock where they are missing.

    Returns:
        The custody log's verifier key (C2SP signed note), by which outsiders check its checkpoints.

    Raises:
        StepFailedError: The service refused, or answered something else.
    """
    program = configuration.command("first-start", "--json", environment=configuration.service_environment())
    request = {**asdict(configuration.credentials), "demo": configuration.is_demo}
    answer = children.run(program, json.dumps(request), within_s=_FIRST_START_WITHIN_S)
    try:
        return str(json.loads(answer)["log_key"])
    except (ValueError, KeyError, TypeError) as error:
        raise StepFailedError(program.name, 0, f"expected an object with log_key, got {answer!r}") from error
