"""The table that an export of another system brings along: which column says what of which file. Pure but for reading the file.

Delimited text (RFC 4180) with a heading, in UTF-8 or GB 18030, its columns separated by commas, semicolons or tabs. Columns are named by the person
who imports; what they hold is checked before anything is sent.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

from device_drivers.importing.errors import MappingError
from integrity.errors import MalformedValueError
from integrity.provenance import DIGEST_DIGITS, StatedAlgorithm, StatedFile

MOST_BYTES = 256 * 1024**2
MOST_PROBLEMS = 50
_DELIMITERS = (",", ";", "\t")
_TIME = re.compile(
    r"(?P<year>\d{4})[-/.年]?(?P<month>\d{1,2})[-/.月]?(?P<day>\d{1,2})日?[ T]*(?P<hour>\d{1,2})[:时]?(?P<minute>\d{2})[:分]?(?P<second>\d{2})?秒?"
    r"(?:\.\d+)?(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)


@dataclass(frozen=True, slots=True)
class Columns:
    """Headings of the columns; a column that is not named is not looked at.

    Attributes:
        path: Path or name of the file.
        serial: Serial number of the recorder.
        officer: Number of the officer.
        recorded_at: When the recording began.
        remark: Anything else.
        md5: MD5 of the file; likewise the other three, of which one may be named.
        sha1: SHA-1.
        sha256: SHA-256.
        sm3: SM3.
    """

    path: str
    serial: str | None = None
    officer: str | None = None
    recorded_at: str | None = None
    remark: str | None = None
    md5: str | None = None
    sha1: str | None = None
    sha256: str | None = None
    sm3: str | None = None

    @classmethod
    def parse(cls, pairs: Iterable[str]) -> Columns:
        """Read ``meaning=heading`` pairs.

        Raises:
            MappingError: A pair makes no sense.
        """
        named: dict[str, str] = {}
        known = [field.name for field in fields(cls)]
        for pair in pairs:
            meaning, equals, heading = pair.partition("=")
            if not equals or meaning not in known or not heading or meaning in named:
                raise MappingError([f"{pair!r}: expected one of {', '.join(known)}, once each, then `=` and the heading of its column"])
            named[meaning] = heading
        if "path" not in named:
            raise MappingError(["a table needs `--column path=HEADING`"])
        if sum(str(algorithm) in named for algorithm in StatedAlgorithm) > 1:
            raise MappingError(["name the column of one digest, the strongest"])
        return cls(**named)

    @property
    def algorithm(self) -> StatedAlgorithm | None:
        """Whose column is named."""
        return next((algorithm for algorithm in StatedAlgorithm if getattr(self, algorithm) is not None), None)


def read_mapping(path: Path, columns: Columns) -> dict[str, StatedFile]:
    """Read what a table states of files.

    Returns:
        By the file's path or name as the table spells it, with ``/`` between parts.

    Raises:
        MappingError: The table cannot be read, or rows of it make no sense; all of them are named.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise MappingError([f"{path}: {error.strerror or error}"]) from error
    if len(data) > MOST_BYTES:
        raise MappingError([f"{path}: longer than {MOST_BYTES} bytes"])
    return parse_mapping(data, columns)


def parse_mapping(data: bytes, columns: Columns) -> dict[str, StatedFile]:
    """Read a table that is in memory; see :func:`read_mapping`."""
    rows = _rows(_decode(data), columns)
    stated: dict[str, StatedFile] = {}
    problems: list[str] = []
    for number, row in rows:
        try:
            name, one = _read_row(row, columns)
        except (MalformedValueError, ValueError) as error:
            problems.append(f"row {number}: {error}")
        else:
            if name in stated and stated[name] != one:
                problems.append(f"row {number}: {name!r} stands in an earlier row, which says something else")
            stated[name] = one
        if len(problems) >= MOST_PROBLEMS:
            raise MappingError([*problems, "and perhaps more"])
    if problems:
        raise MappingError(problems)
    return stated


def match_statements(stated: Mapping[str, StatedFile], paths: Iterable[str]) -> tuple[dict[str, StatedFile], list[str], list[str]]:
    """Join what is stated to the files that are there: by the whole path first, then by a name that only one file and one row have.

    Args:
        stated: As :func:`read_mapping` gives it.
        paths: Of the files that are there.

    Returns:
        What is stated by path; files of which nothing is stated; rows that fit no file, or more than one.
    """
    paths = list(paths)
    by_name: dict[str, list[str]] = {}
    for path in paths:
        by_name.setdefault(PurePosixPath(path).name, []).append(path)
    rows_by_name: dict[str, int] = {}
    for row in stated:
        rows_by_name[PurePosixPath(row).name] = rows_by_name.get(PurePosixPath(row).name, 0) + 1
    there = set(paths)
    matched = {row: one for row, one in stated.items() if row in there}
    left_over: list[str] = []
    for row, one in stated.items():
        if row in there:
            continue
        name = PurePosixPath(row).name
        candidates = by_name.get(name, [])
        if len(candidates) == 1 and rows_by_name[name] == 1 and candidates[0] not in matched:
            matched[candidates[0]] = one
        else:
            left_over.append(row)
    return matched, [path for path in paths if path not in matched], left_over


def _decode(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise MappingError(["the table is neither UTF-8 nor GB 18030"])


def _rows(text: str, columns: Columns) -> Iterator[tuple[int, dict[str, str]]]:
    heading = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=heading.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip() for name in reader.fieldnames or []]
        reader.fieldnames = names
        wanted = [heading for field in fields(columns) if (heading := getattr(columns, field.name)) is not None]
        missing = [name for name in wanted if names.count(name) != 1]
        if missing:
            raise MappingError([f"the table has no column {name!r}, or more than one; it has {', '.join(names)}" for name in missing])
        for row in reader:
            yield reader.line_num, {name: (row[name] or "").strip() for name in wanted}
    except csv.Error as error:
        raise MappingError([f"after row {reader.line_num}: {error}"]) from error


def _read_row(row: Mapping[str, str], columns: Columns) -> tuple[str, StatedFile]:
    def cell(heading: str | None) -> str | None:
        return row[heading] or None if heading is not None else None

    path = (cell(columns.path) or "").replace("\\", "/").removeprefix("./").strip("/")
    if not path:
        raise ValueError("names no file")
    algorithm = columns.algorithm
    digest = cell(getattr(columns, algorithm)) if algorithm is not None else None
    digest = digest.lower().replace(" ", "") if digest is not None else None
    if algorithm is not None and digest is not None and len(digest) != DIGEST_DIGITS[algorithm]:
        raise ValueError(f"{digest!r} is no {algorithm.upper()}")
    stated = StatedFile(
        serial=cell(columns.serial),
        officer_code=cell(columns.officer),
        recorded_at=_wall_time(cell(columns.recorded_at)),
        digest_algorithm=algorithm if digest is not None else None,
        digest=digest,
        remark=cell(columns.remark),
    )
    return path, stated


def _wall_time(text: str | None) -> str | None:
    if text is None:
        return None
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no time")
    part = {name: int(value or 0) for name, value in found.groupdict().items() if name != "zone"}
    zone = found["zone"] or ""
    offset = "+00:00" if zone == "Z" else (f"{zone[:3]}:{zone[-2:]}" if zone else "")
    return f"{part['year']:04}-{part['month']:02}-{part['day']:02}T{part['hour']:02}:{part['minute']:02}:{part['second']:02}{offset}"
