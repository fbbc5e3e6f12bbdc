"""What can be set about a dock, as variables ``BODYCAM_DOCK_<FIELD>`` or on the command line, which has the last word."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from device_drivers.dock.addresses import require_protected
from device_drivers.dock.bandwidth import parse_schedule
from device_drivers.dock.clocks import ClockPolicy
from device_drivers.dock.errors import InsecureAddressError, SettingsError
from device_drivers.dock.language import Language
from device_drivers.dock.reading_order import KEY_MARK
from device_drivers.registry import EnrolledDevice

PREFIX = "BODYCAM_DOCK_"


class DockSettings(BaseSettings):
    """Everything that can be set; each field is the variable ``BODYCAM_DOCK_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    service_url: str = Field(description="Address of the service; `https` unless it is this machine.")
    token: SecretStr = Field(description="The dock's credential.")
    ca_file: Path | None = Field(default=None, description="Certificate authority of service and store, PEM, when the system does not know it.")
    uploads: int = Field(default=4, ge=1, le=16, description="Files read and sent at the same time, of all recorders together; each takes 24 MiB.")
    slot_names: dict[str, str] = Field(default={}, description='What people call a USB port: `{"1-2.3": "A3"}`.')
    enrolled: tuple[str, ...] = Field(default=(), description='The dock\'s own devices, never opened: `["vvvv:pppp", "vvvv:pppp@port"]`.')
    profiles: Path | None = Field(default=None, description="Folder of further driver profiles (docs/drivers.md).")
    set_clock: ClockPolicy = Field(
        default=ClockPolicy.MEASURED, description="When recorders' clocks are set: `never`, `measured` (only those that can be read), `always`."
    )
    spool_dir: Path | None = Field(default=None, description="Folder of the spool; without one a dock waits while the service is away.")
    state_dir: Path | None = Field(
        default=None, description="Folder of what a dock must know when it is started again; the spool's folder when not given."
    )
    spool_limit_gib: float = Field(default=200.0, gt=0, le=1_000_000, description="Most that may lie in the spool, in GiB.")
    spool_key_file: Path | None = Field(default=None, description="The spool's key, 32 bytes; made as `key` in the spool's folder when not given.")
    away_after_s: float = Field(default=30.0, gt=0, le=3_600, description="With a spool: the service counts as away after so many seconds.")
    bandwidth: dict[str, float] = Field(default={}, description='MiB a second that may be sent, by the time of day: `{"08:00-18:00": 2.5}`.')
    time_zone: str = Field(default="Asia/Shanghai", description="Zone of the times of day.")
    remove_socket: Path | None = Field(
        default=None, description="Socket of the program that removes files from disks; not needed by a dock that runs as root."
    )
    language: Language = Field(default=Language.ZH_CN, description="Language of the dock's own screen: `zh-CN`, `zh-TW` or `en`.")
    key_mark: str = Field(default=KEY_MARK, description="Regular expression for what a key file's name carries.")
    watch_interval_s: float = Field(default=2.0, gt=0, le=60, description="Seconds between looks at what is plugged in.")
    retry_for_s: float = Field(default=600.0, ge=0, le=86_400, description="Seconds that a call or a part is tried again when nothing answers.")
    wait_s: float = Field(default=900.0, ge=0, le=86_400, description="Longest wait for the service to seal what was docked, in seconds.")
    answer_timeout_s: float = Field(default=60.0, gt=0, le=600, description="Longest wait for the service's answer to one call, in seconds.")
    part_timeout_s: float = Field(default=120.0, gt=0, le=3_600, description="Longest time for sending one part to the store, in seconds.")

    @field_validator("service_url")
    @classmethod
    def _check_address(cls, value: str) -> str:
        try:
            require_protected(value)
        except InsecureAddressError as error:
            raise ValueError(str(error)) from error
        return value.rstrip("/")

    @field_validator("enrolled")
    @classmethod
    def _check_enrolled(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            EnrolledDevice.parse(each)
        return value

    @field_validator("bandwidth")
    @classmethod
    def _check_bandwidth(cls, value: dict[str, float]) -> dict[str, float]:
        parse_schedule(value)
        return value

    @field_validator("time_zone")
    @classmethod
    def _check_time_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is no time zone") from error
        return value

    @field_validator("key_mark")
    @classmethod
    def _check_key_mark(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from error
        return value

    @field_validator("token")
    @classmethod
    def _check_token(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if not text.isascii() or not text.isprintable() or " " in text or not text:
            raise ValueError("is not a credential")
        return value

    @field_validator("ca_file")
    @classmethod
    def _check_ca_file(cls, value: Path | None) -> Path | None:
        try:
            ssl.create_default_context(cafile=None if value is None else str(value))
        except OSError as error:
            raise ValueError(f"is no certificate in PEM: {error.strerror or error}") from error
        return value


def load_settings(given: Mapping[str, Any]) -> DockSettings:
    """Read the settings.

    Args:
        given: Fields given on the command line; ``None`` means not given.

    Raises:
        SettingsError: Something is missing, wrong, or no setting of the dock.
    """
    known = {f"{PREFIX}{name.upper()}" for name in DockSettings.model_fields}
    problems = [f"{name} is not a setting" for name in sorted(os.environ) if name.startswith(PREFIX) and name not in known]
    if problems:
        raise SettingsError(problems)
    try:
        return DockSettings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        named = [(f"{PREFIX}{'.'.join(map(str, fault['loc'])).upper()}", fault["msg"]) for fault in error.errors(include_input=False)]
        raise SettingsError([f"{name}: {message.removeprefix('Value error, ')}" for name, message in named]) from error
