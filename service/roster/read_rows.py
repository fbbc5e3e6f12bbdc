"""Rows of a roster's sheets, from whatever file: headings recognised, every cell read as what its column holds, every fault with its place."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from service.roster.columns import MOST_ROWS, SHEETS, CellKind, Column, Sheet
from service.roster.faults import About, Fault, Place
from service.roster.workbook import Cell, OddCell

FILE = About("file")
MOST_FAULTS = 10_000
"""Reading stops there; whoever has as many has another file than they think."""
_DAY = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})")

Value = str | date


class StopReadingError(Exception):
    """So much is wrong, or the file is so long, that the rest is not read."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row as it was told.

    Attributes:
        sheet: Which sheet's columns it has.
        title: Title of the sheet in the file; empty in a CSV file.
        number: Counted from 1, the headings being the first.
        values: What is not empty, by column.
    """

    sheet: Sheet
    title: str
    number: int
    values: Mapping[str, Value]

    def place(self, column: str = "") -> Place:
        """Where it stands."""
        return Place(self.title, self.number, self.sheet.heading(column))


class RowReader:
    """Reads the sheets of one file, and keeps what is wrong with them.

    Attributes:
        faults: Everything that is wrong so far.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._count = 0

    def blame(self, code: str, place: Place | None, about: About = FILE, **values: str) -> None:
        """Note a fault by its code; likewise :meth:`note`."""
        self.note(Fault(code, about, values, place=place))

    def note(self, fault: Fault) -> None:
        """Note a fault.

        Raises:
            StopReadingError: There are too many.
        """
        self.faults.append(fault)
        if len(self.faults) >= MOST_FAULTS:
            raise StopReadingError

    def read(self, rows: Iterable[tuple[int, Mapping[int, Cell]]], sheet: Sheet | None, title: str = "") -> Iterator[SheetRow]:
        """Read the rows of one sheet, its headings first.

        Args:
            rows: Number and cells of every row that is not empty, by column; both counted from 1.
            sheet: Which it is; found by its headings when not given.
            title: Its title in the file.
        """
        columns: dict[int, Column] = {}
        before = len(self.faults)
        for number, cells in rows:
            if number == 1:
                sheet, columns = self._headings(cells, sheet, title)
            elif sheet is None or not columns:
                break
            else:
                self._count += 1
                if self._count > MOST_ROWS:
                    self.blame("too_many_rows", None, most=str(MOST_ROWS))
                    raise StopReadingError
                values = self._values(cells, columns, Place(title, number))
                if values is not None:
                    yield SheetRow(sheet, title, number, values)
        if not columns and len(self.faults) == before:
            self.blame("unknown_headings", Place(title, 1))

    def _headings(self, cells: Mapping[int, Cell], sheet: Sheet | None, title: str) -> tuple[Sheet | None, dict[int, Column]]:
        told = {number: cell.strip() if isinstance(cell, str) else "" for number, cell in cells.items()}
        sheet = sheet or _sheet_of(set(told.values()))
        if sheet is None:
            self.blame("unknown_headings", Place(title, 1))
            return None, {}
        known = {heading: column for column in sheet.columns for heading in (column.heading, column.english)}
        columns: dict[int, Column] = {}
        for number, heading in told.items():
            column = known.get(heading)
            if column is None:
                self.blame("unknown_heading", Place(title, 1, heading or _letters(number)))
            elif column in columns.values():
                self.blame("heading_twice", Place(title, 1, heading))
            else:
                columns[number] = column
        for column in sheet.columns:
            if column not in columns.values():
                self.blame("heading_missing", Place(title, 1, column.heading))
        return sheet, columns

    def _values(self, cells: Mapping[int, Cell], columns: Mapping[int, Column], place: Place) -> dict[str, Value] | None:
        """What a row says; ``None`` when a cell of it is at fault."""
        values: dict[str, Value] = {}
        before = len(self.faults)
        for number, cell in cells.items():
            if isinstance(cell, str) and not cell.strip():
                continue
            column = columns.get(number)
            if column is None:
                self.blame("beyond_columns", Place(place.sheet, place.row, _letters(number)))
                continue
            value = _read(cell, column)
            if isinstance(value, Fault):
                self.note(replace(value, place=Place(place.sheet, place.row, column.heading)))
            else:
                values[column.name] = value
        return values if len(self.faults) == before else None


def _read(cell: Cell, column: Column) -> Value | Fault:
    if isinstance(cell, OddCell):
        return Fault("formula" if cell.kind == "formula" else "cell_error", FILE)
    if column.kind == CellKind.TEXT:
        return cell.strip() if isinstance(cell, str) else Fault("text_wanted", FILE)
    if column.kind == CellKind.DAY:
        return cell if isinstance(cell, date) else Fault("day_wanted", FILE)
    word = {True: "yes", False: "no"}[cell] if isinstance(cell, bool) else cell
    meaning = column.words.get(word.strip()) or column.words.get(word.strip().lower()) if isinstance(word, str) else None
    return meaning or Fault("word_wanted", FILE, {"words": "、".join(column.spoken.values())})


def written_day(text: str) -> date | None:
    """Read a day as people write it, year first: 2026-01-31, 2026/1/31."""
    found = _DAY.fullmatch(text.strip())
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def _sheet_of(headings: set[str]) -> Sheet | None:
    """The sheet that most of the headings belong to, if that is one."""
    counts = sorted(((len(headings & _all_headings(sheet)), sheet) for sheet in SHEETS), key=lambda one: -one[0])
    return counts[0][1] if counts[0][0] > counts[1][0] else None


def _all_headings(sheet: Sheet) -> set[str]:
    return {heading for column in sheet.columns for heading in (column.heading, column.english)}


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
