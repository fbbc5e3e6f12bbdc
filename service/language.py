"""Texts and formats in three languages: one catalogue for pages, documents and the command line.

A text is found by its key (``board.title``) in ``service/locale/<language>.toml``; a table of a catalogue is a part of the key. Words of codes that
the service writes (states, reasons, actions) stand under the family's name: ``clip.state.sealed``. Times are shown by a 24-hour clock in
Asia/Shanghai, always with their offset, the same in every language.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

DISPLAY_ZONE = ZoneInfo("Asia/Shanghai")
_KIBI = 1024
_KILO = 1000
_BYTE_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_ACCEPTED = re.compile(r"\s*(?P<tag>[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*(?:;\s*q=(?P<weight>[01](?:\.\d{0,3})?))?\s*")
_TRADITIONAL = ("zh-tw", "zh-hant", "zh-hk", "zh-mo")
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Language(StrEnum):
    """Languages of the catalogue, as BCP 47 tags."""

    ZH_CN = "zh-CN"
    ZH_TW = "zh-TW"
    EN = "en"


class UnknownTextError(KeyError):
    """No catalogue has this key."""

    def __init__(self, key: str, language: Language) -> None:
        super().__init__(f"{language} has no text {key!r}")
        self.key = key
        self.language = language


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language."""

    language: Language
    by_key: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Give a text, with values for its ``{placeholders}``.

        Raises:
            UnknownTextError: No such key.
        """
        if key not in self.by_key:
            raise UnknownTextError(key, self.language)
        text = self.by_key[key]
        return text.format_map(values) if values else text

    def of_code(self, family: str, code: str) -> str:
        """Give the words of a code; a code that has none (of a newer release, say) stands for itself."""
        return self.by_key.get(f"{family}.{code}", code)

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self.by_key


@cache
def texts_in(language: Language) -> Texts:
    """Read a language's catalogue, once."""
    source = files("service").joinpath("locale", f"{language}.toml").read_text(encoding="utf-8")
    return Texts(language, dict(_flatten(tomllib.loads(source), "")))


def choose_language(wanted: str | None, accept_language: str | None) -> Language:
    """Choose a language: the one a person picked, else the best the browser accepts, else Chinese in simplified characters.

    Args:
        wanted: Tag that was picked, or nothing of sense.
        accept_language: The header's value (RFC 9110, section 12.5.4).
    """
    if wanted in set(Language):
        return Language(wanted)
    weighed = []
    for part in (accept_language or "").split(",")[:20]:
        found = _ACCEPTED.fullmatch(part)
        language = _language_of(found["tag"]) if found else None
        if found is not None and language is not None:
            weighed.append((float(found["weight"] or 1), language))
    best = max(weighed, key=lambda item: item[0], default=(0.0, Language.ZH_CN))
    return best[1] if best[0] > 0 else Language.ZH_CN


def format_time(moment: datetime) -> str:
    """Show an instant as ``2026-11-24 17:30:00 +08:00``."""
    return moment.astimezone(DISPLAY_ZONE).isoformat(sep=" ", timespec="seconds").replace("+", " +")


def format_utc(moment: datetime) -> str:
    """Show an instant as ``2026-11-24 09:30:00 UTC``, for comparison with logs."""
    return f"{moment.astimezone(ZoneInfo('UTC')):%Y-%m-%d %H:%M:%S} UTC"


def format_day(day: date) -> str:
    """Show a day as ``2026-11-24``."""
    return day.isoformat()


def format_bytes(count: float) -> str:
    """Show a number of bytes with a binary unit: ``512 B``, ``1.5 MiB``."""
    value = float(count)
    for unit in _BYTE_UNITS[:-1]:
        if value < _KIBI:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= _KIBI
    return f"{value:,.1f} {_BYTE_UNITS[-1]}"


def format_metres(metres: float) -> str:
    """Show a length as ``850 m`` or ``12.3 km``."""
    return f"{metres:.0f} m" if metres < _KILO else f"{metres / _KILO:,.1f} km"


def format_number(count: int) -> str:
    """Show a whole number with separators: ``1,024``."""
    return f"{count:,}"


def format_rate(numerator: int, denominator: int) -> str:
    """Show a share in percent with one decimal, cut off and never rounded up: 100.0% means all of them.

    Raises:
        ZeroDivisionError: A share of nothing; the caller says "not applicable".
    """
    tenths = numerator * 1000 // denominator
    return f"{tenths // 10}.{tenths % 10}%"


def format_share(share: Decimal) -> str:
    """Show an exact share in percent, with as many decimals as it has: ``75%``, ``33.3333%``."""
    return f"{(share * 100).normalize():f}%"


def format_duration(seconds: float) -> str:
    """Show a length of time as ``1:02:03``."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def show_hidden(text: str) -> str:
    """Spell out what would not be seen or would turn the reading direction, so that no name looks like another."""
    return "".join(f"\\u{{{ord(sign):04x}}}" if unicodedata.category(sign) in _HIDDEN_CATEGORIES else sign for sign in text)


def _language_of(tag: str) -> Language | None:
    lower = tag.lower()
    if lower.startswith(_TRADITIONAL):
        return Language.ZH_TW
    main = lower.partition("-")[0]
    return {"zh": Language.ZH_CN, "en": Language.EN}.get(main)


def _flatten(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)
