"""One spelling for each JSON value, so that it can be signed: RFC 8785 (JSON Canonicalization Scheme).

What is accepted is what I-JSON (RFC 7493) carries unharmed: integers within 2**53 - 1, finite doubles, text without lone surrogates, members named
once. Size and depth are bounded, and reading refuses every other spelling of the same value.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from integrity.errors import MalformedValueError

MAX_DEPTH = 64
MAX_BYTES = 64 * 1024**2
MAX_INTEGER = 2**53 - 1
"""Largest magnitude that every JSON reader keeps exactly (RFC 8785, section 3.2.2.3)."""

JsonValue = None | bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"]

_spell_text = json.JSONEncoder(ensure_ascii=False).encode
_LONGEST_INTEGER = 22
"""Characters of the longest canonical number without an exponent: a sign and the 21 digits below 1e21 (ECMA-262, Number::toString)."""


def canonical_bytes(value: JsonValue) -> bytes:
    """Spell a JSON value in its only canonical form.

    Args:
        value: ``None``, booleans, numbers, text, sequences and mappings with text keys.

    Returns:
        UTF-8 without a byte order mark or trailing newline.

    Raises:
        MalformedValueError: The value holds something that JSON readers do not agree about, is nested deeper than :data:`MAX_DEPTH`, or is longer
            than :data:`MAX_BYTES`.
    """
    pieces: list[str] = []
    _write(value, pieces, 0)
    try:
        data = "".join(pieces).encode()
    except UnicodeEncodeError as error:
        raise MalformedValueError("canonical JSON", "text holds a lone surrogate") from error
    if len(data) > MAX_BYTES:
        raise MalformedValueError("canonical JSON", f"longer than {MAX_BYTES} bytes")
    return data


def parse_canonical(data: bytes) -> JsonValue:
    """Read a JSON value that is spelled canonically, and nothing else.

    Raises:
        MalformedValueError: The bytes are not JSON, not canonical, too long or too deep.
    """
    if len(data) > MAX_BYTES:
        raise MalformedValueError("canonical JSON", f"longer than {MAX_BYTES} bytes")
    try:
        value: JsonValue = json.loads(data.decode(), parse_int=_read_integer, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise MalformedValueError("canonical JSON", f"nested deeper than {MAX_DEPTH}") from error
    except ValueError as error:
        raise MalformedValueError("canonical JSON", "is not JSON in UTF-8") from error
    if canonical_bytes(value) != data:
        raise MalformedValueError("canonical JSON", "is not in its canonical spelling")
    return value


def _write(value: JsonValue, pieces: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise MalformedValueError("canonical JSON", f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, str):
        pieces.append(_spell_text(value))
    elif value is None or isinstance(value, bool):
        pieces.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, int):
        pieces.append(_spell_integer(value))
    elif isinstance(value, float):
        pieces.append(_spell_double(value))
    elif isinstance(value, Mapping):
        _write_members(value, pieces, depth)
    elif isinstance(value, (list, tuple)):
        pieces.append("[")
        for position, item in enumerate(value):
            if position:
                pieces.append(",")
            _write(item, pieces, depth + 1)
        pieces.append("]")
    else:
        raise MalformedValueError("canonical JSON", f"a {type(value).__name__} has no JSON form")


def _write_members(members: Mapping[str, JsonValue], pieces: list[str], depth: int) -> None:
    for name in members:
        if not isinstance(name, str):
            raise MalformedValueError("canonical JSON", f"a {type(name).__name__} cannot name a member")
    pieces.append("{")
    for position, name in enumerate(sorted(members, key=_code_units)):
        if position:
            pieces.append(",")
        pieces.append(_spell_text(name))
        pieces.append(":")
        _write(members[name], pieces, depth + 1)
    pieces.append("}")


def _code_units(name: str) -> bytes:
    """Sort key by UTF-16 code units (RFC 8785, section 3.2.3)."""
    return name.encode("utf-16-be", errors="surrogatepass")


def _spell_integer(value: int) -> str:
    if abs(value) > MAX_INTEGER:
        raise MalformedValueError("canonical JSON", "an integer is beyond 2**53 - 1")
    return str(int(value))


def _spell_double(value: float) -> str:
    """Spell a double as ECMAScript does (RFC 8785, section 3.2.2.3): the shortest digits, laid out by the size of the exponent."""
    if not math.isfinite(value):
        raise MalformedValueError("canonical JSON", "a number is not finite")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent_text = f"{abs(value)!r}e0".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent_text.partition("e")[0]) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return f"{sign}{digits}{'0' * (point - count)}"
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    spelled = digits if count == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{spelled}e{point - 1:+d}"


def _read_integer(text: str) -> int | float:
    if len(text) > _LONGEST_INTEGER:
        raise ValueError
    value = int(text)
    return value if abs(value) <= MAX_INTEGER else float(value)


def _refuse_constant(name: str) -> float:
    raise ValueError(name)
