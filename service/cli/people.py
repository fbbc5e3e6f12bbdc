"""`bodycam user` and `bodycam dock-token`: people and docks added by whoever runs the machine."""

import getpass
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from evidence_store.actor import Actor, ActorKind, Role, Scope
from service.accounts.manage_accounts import NewAccount, add_account
from service.cli.opening import opened_context, run
from service.docks.register_dock import register_dock


def user_main(arguments: Sequence[str]) -> int:
    """Add an account."""
    return run(add_user, list(arguments))


def dock_token_main(arguments: Sequence[str]) -> int:
    """Register a dock."""
    return run(add_dock, list(arguments))


def add_user(
    username: Annotated[str, typer.Argument(help="Name to sign in with.")],
    role: Annotated[Role, typer.Option(help="What the account may do.")],
    agency: Annotated[str, typer.Option(help="Code of the agency it belongs to.")] = "0",
    officer: Annotated[str | None, typer.Option(help="Officer number, for a duty officer.")] = None,
    password: Annotated[str | None, typer.Option(help="Password; drawn and shown once when not given.", envvar="NEW_PASSWORD")] = None,
    data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`, instead of variables.")] = None,
) -> None:
    """Add an account and show its password if one was drawn."""
    chosen = password or secrets.token_urlsafe(15)
    with opened_context(data) as context:
        add_account(context, NewAccount(username, chosen, role, agency, officer), actor=operator())
    if password is None:
        sys.stdout.write(f"{username} {chosen}\n")


def add_dock(
    name: Annotated[str, typer.Argument(help="Name of the dock, as people know it.")],
    agency: Annotated[str, typer.Option(help="Code of the agency it belongs to.")] = "0",
    data: Annotated[Path | None, typer.Option(help="Data directory of `bodycam up`, instead of variables.")] = None,
) -> None:
    """Register a dock and show its token, once."""
    with opened_context(data) as context:
        credential = register_dock(context, name, agency_code=agency, actor=operator())
    sys.stdout.write(f"{credential.dock_id} {credential.token}\n")


def operator() -> Actor:
    """Whoever runs commands on the machine has its database password; the log names the operating system's account."""
    return Actor(ActorKind.USER, "operator", f"operator {getpass.getuser()}", Role.ADMINISTRATOR, None, Scope("/"))
