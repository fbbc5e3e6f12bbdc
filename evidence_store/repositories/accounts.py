"""People who sign in, and their tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from evidence_store.models import AccessToken, Agency, UserAccount


class Accounts:
    """Accounts and access tokens."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, account: UserAccount) -> None:
        """Add an account."""
        self._session.add(account)
        self._session.flush()

    def by_username(self, username: str, *, for_update: bool = False) -> UserAccount | None:
        """Find an account by its user name, exactly as spelled."""
        query = select(UserAccount).where(UserAccount.username == username)
        return self._session.scalars(query.with_for_update() if for_update else query).one_or_none()

    def get(self, user_id: UUID) -> UserAccount | None:
        """Find an account by its id."""
        return self._session.get(UserAccount, user_id)

    def names(self, user_ids: set[UUID]) -> dict[UUID, str]:
        """User names by id."""
        rows = self._session.execute(select(UserAccount.id, UserAccount.username).where(UserAccount.id.in_(user_ids)))
        return {row.id: row.username for row in rows}

    def add_token(self, token: AccessToken) -> None:
        """Add a token."""
        self._session.add(token)

    def by_token(self, token_sha256: bytes, now: datetime) -> tuple[UserAccount, Agency] | None:
        """Find who holds a token that has not expired, with their agency; disabled accounts hold none."""
        query = (
            select(UserAccount, Agency)
            .join(AccessToken, AccessToken.user_id == UserAccount.id)
            .join(Agency, Agency.id == UserAccount.agency_id)
            .where(AccessToken.token_sha256 == token_sha256, AccessToken.expires_at > now, UserAccount.is_disabled.is_(False))
        )
        row = self._session.execute(query).one_or_none()
        return None if row is None else (row[0], row[1])

    def remove_token(self, token_sha256: bytes) -> None:
        """Forget a token."""
        self._session.execute(delete(AccessToken).where(AccessToken.token_sha256 == token_sha256))

    def remove_tokens_of(self, user_id: UUID) -> None:
        """Forget every token of a person."""
        self._session.execute(delete(AccessToken).where(AccessToken.user_id == user_id))

    def remove_expired_tokens(self, now: datetime) -> None:
        """Forget tokens that have expired."""
        self._session.execute(delete(AccessToken).where(AccessToken.expires_at <= now))
