"""What goes in and out when people sign in."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


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
