"""Texts of the dock's own screen in three languages, and how it writes sizes and times."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files

_KIBI = 1024
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_MINUTE_S, _HOUR_S = 60, 3600


class Language(StrEnum):
    """Languages of the screen, as BCP 47 tags."""

    ZH_CN = "zh-CN"
    ZH_TW = "zh-TW"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language, by ``table.key``."""

    language: Language
    by_key: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Give a text, with values for its ``{placeholders}``.

        Raises:
            KeyError: There is no such text; a test keeps the catalogues complete.
        """
        return self.by_key[key].format(**values)

    def duration(self, seconds: float) -> str:
        """Write a length of time in its largest unit, rounded up."""
        for unit_s, key in ((_HOUR_S, "screen.hours"), (_MINUTE_S, "screen.minutes")):
            if seconds > unit_s:
                return self(key, count=-int(-seconds // unit_s))
        return self("screen.seconds", count=-int(-seconds // 1))


def load_texts(language: Language) -> Texts:
    """Load a language's catalogue."""
    source = files(__package__).joinpath("locale", f"{language}.toml").read_text(encoding="utf-8")
    return Texts(language, {f"{table}.{key}": text for table, entries in tomllib.loads(source).items() for key, text in entries.items()})


def write_size(size_bytes: int) -> str:
    """Write a number of bytes by powers of 1024, with one decimal from MiB on: ``3.2 GiB``."""
    value, unit = float(size_bytes), 0
    while value >= _KIBI and unit < len(_UNITS) - 1:
        value, unit = value / _KIBI, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit > 1 else f"{value:.0f} {_UNITS[unit]}"
