"""Those elsewhere whom the service asks or tells, as an operator lists them among the settings."""

import base64
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from integrity.checkpoint import parse_verifier_key
from integrity.errors import MalformedValueError


class AuthorityElsewhere(BaseModel):
    """A time-stamp authority elsewhere (RFC 3161 over HTTP).

    Attributes:
        name: Name under which its tokens are kept; never ``embedded``.
        url: Address.
        roots: Certificates that its tokens must lead to, PEM.
        policy: Policy asked for, as a dotted object identifier.
        digest: How the checkpoint is digested for it.
        timeout_s: Longest wait, in seconds.
        username: For HTTP Basic, with `password_file`.
        ca_file: Certificate authority of its TLS, PEM, when the system does not know it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    url: str
    roots: Path
    policy: str | None = Field(default=None, pattern=r"^[0-2](\.\d{1,12}){1,20}$")
    digest: Literal["sha256", "sha384", "sha512", "sm3"] = "sha256"
    timeout_s: float = Field(default=10.0, gt=0, le=60)
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None

    @field_validator("name")
    @classmethod
    def _own_name(cls, value: str) -> str:
        if value == "embedded":
            raise ValueError("that is the name of the service's own authority")
        return value

    def headers(self) -> dict[str, str]:
        """Headers that identify the service to it."""
        if self.username is None or self.password_file is None:
            return {}
        pair = f"{self.username}:{self.password_file.read_text(encoding='utf-8').strip()}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


class WitnessElsewhere(BaseModel):
    """A witness of the custody log (C2SP tlog-witness): its verifier key and its address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    url: str
    ca_file: Path | None = None

    @property
    def name(self) -> str:
        """Name of its key."""
        return self.key.partition("+")[0]

    @field_validator("key")
    @classmethod
    def _readable_key(cls, value: str) -> str:
        return _verifier_key(value)


class ReportsElsewhere(BaseModel):
    """Where coverage is reported to: the same service at the level above.

    Attributes:
        url: Address that takes reports, `…/api/v1/coverage/reports`.
        token_file: Holds the token that the level above gave.
        agency: Code under which the level above knows the agency at the top here; that agency's own code when not given.
        ca_file: Certificate authority of its TLS, PEM, when the system does not know it.
        days: ``monthly``: figures of months and deadlines; ``daily``: of every day.
        include_names: Whether the gap is told by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    token_file: Path
    agency: str | None = Field(default=None, min_length=1, max_length=64)
    ca_file: Path | None = None
    days: Literal["monthly", "daily"] = "monthly"
    include_names: bool = False


class ReporterBelow(BaseModel):
    """Who may report coverage to this service.

    Attributes:
        name: Name under which reports are kept.
        agency: Code of the agency here that it speaks for.
        key: C2SP verifier key of its custody log, come by another way than a report.
        token: What it shows when it posts, 16 characters at least.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    agency: str = Field(min_length=1, max_length=64)
    key: str
    token: SecretStr = Field(min_length=16)

    @field_validator("key")
    @classmethod
    def _readable_key(cls, value: str) -> str:
        return _verifier_key(value)


class WebhookElsewhere(BaseModel):
    """Who is told of alarms (docs/formats/webhook.md).

    Attributes:
        name: Name under which tellings are kept.
        url: Address.
        secret_file: Holds the secret that tellings are signed with, without the blanks around it.
        kinds: Kinds of alarms it is told of; all when not given.
        ca_file: Certificate authority of its TLS, PEM, when the system does not know it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    url: str
    secret_file: Path
    kinds: frozenset[Literal["held_without_certificate", "not_docked", "without_recorder", "below_path"]] | None = None
    ca_file: Path | None = None


class RosterElsewhere(BaseModel):
    """An agency's own information system, which rosters are pulled from (docs/roster-exchange.md).

    Attributes:
        name: Name under which its cursor is kept.
        url: Address that answers rosters.
        token_file: Holds the token that the service shows.
        agency: Code of the agency whose roster it may change, with everything below it.
        ca_file: Certificate authority of its TLS, PEM, when the system does not know it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    url: str
    token_file: Path
    agency: str = Field(min_length=1, max_length=64)
    ca_file: Path | None = None


def _verifier_key(value: str) -> str:
    try:
        parse_verifier_key(value)
    except MalformedValueError as error:
        raise ValueError(str(error)) from error
    return value
