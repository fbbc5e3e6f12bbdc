"""The roster's sheets as XLSX: the template with its lists and notes, and the current roster, which read back changes nothing. And CSV templates."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from service.roster.columns import SHEETS, CellKind, Column, Sheet
from service.roster.errors import NoSuchSheetError
from service.roster.read_rows import Value
from service.roster.workbook_text import escape

Rows = Mapping[str, Iterable[Mapping[str, Value]]]
"""Rows by the sheet's name, each by column."""
_LAST_ROW = 250_001
_WIDTH = 16
_DAY_FORMAT = "yyyy-mm-dd"
_NOTES_TITLE = "说明"
_NOTES = (
    "每行登记一项事实；四张工作表可以只填需要的几张，标题行不得更改。",
    "日期必须是日期单元格，起止日期当天均有效，按北京时间计算。警号、证件号、序列号必须是文本单元格。",
    "再次导入相同内容不会产生任何变更；同一人员（证件、记录仪）同一起始日期的内容不同，视为更正，原内容保留备查。",
    "不得有公式、合并单元格和隐含的日期；有任何一处错误，整个文件都不会导入。",
    "同一证件有多次状态变更时，每次变更占一行，有效期照填。",
)


def template() -> bytes:
    """The empty workbook to fill in."""
    return write_workbook({})


def write_workbook(rows: Rows) -> bytes:
    """Write rows as a workbook.

    Every text is written as text, whatever it begins with, and no cell is a formula.

    Args:
        rows: Any number, by sheet; they are taken one by one.
    """
    workbook = Workbook(write_only=True)
    for sheet in SHEETS:
        page = workbook.create_sheet(sheet.title)
        _lay_out(page, sheet)
        page.append([_heading(page, column) for column in sheet.columns])
        for row in rows.get(sheet.name, ()):
            page.append([_cell(page, row.get(column.name), column) for column in sheet.columns])
    _write_notes(workbook.create_sheet(_NOTES_TITLE))
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def csv_template_named(name: str) -> bytes:
    """The headings of one sheet as CSV, in UTF-8 with the mark by which spreadsheet programs know it.

    Raises:
        NoSuchSheetError: No sheet has this name.
    """
    sheet = next((one for one in SHEETS if one.name == name), None)
    if sheet is None:
        raise NoSuchSheetError(name)
    text = io.StringIO()
    csv.writer(text).writerow([column.heading for column in sheet.columns])
    return text.getvalue().encode("utf-8-sig")


def _lay_out(page: Worksheet, sheet: Sheet) -> None:
    page.freeze_panes = "A2"
    for number, column in enumerate(sheet.columns, start=1):
        letter = get_column_letter(number)
        page.column_dimensions[letter].width = _WIDTH
        if column.kind == CellKind.TEXT:
            page.column_dimensions[letter].number_format = "@"
        elif column.kind == CellKind.DAY:
            page.column_dimensions[letter].number_format = _DAY_FORMAT
        else:
            choice = DataValidation(type="list", formula1=f'"{",".join(column.spoken.values())}"', allow_blank=True, showErrorMessage=True)
            choice.add(f"{letter}2:{letter}{_LAST_ROW}")
            page.data_validations.append(choice)


def _heading(page: Worksheet, column: Column) -> Cell:
    cell = WriteOnlyCell(page, column.heading)
    cell.font, cell.fill, cell.number_format = Font(bold=True), PatternFill("solid", fgColor="DDE7F3"), "@"
    return cell


def _cell(page: Worksheet, value: Value | None, column: Column) -> Cell | None:
    if value is None:
        return None
    if isinstance(value, date):
        cell = WriteOnlyCell(page, value)
        cell.number_format = _DAY_FORMAT
        return cell
    cell = WriteOnlyCell(page, escape(column.spoken.get(value, value)))
    cell.data_type, cell.number_format = "s", "@"  # a text that begins with = would be taken for a formula
    return cell


def _write_notes(page: Worksheet) -> None:
    page.column_dimensions["A"].width, page.column_dimensions["B"].width, page.column_dimensions["C"].width = 14, 16, 80
    for note in _NOTES:
        cell = WriteOnlyCell(page, note)
        cell.alignment = Alignment(wrap_text=False)
        page.append([cell])
    page.append([])
    for words in _notes_of_columns():
        page.append([WriteOnlyCell(page, word) for word in words])


def _notes_of_columns() -> Iterator[tuple[str, str, str]]:
    yield "工作表", "列", "说明"
    for sheet in SHEETS:
        for column in sheet.columns:
            words = f"可填：{'、'.join(column.spoken.values())}" if column.words else ""
            yield sheet.title, column.heading, "；".join(part for part in (words, column.about) if part)
