"""The values that are evidence, to and from plain JSON: every field by its name, times in UTC, unknown names refused.

Works for the frozen dataclasses of this package; what each field may hold is checked by type here and by bounds in the dataclass itself.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, cast

from integrity.canonical import MAX_INTEGER, JsonValue
from integrity.errors import MalformedValueError

_Value = TypeVar("_Value")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z")


def spell_instant(instant: datetime) -> str:
    """Spell an aware time as RFC 3339 in UTC with microseconds, ``YYYY-MM-DDTHH:MM:SS.ffffffZ``.

    Raises:
        MalformedValueError: The time has no offset.
    """
    if instant.tzinfo is None:
        raise MalformedValueError("time", "expected an offset")
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """Read a time in the one spelling of :func:`spell_instant`.

    Raises:
        MalformedValueError: It is spelled otherwise, or there is no such moment.
    """
    if not _INSTANT.fullmatch(text):
        raise MalformedValueError("time", "expected YYYY-MM-DDTHH:MM:SS.ffffffZ")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedValueError("time", "there is no such moment") from error


def to_plain(value: Any) -> JsonValue:
    """Turn a dataclass of this package into JSON members, its fields included.

    Raises:
        MalformedValueError: A time has no offset.
    """
    if dataclasses.is_dataclass(value):
        return to_members(value)
    if isinstance(value, datetime):
        return spell_instant(value)
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return cast("JsonValue", value)


def to_members(value: Any) -> dict[str, JsonValue]:
    """Likewise, for those who add members of their own.

    Raises:
        MalformedValueError: A time has no offset.
    """
    return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}


def from_plain(kind: type[_Value], value: JsonValue, *, ignore_unknown: bool = False) -> _Value:
    """Rebuild a frozen dataclass from JSON members.

    Args:
        kind: The dataclass.
        value: What :func:`to_plain` gave.
        ignore_unknown: Whether members that the dataclass does not have are passed over: never for evidence, but for answers of a service that
            may be newer.

    Raises:
        MalformedValueError: A member is missing, unknown, of another type, or out of its bounds.
    """
    return cast("_Value", _Reader(ignore_unknown=ignore_unknown).read(kind, value, what=kind.__name__))


@dataclasses.dataclass(frozen=True, slots=True)
class _Reader:
    ignore_unknown: bool

    def read(self, kind: Any, value: JsonValue, *, what: str) -> Any:
        origin = typing.get_origin(kind)
        if origin in {types.UnionType, typing.Union}:
            inner = next(part for part in typing.get_args(kind) if part is not types.NoneType)
            return None if value is None else self.read(inner, value, what=what)
        if origin is Mapping:
            return self._read_mapping(typing.get_args(kind)[1], value, what=what)
        if origin is tuple:
            return self._read_items(typing.get_args(kind)[0], value, what=what)
        if dataclasses.is_dataclass(kind):
            return self._read_members(kind, value, what=what)
        return _read_single(kind, value, what=what)

    def _read_items(self, kind: Any, value: JsonValue, *, what: str) -> tuple[Any, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise MalformedValueError(what, "expected a list")
        return tuple(self.read(kind, item, what=what) for item in value)

    def _read_mapping(self, kind: Any, value: JsonValue, *, what: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise MalformedValueError(what, "expected members")
        return {name: self.read(kind, item, what=what) for name, item in value.items()} if kind in {str, int} else value

    def _read_members(self, kind: Any, value: JsonValue, *, what: str) -> Any:
        hints = _hints_of(kind)
        names = [field.name for field in dataclasses.fields(kind)]
        if not isinstance(value, Mapping) or not set(names) <= set(value) or not (self.ignore_unknown or len(value) == len(names)):
            raise MalformedValueError(what, f"expected the members {', '.join(names)}")
        return kind(**{name: self.read(hints[name], value[name], what=f"{what}.{name}") for name in names})


@cache
def _hints_of(kind: Any) -> dict[str, Any]:
    """Types of a dataclass's fields, found out once: working them out takes longer than reading a value."""
    return typing.get_type_hints(kind)


def _read_single(kind: Any, value: JsonValue, *, what: str) -> Any:
    if kind is datetime and isinstance(value, str):
        return parse_instant(value)
    if kind is float and type(value) is int and abs(value) <= MAX_INTEGER:
        return float(value)
    if issubclass(kind, StrEnum) and value in list(kind):
        return kind(value)
    if type(value) is kind:
        return value
    raise MalformedValueError(what, "is of another type")
