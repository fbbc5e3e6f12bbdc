"""XLSX read as a stream (ECMA-376 part 1, sections 18.3 and 18.4): cells as they are, in bounded memory, whatever the file claims.

Nothing is calculated and nothing is guessed: a formula stays a formula, and a number is a day only where its style says so. Document types, and
thereby entities, are refused.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import IO
from xml.parsers import expat

from service.roster.workbook_text import (
    WorkbookError,
    read_relations,
    read_shared_strings,
    read_sheet_names,
    read_styles,
    refuse_document_type,
    unescape,
)

MOST_PARTS = 1_000
MOST_PART_BYTES = 384 * 1024**2
MOST_SHARED_BYTES = 64 * 1024**2
MOST_RATIO = 200
"""Sheets full of equal rows are packed to about a thirtieth."""
MOST_CELLS = 64
"""Of one row."""
MOST_CELL_CHARACTERS = 32_767
"""ECMA-376 and every spreadsheet program agree on it."""
_RATIO_MATTERS_FROM = 1024**2
_CHUNK_BYTES = 64 * 1024
_ROW_TAG = b"<row"
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_EPOCH, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
_LAST_SERIAL = 2_958_465
"""31 December 9999."""


@dataclass(frozen=True, slots=True)
class OddCell:
    """A cell that holds no value of its own: ``formula``, or an ``error`` such as #N/A."""

    kind: str


Cell = str | float | bool | date | OddCell
"""A float is any number that is no whole day."""
Row = tuple[int, dict[int, Cell]]
"""Its number, and its cells that are not empty by column; both are counted from 1."""


class Workbook:
    """One file.

    Args:
        file: Its bytes, seekable.

    Raises:
        WorkbookError: It is no workbook, or it is more than its bounds allow.
    """

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self._archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise WorkbookError(str(error)) from error
        self._check_sizes()
        names, is_1904 = read_sheet_names(self._part("xl/workbook.xml"))
        relations = read_relations(self._part("xl/_rels/workbook.xml.rels"))
        self._paths = {title: relations[relation] for title, relation in names.items() if relation in relations}
        self._epoch = _EPOCH_1904 if is_1904 else _EPOCH
        has = set(self._archive.namelist())
        self._shared = read_shared_strings(self._part("xl/sharedStrings.xml")) if "xl/sharedStrings.xml" in has else []
        self._days = read_styles(self._part("xl/styles.xml")) if "xl/styles.xml" in has else frozenset()

    @property
    def titles(self) -> list[str]:
        """Titles of its sheets."""
        return list(self._paths)

    def rows(self, title: str, merged: list[str]) -> Iterator[Row]:
        """Read a sheet's rows that are not empty, from the top.

        Args:
            title: Which sheet.
            merged: Gets the ranges of merged cells, which are known at the end.

        Raises:
            WorkbookError: It is damaged, or out of bounds.
        """
        reader = _SheetReader(self._shared, self._days, self._epoch, merged)
        for chunk in self._part(self._paths[title]):
            yield from reader.feed(chunk)
        yield from reader.feed(b"", is_last=True)

    def count_rows(self, title: str) -> int:
        """Count a sheet's rows by their opening tags, quickly; a file that hides them is counted when it is read."""
        count, rest = 0, b""
        for chunk in self._part(self._paths[title]):
            text = rest + chunk
            count += text.count(_ROW_TAG)
            rest = text[1 - len(_ROW_TAG) :]
        return count

    def _check_sizes(self) -> None:
        entries = self._archive.infolist()
        if len(entries) > MOST_PARTS or len({entry.filename for entry in entries}) < len(entries):
            raise WorkbookError("too many parts, or two of one name")
        for entry in entries:
            most = MOST_SHARED_BYTES if entry.filename.endswith("sharedStrings.xml") else MOST_PART_BYTES
            is_dense = entry.file_size > _RATIO_MATTERS_FROM and entry.file_size > MOST_RATIO * entry.compress_size
            if entry.file_size > most or is_dense:
                raise WorkbookError(f"{entry.filename} is said to be {entry.file_size} bytes long")
        if sum(entry.file_size for entry in entries) > MOST_PART_BYTES:
            raise WorkbookError(f"more than {MOST_PART_BYTES} bytes when unpacked")

    def _part(self, name: str) -> Iterator[bytes]:
        try:
            with self._archive.open(name) as part:
                while chunk := part.read(_CHUNK_BYTES):
                    yield chunk
        except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
            raise WorkbookError(f"{name}: {error}") from error


