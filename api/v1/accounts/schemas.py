"""What goes in and out when people sign in."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from evidence_store.actor import Role


class SignInRequest(BaseModel):
    """Name and password."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(max_length=128)
    password: str = Field(max_length=1024)


class TokenAnswer(BaseModel):
    """A bearer token and when it expires."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - the scheme's name, not a secret
    expires_at: datetime


class WhoAmI(BaseModel):
    """The person a token belongs to."""

    username: str
    role: str


class PasswordChange(BaseModel):
    """Old and new password."""

    model_config = ConfigDict(extra="forbid")

    old: str = Field(max_length=1024)
    new: str = Field(max_length=1024)


class AccountRequest(BaseModel):
    """An account to be added; a duty officer's names the officer."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f]+$")
    password: str = Field(max_length=1024)
    role: Role
    agency: str = Field(max_length=64)
    officer: str | None = Field(default=None, max_length=64)


class AccountAnswer(BaseModel):
    """The new account."""

    id: UUID
