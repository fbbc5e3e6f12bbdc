"""Everything an operator can set, as variables ``BODYCAM_<FIELD>``; read once, refused when wrong."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.elsewhere import AuthorityElsewhere, ReporterBelow, ReportsElsewhere, RosterElsewhere, WebhookElsewhere, WitnessElsewhere
from service.errors import ServiceError

PREFIX = "BODYCAM_"
_OF_THE_DOCK = "BODYCAM_DOCK_"
MINIMUM_RETENTION_DAYS = 180
"""No setting goes below this: six months, the floor of the rules on recording enforcement on site."""


class SettingsError(ServiceError):
    """Settings are missing, wrong or unknown; the program does not start.

    Attributes:
        problems: One sentence for each variable that is wrong.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """Everything an operator can set; each field is the variable ``BODYCAM_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    database_url: SecretStr = Field(description="SQLAlchemy URL of the database for the application's role, `postgresql+psycopg://…`.")
    migration_database_url: SecretStr | None = Field(
        default=None, description="Likewise for the role that owns the tables; only `bodycam migrate` needs it."
    )
    store_endpoint: str = Field(description="`host:port` of the S3 store as the service reaches it.")
    store_public_endpoint: str | None = Field(default=None, description="`host:port` as docks reach it; the same when not set.")
    store_secure: bool = Field(default=True, description="Whether the service speaks TLS to the store.")
    store_public_secure: bool | None = Field(
        default=None, description="Whether docks speak TLS to the store; as `BODYCAM_STORE_SECURE` when not set."
    )
    store_access_key: SecretStr = Field(description="Access key of the store.")
    store_secret_key: SecretStr = Field(description="Secret key of the store.")
    store_bucket: str = Field(default="evidence", description="Bucket that holds the evidence; made at first start with Object Lock.")
    store_ca_file: Path | None = Field(default=None, description="Certificate authority of the store, PEM, when the system does not know it.")
    store_region: str = Field(default="us-east-1", description="Region name that requests to the store are signed for.")
    second_store_endpoint: str | None = Field(
        default=None, description="`host:port` of a second S3 store, in another failure domain, that gets a copy of everything (docs/operations.md)."
    )
    second_store_secure: bool = Field(default=True, description="Whether the service speaks TLS to the second store.")
    second_store_access_key: SecretStr | None = Field(default=None, description="Access key of the second store.")
    second_store_secret_key: SecretStr | None = Field(default=None, description="Secret key of the second store.")
    second_store_bucket: str = Field(default="evidence", description="Bucket of the second store; made at first start with Object Lock.")
    second_store_ca_file: Path | None = Field(
        default=None, description="Certificate authority of the second store, PEM, when the system does not know it."
    )
    second_store_region: str = Field(default="us-east-1", description="Region name that requests to the second store are signed for.")
    keys_dir: Path = Field(description="Folder of the service's own keys (log, manifests, time-stamp authority); made at first start, mode 0700.")
    log_origin: str = Field(
        default="bodycam.local/custody-log", description="Name of the custody log, as checkpoints carry it; fixed at first start."
    )
    public_url: str = Field(default="http://127.0.0.1:8000", description="Address people and docks use; `https` unless it is loopback.")
    site_name: str = Field(default="", max_length=80, description="Name shown at the top of every page.")
    is_demo: bool = Field(default=False, description="A demonstration: everything is marked, and real docks are refused.")
    retention_days: int = Field(
        default=MINIMUM_RETENTION_DAYS, ge=MINIMUM_RETENTION_DAYS, le=36_500, description="Days from receipt that every original is locked at least."
    )
    log_retention_days: int = Field(
        default=3_650, ge=MINIMUM_RETENTION_DAYS, le=36_500, description="Days that the custody log's export into the store is locked."
    )
    outgoing_hosts: tuple[str, ...] = Field(default=(), description='Every address that the service may ask: `["tsa.example:443"]`; no other is.')
    timestamp_authorities: tuple[AuthorityElsewhere, ...] = Field(
        default=(), description="Time-stamp authorities elsewhere, tried in order for one checkpoint a minute (docs/operations.md)."
    )
    witnesses: tuple[WitnessElsewhere, ...] = Field(default=(), description="Witnesses that co-sign checkpoints (docs/operations.md).")
    recorder_time_zone: str = Field(default="Asia/Shanghai", description="Zone of times that a recorder writes without an offset.")
    key_mark: str = Field(
        default=r"_IMP(?=[._]|$)", description="Regular expression for what the name of a file carries that the officer marked as important."
    )
    reread_percent: float = Field(
        default=1.0, ge=0, le=100, description="Share of recognised files that are read in full and compared at each docking, in percent."
    )
    required_copies: int = Field(
        default=0,
        ge=0,
        le=2,
        validate_default=True,
        description="Verified copies the wipe gate asks for: 2 with a second store, else 1; 0 is that too.",
    )
    fixity_percent: float = Field(
        default=1.2, ge=1, le=100, description="Share of all clips that are read in full again each day, in percent; 1.12 reads each within 90 days."
    )
    fixity_budget_gib: float = Field(default=2048.0, gt=0, description="Most GiB that are read again in a day; what is over it waits.")
    fixity_mib_per_s: float = Field(default=100.0, gt=0, description="Most MiB a second at which clips are read again.")
    coverage_closing_days: int = Field(
        default=15, ge=0, le=90, description="Days after the end of a month until which late paperwork makes its second frozen figure of coverage."
    )
    report_to: ReportsElsewhere | None = Field(
        default=None,
        description="Where coverage is reported to: `{url, token_file, agency, ca_file, days, include_names}` (docs/coverage-reports.md).",
    )
    reporters: tuple[ReporterBelow, ...] = Field(
        default=(), description="Who may report coverage to this service: `[{name, agency, key, token}]` (docs/coverage-reports.md)."
    )
    newly_certified_days: int = Field(
        default=30, ge=1, le=365, description="Days after which an officer on duty without a recorder is an alarm, new certificates included."
    )
    undocked_days: int = Field(default=30, ge=1, le=365, description="Days after which a recorder in service that nobody docked is an alarm.")
    webhooks: tuple[WebhookElsewhere, ...] = Field(
        default=(), description="Who is told of alarms: `[{name, url, secret_file, kinds, ca_file}]` (docs/formats/webhook.md)."
    )
    roster_sources: tuple[RosterElsewhere, ...] = Field(
        default=(), description="Where rosters are pulled from every day: `[{name, url, token_file, agency, ca_file}]` (docs/roster-exchange.md)."
    )
    worker_concurrency: int = Field(default=2, ge=1, le=64, description="Jobs that one worker does at a time.")
    token_hours: float = Field(default=12.0, gt=0, le=168, description="Hours until a sign-in expires.")
    read_back_paused: bool = Field(
        default=False, description="Leave stored clips unverified for now, for measurements; nothing is released meanwhile."
    )

    @field_validator("recorder_time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no time zone {value!r}") from error
        return value

    @field_validator("required_copies")
    @classmethod
    def _as_many_as_stores(cls, value: int, others: ValidationInfo) -> int:
        stores = 1 if others.data.get("second_store_endpoint") is None else 2
        if value not in {0, stores}:
            raise ValueError("2 needs a second store (BODYCAM_SECOND_STORE_ENDPOINT)" if value > stores else "with a second store it is 2")
        return stores

    @field_validator("reporters")
    @classmethod
    def _told_apart(cls, value: tuple[ReporterBelow, ...]) -> tuple[ReporterBelow, ...]:
        for what in ("name", "key", "token"):
            if len({getattr(one, what) for one in value}) != len(value):
                raise ValueError(f"two reporters have the same {what}")
        return value

    @field_validator("webhooks", "roster_sources")
    @classmethod
    def _named_apart(cls, value: tuple[WebhookElsewhere | RosterElsewhere, ...]) -> tuple[WebhookElsewhere | RosterElsewhere, ...]:
        if len({one.name for one in value}) != len(value):
            raise ValueError("two of them have the same name")
        return value

    @field_validator("key_mark")
    @classmethod
    def _readable_mark(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from error
        return value

    @field_validator("public_url")
    @classmethod
    def _reachable_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("expected an http or https address")
        if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise ValueError("beyond this machine only https is allowed")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _listed_addresses(self) -> Self:
        reports = (self.report_to,) if self.report_to is not None else ()
        for url in (one.url for one in (*self.timestamp_authorities, *self.witnesses, *reports, *self.webhooks, *self.roster_sources)):
            parts = urlsplit(url)
            port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
            if f"{parts.hostname}:{port}" not in self.outgoing_hosts:
                raise ValueError(f"{url} is not among BODYCAM_OUTGOING_HOSTS")
        return self

    @model_validator(mode="after")
    def _whole_second_store(self) -> Self:
        needed = {"second_store_endpoint", "second_store_access_key", "second_store_secret_key"}
        given = {name for name in type(self).model_fields if name.startswith("second_store_") and getattr(self, name) is not None}
        named = given & (needed | self.model_fields_set)
        if named and not needed <= named:
            missing = ", ".join(f"{PREFIX}{name.upper()}" for name in sorted(needed - named))
            raise ValueError(f"a second store needs {missing}")
        if named and (self.second_store_endpoint or "").lower() in {self.store_endpoint.lower(), self.public_store[0].lower()}:
            raise ValueError(f"{PREFIX}SECOND_STORE_ENDPOINT is the first store's; a second copy belongs into another failure domain")
        return self

    @property
    def public_store(self) -> tuple[str, bool]:
        """Address and TLS of the store as docks use it."""
        secure = self.store_secure if self.store_public_secure is None else self.store_public_secure
        return self.store_public_endpoint or self.store_endpoint, secure


def unknown_settings(names: Iterable[str]) -> list[str]:
    """Name the variables that look like settings of the service and are none; those of the dock are the dock's affair."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    return sorted(name for name in names if name.startswith(PREFIX) and not name.startswith(_OF_THE_DOCK) and name not in known)


def read_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: One is missing, wrong, or has a name that no setting has.
    """
    problems = [f"{name} is not a setting" for name in unknown_settings(os.environ)]
    try:
        settings = Settings()
    except ValidationError as error:
        problems += [f"{PREFIX}{'.'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}" for fault in error.errors(include_input=False)]
        raise SettingsError(problems) from error
    if problems:
        raise SettingsError(problems)
    return settings