class _SheetReader:
    """Puts the cells of a sheet together while its text passes."""

    def __init__(self, shared: list[str], days: frozenset[int], epoch: date, merged: list[str]) -> None:
        self._shared, self._days, self._epoch, self._merged = shared, days, epoch, merged
        self._ready: list[Row] = []
        self._cells: dict[int, Cell] = {}
        self._row = self._column = 0
        self._cell: Mapping[str, str] = {}
        self._text: list[str] = []
        self._length = 0
        self._is_text = self._is_formula = self._is_phonetic = False
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._start, self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = refuse_document_type
        self._parser.buffer_text = True

    def feed(self, chunk: bytes, *, is_last: bool = False) -> list[Row]:
        """Give the rows that a piece of the sheet's text completes."""
        try:
            self._parser.Parse(chunk, is_last)
        except expat.ExpatError as error:
            raise WorkbookError(str(error)) from error
        ready, self._ready = self._ready, []
        return ready

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if name == "row":
            self._begin_row(attributes.get("r"))
        elif name == "c":
            self._begin_cell(attributes)
        elif name == "f":
            self._is_formula = True
        elif name in {"v", "t"}:
            self._is_text = not self._is_phonetic
        elif name == "rPh":
            self._is_phonetic = True
        elif name == "mergeCell":
            self._merged.append(attributes.get("ref", "")[:32])
            if len(self._merged) > MOST_PARTS:
                raise WorkbookError("too many merged cells")

    def _end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        if name == "row":
            if self._cells:
                self._ready.append((self._row, self._cells))
            self._cells = {}
        elif name == "c":
            value = self._value()
            if value is not None:
                self._cells[self._column] = value
        elif name in {"v", "t"}:
            self._is_text = False
        elif name == "rPh":
            self._is_phonetic = False

    def _characters(self, text: str) -> None:
        if self._is_text:
            self._length += len(text)
            if self._length > MOST_CELL_CHARACTERS:
                raise WorkbookError(f"row {self._row}: a cell is too long")
            self._text.append(text)

    def _begin_row(self, told: str | None) -> None:
        number = self._row + 1 if told is None else int(told) if told.isascii() and told.isdigit() and len(told) < 8 else 0
        if number <= self._row:
            raise WorkbookError(f"row {told!r} follows row {self._row}")
        self._row, self._column = number, 0

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        told = attributes.get("r")
        column = self._column + 1
        if told is not None:
            found = _REFERENCE.fullmatch(told)
            if found is None or int(found[2]) != self._row:
                raise WorkbookError(f"a cell {told!r} lies in row {self._row}")
            column = _column_number(found[1])
        if column <= self._column or len(self._cells) >= MOST_CELLS:
            raise WorkbookError(f"row {self._row}: too many cells, or two in one place")
        self._column, self._cell = column, attributes
        self._text, self._length, self._is_formula = [], 0, False

    def _value(self) -> Cell | None:
        kind, text = self._cell.get("t", "n"), "".join(self._text)
        if self._is_formula:
            return OddCell("formula")
        if not text:
            return None
        try:
            return self._read(kind, text)
        except (ValueError, IndexError, OverflowError) as error:
            raise WorkbookError(f"row {self._row}: a cell says {text[:40]!r}") from error

    def _read(self, kind: str, text: str) -> Cell:
        if kind == "s":
            return self._shared[_index(text)]
        if kind in {"inlineStr", "str"}:
            return unescape(text)
        if kind == "b":
            return bool(_index(text))
        if kind == "e":
            return OddCell("error")
        if kind == "d":
            return date.fromisoformat(text.removesuffix("T00:00:00"))
        number = float(text)
        is_day = _index(self._cell.get("s", "0")) in self._days
        return self._epoch + timedelta(days=int(number)) if is_day and number.is_integer() and 0 < number <= _LAST_SERIAL else number


def _index(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
