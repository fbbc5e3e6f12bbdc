"""Tables for spreadsheet programs: XLSX with typed cells, and CSV; neither ever holds a formula.

What people wrote is text, whatever it begins with: in XLSX the cell's type says so, in CSV, which has no types, an apostrophe stands before it.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from service.language import format_time, show_hidden

Value = str | int | float | date | datetime | None
Kind = Literal["text", "number", "decimal", "percent", "day", "instant", "mixed"]
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What spreadsheet programs take for the beginning of a formula, full-width spellings included."""
MOST_CHARACTERS = 32_767
"""Longest text of a cell (ECMA-376 leaves it open; Excel's limit)."""
_ZONE = ZoneInfo("Asia/Shanghai")
_FORMATS: dict[str, str] = {"number": "#,##0", "decimal": "#,##0.0", "percent": "0.0%", "day": "yyyy-mm-dd", "instant": "yyyy-mm-dd hh:mm:ss"}
_HEADING = PatternFill("solid", fgColor="DCE6F1")


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        kind: What its cells hold; ``percent`` is a share from 0 to 1, ``instant`` an aware time, shown in Asia/Shanghai, ``mixed`` any of them.
        width: In characters.
    """

    heading: str
    kind: Kind = "text"
    width: int = 14


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table; each row has as many values as there are columns, ``None`` where there is nothing to say."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]


def write_workbook(sheets: Iterable[Sheet]) -> bytes:
    """Write tables as one XLSX file, with headings that stay in sight."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        _write_sheet(book.create_sheet(sheet.title), sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def write_csv(sheet: Sheet) -> bytes:
    """Write a table as CSV (RFC 4180) in UTF-8, with the mark by which Excel knows it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_plain(column.heading) for column in sheet.columns])
    for row in sheet.rows:
        writer.writerow([_plain(value) for value in row])
    return out.getvalue().encode("utf-8-sig")


def share(numerator: int, denominator: int) -> float | None:
    """A share for a ``percent`` column, cut off after a tenth of a percent, never rounded up; ``None`` of nothing."""
    return numerator * 1000 // denominator / 1000 if denominator else None


def _write_sheet(out: WriteOnlyWorksheet, sheet: Sheet) -> None:
    for number, column in enumerate(sheet.columns, start=1):
        out.column_dimensions[get_column_letter(number)].width = column.width
    out.freeze_panes = "A2"
    out.append([_heading(out, column.heading) for column in sheet.columns])
    for row in sheet.rows:
        out.append([_cell(out, value, column.kind) for value, column in zip(row, sheet.columns, strict=True)])


def _heading(out: WriteOnlyWorksheet, text: str) -> Cell:
    cell = _text(out, text)
    cell.font = Font(bold=True)
    cell.fill = _HEADING
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _cell(out: WriteOnlyWorksheet, value: Value, kind: str) -> Cell | None:
    if value is None:
        return None
    if isinstance(value, str):
        return _text(out, value)
    cell = WriteOnlyCell(out, value=value.astimezone(_ZONE).replace(tzinfo=None) if isinstance(value, datetime) else value)
    cell.number_format = _FORMATS[_kind_of(value) if kind == "mixed" else kind]
    return cell


def _kind_of(value: float | date) -> str:
    if isinstance(value, datetime):
        return "instant"
    if isinstance(value, date):
        return "day"
    return "number" if isinstance(value, int) else "percent"


def _text(out: WriteOnlyWorksheet, text: str) -> Cell:
    cell = WriteOnlyCell(out, value=show_hidden(text)[:MOST_CHARACTERS])
    cell.data_type = "s"
    if text.startswith(FORMULA_STARTS):
        cell.quotePrefix = True  # else a program takes it for a formula as soon as somebody edits the cell
    return cell


def _plain(value: Value) -> str:
    if isinstance(value, datetime):
        return format_time(value)
    if not isinstance(value, str):
        return "" if value is None else str(value)
    text = show_hidden(value)
    return f"'{text}" if value.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS) else text
