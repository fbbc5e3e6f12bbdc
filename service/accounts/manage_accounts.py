"""Accounts of people: added, their passwords changed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from evidence_store.actor import WORKER, Actor, Role
from evidence_store.errors import ConflictingRowError
from evidence_store.models import UserAccount
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue
from service.access.permission import require
from service.access.policy import Action
from service.accounts.errors import SignInRefusedError, UsernameTakenError
from service.accounts.passwords import LEAST_CHARACTERS, MOST_CHARACTERS, NO_PASSWORD, hash_password, is_password
from service.context import ServiceContext
from service.errors import UnacceptableValueError, UnknownAgencyError

LONGEST_USERNAME = 128


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be added; a duty officer's names the officer."""

    username: str
    password: str
    role: Role
    agency_code: str
    officer_code: str | None = None


def add_account(context: ServiceContext, new: NewAccount, *, actor: Actor) -> UUID:
    """Add an account within the actor's agency; one that a rebuilt database knows without a password gets this one.

    Raises:
        NotPermittedError: This role may not.
        UnknownAgencyError: No such agency below the actor's.
        UnacceptableValueError: The password is too short, or a duty officer names no officer.
        UsernameTakenError: There is an account of that name.
    """
    require(Action.MANAGE_ACCOUNTS, actor)
    try:
        with context.unit_of_work() as work:
            agency = work.agencies.by_code(new.agency_code)
            if agency is None or not agency.path.startswith(actor.scope.agency_path):
                raise UnknownAgencyError(new.agency_code)
            known = work.accounts.by_username(new.username, for_update=True)
            if known is not None and known.password_hash == NO_PASSWORD and (known.role, known.agency_id) == (new.role, agency.id):
                give_password(work, known, new.password, at=context.clock.now(), actor=actor)
                return known.id
            account = make_account(context, work, new, agency_id=agency.id)
            details = {"agency": new.agency_code, **addition(account)}
            work.custody.append("account", account.id, "account.added", actor=actor, at=account.created_at, details=details)
            return account.id
    except ConflictingRowError as error:
        raise UsernameTakenError(new.username) from error


def change_password(context: ServiceContext, *, old: str, new: str, actor: Actor) -> None:
    """Change one's own password; every token of the account ends.

    Raises:
        SignInRefusedError: The old password is wrong.
        UnacceptableValueError: The new one is too short.
    """
    check_password(new)
    with context.unit_of_work() as work:
        account = work.accounts.by_username(actor.name, for_update=True)
        if account is None or not is_password(old, account.password_hash):
            raise SignInRefusedError
        account.password_hash = hash_password(new)
        work.accounts.remove_tokens_of(account.id)
        work.custody.append("account", account.id, "password.changed", actor=actor, at=context.clock.now())


def give_password(work: UnitOfWork, account: UserAccount, password: str, *, at: datetime, actor: Actor = WORKER) -> None:
    """Give an account without a password one, in the caller's transaction.

    Raises:
        UnacceptableValueError: It is too short or too long.
    """
    check_password(password)
    account.password_hash = hash_password(password)
    work.custody.append("account", account.id, "password.given", actor=actor, at=at)


def addition(account: UserAccount) -> dict[str, JsonValue]:
    """What the event of an account's addition tells of it; never its password."""
    officer_id = str(account.officer_id) if account.officer_id else None
    return {"username": account.username, "role": account.role, "agency_id": str(account.agency_id), "officer_id": officer_id}


def make_account(context: ServiceContext, work: UnitOfWork, new: NewAccount, *, agency_id: UUID) -> UserAccount:
    """Add the row of an account, in the caller's transaction.

    Raises:
        UnacceptableValueError: The name or the password will not do, or a duty officer names no known officer.
    """
    check_password(new.password)
    if not 0 < len(new.username) <= LONGEST_USERNAME or not new.username.isprintable():
        raise UnacceptableValueError("username", f"1 to {LONGEST_USERNAME} characters that can be shown")
    officer = work.officers.by_code(new.officer_code) if new.officer_code else None
    if new.role is Role.DUTY_OFFICER and officer is None:
        raise UnacceptableValueError("officer_code", "a duty officer's account names a known officer")
    account = UserAccount(
        id=context.new_id(),
        username=new.username,
        password_hash=hash_password(new.password),
        role=new.role,
        agency_id=agency_id,
        officer_id=officer.id if officer else None,
        is_disabled=False,
        failed_sign_ins=0,
        created_at=context.clock.now(),
    )
    work.accounts.add(account)
    return account


def check_password(password: str) -> None:
    """Refuse what is too easily guessed.

    Raises:
        UnacceptableValueError: Shorter than 10 characters, or longer than 256.
    """
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        raise UnacceptableValueError("password", f"{LEAST_CHARACTERS} to {MOST_CHARACTERS} characters")
