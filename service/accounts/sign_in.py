"""A person signs in with a password and gets a token, or gives it back."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence_store.actor import WORKER
from evidence_store.models import AccessToken, UserAccount
from integrity.hashing import sha256
from service.accounts.errors import SignInLockedError, SignInRefusedError
from service.accounts.passwords import MOST_CHARACTERS, is_password
from service.context import ServiceContext

TRIES = 5
LOCKED_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A token and when it expires, UTC; the token is known to nobody but its holder."""

    token: str
    expires_at: datetime


def sign_in(context: ServiceContext, username: str, password: str) -> SignedIn:
    """Check a password and hand out a token.

    Raises:
        SignInRefusedError: User name or password is wrong, or the account is disabled.
        SignInLockedError: Five wrong passwords in a row; the next is heard five minutes later.
    """
    now = context.clock.now()
    with context.unit_of_work() as work:
        account = work.accounts.by_username(username)
    if account is not None and account.locked_until is not None and account.locked_until > now:
        raise SignInLockedError(account.locked_until)
    is_right = len(password) <= MOST_CHARACTERS and is_password(password, account.password_hash if account else None)
    if account is None or account.is_disabled or not is_right:
        if account is not None:
            _count_failure(context, account, now)
        raise SignInRefusedError
    return _hand_out(context, account, now)


def sign_out(context: ServiceContext, token: str) -> None:
    """Forget a token; an unknown one is no error."""
    with context.unit_of_work() as work:
        work.accounts.remove_token(sha256(token.encode()))


def _count_failure(context: ServiceContext, seen: UserAccount, now: datetime) -> None:
    with context.unit_of_work() as work:
        account = work.accounts.by_username(seen.username, for_update=True)
        if account is None:
            return
        account.failed_sign_ins += 1
        if account.failed_sign_ins % TRIES == 0:
            account.locked_until = now + LOCKED_FOR
            details = {"failed_sign_ins": account.failed_sign_ins}
            work.custody.append("account", account.id, "account.locked", actor=WORKER, at=now, details=details)


def _hand_out(context: ServiceContext, seen: UserAccount, now: datetime) -> SignedIn:
    token = secrets.token_urlsafe(32)
    expires_at = now + timedelta(hours=context.settings.token_hours)
    with context.unit_of_work() as work:
        account = work.accounts.by_username(seen.username, for_update=True)
        if account is None or account.is_disabled:
            raise SignInRefusedError
        account.failed_sign_ins = 0
        account.locked_until = None
        work.accounts.remove_expired_tokens(now)
        work.accounts.add_token(AccessToken(token_sha256=sha256(token.encode()), user_id=account.id, issued_at=now, expires_at=expires_at))
    return SignedIn(token, expires_at)
