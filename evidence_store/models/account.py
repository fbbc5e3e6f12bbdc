"""People who sign in, and the tokens they hold."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from evidence_store.models.base import Base


class UserAccount(Base):
    """A person who may sign in.

    Attributes:
        password_hash: Argon2id in PHC form.
        officer_id: The officer this person is, when they are one.
        failed_sign_ins: In a row; set back by a success.
        locked_until: No sign-in before this time, UTC.
    """

    __tablename__ = "user_account"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    officer_id: Mapped[UUID | None] = mapped_column(ForeignKey("officer.id"))
    is_disabled: Mapped[bool]
    failed_sign_ins: Mapped[int]
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class AccessToken(Base):
    """A token someone signed in for, kept as its SHA-256; used as a bearer token or in the session cookie."""

    __tablename__ = "access_token"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
