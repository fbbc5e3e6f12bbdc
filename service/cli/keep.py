"""`bodycam migrate` and `bodycam first-start`: what must be there before the service can answer."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import make_url

from evidence_store.migrations.upgrade import upgrade
from service.accounts.first_people import FirstPeople, make_first_people
from service.appliance.configuration import read_migration_url
from service.appliance.demo_province import import_demo_province
from service.cli.opening import opened_context, run, settings_of
from service.cli.people import operator
from service.clock import SystemClock
from service.custody.change_key import change_log_key, verifier_key_of
from service.custody.keys import adopt_next_log_key, draw_next_log_key, make_keys, read_keys
from service.errors import UnacceptableValueError
from service.safekeeping.rebuild import refuse_lost_database
from service.settings import SettingsError


def migrate_main(arguments: Sequence[str]) -> int:
    """Apply migrations."""
    return run(migrate, list(arguments))


def first_start_main(arguments: Sequence[str]) -> int:
    """Make keys, bucket and first people."""
    return run(first_start, list(arguments))


def migrate(data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`, instead of variables.")] = None) -> None:
    """Bring the database to this release, as the role that owns the tables (BODYCAM_MIGRATION_DATABASE_URL)."""
    if data is not None:
        os.environ.setdefault("BODYCAM_MIGRATION_DATABASE_URL", read_migration_url(data))
    settings = settings_of(data)
    if settings.migration_database_url is None:
        raise SettingsError(["BODYCAM_MIGRATION_DATABASE_URL: needed to migrate"])
    role = make_url(settings.database_url.get_secret_value()).username or ""
    revision = upgrade(settings.migration_database_url.get_secret_value(), role)
    sys.stderr.write(f"database is at {revision}\n")


def first_start(
    data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`, instead of variables.")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Read the first people as JSON from standard input and answer in JSON.")] = False,  # noqa: FBT002 - typer's way of a flag
) -> None:
    """Make the service's keys, the bucket, the top agency and the first accounts; what is there stays as it is."""
    settings = settings_of(data)
    make_keys(settings.keys_dir, settings.log_origin, now=SystemClock().now())
    with opened_context(data) as context:
        context.objects.prepare()
        if json_output:
            refuse_lost_database(context)
            make_first_people(context, _parse(json.load(sys.stdin)))
            if settings.is_demo:
                import_demo_province(context)
    log_key = read_keys(settings.keys_dir).log_key
    sys.stdout.write(json.dumps({"log_key": log_key}) + "\n" if json_output else f"{log_key}\n")


def change_log_key_main(arguments: Sequence[str]) -> int:
    """Change the log's key."""
    return run(change_key, list(arguments))


def change_key(data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`, instead of variables.")] = None) -> None:
    """Give the custody log another key, signed by both; prints the note and the new verifier key.

    Started again after a kill it finishes what it began. The service has to be started again afterwards: with the old key it signs nothing more.
    """
    folder = settings_of(data).keys_dir
    new = draw_next_log_key(folder)
    with opened_context(data) as context, context.unit_of_work() as work:
        known = {key.verifier_key: key.transition for key in work.log.signing_keys()}
    note = known.get(verifier_key_of(new))
    if note is None:
        with opened_context(data) as context:
            note = change_log_key(context, new, actor=operator())
    adopt_next_log_key(folder)
    sys.stdout.write(f"{note}\n{verifier_key_of(new)}\n")


def _parse(given: Any) -> FirstPeople:
    try:
        administrator, reviewer, dock = given["administrator"], given["reviewer"], given["dock"]
        return FirstPeople(
            administrator=(administrator["username"], administrator["password"]),
            reviewer=(reviewer["username"], reviewer["password"]),
            dock=(dock["id"], dock["token"]),
        )
    except (KeyError, TypeError) as error:
        raise UnacceptableValueError("standard input", "expected administrator, reviewer and dock") from error
