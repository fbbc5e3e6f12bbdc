"""A roster's file, XLSX or CSV, read strictly: refused with every fault and its place, or a roster whose facts know where they stood."""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NoReturn

from service.roster.columns import MOST_BYTES, MOST_ROWS, NOTES, SHEETS, CellKind, sheet_titled
from service.roster.errors import RosterFileRefusedError
from service.roster.faults import Fault, Place
from service.roster.gather_rows import Gathering
from service.roster.read_rows import FILE, RowReader, SheetRow, StopReadingError, written_day
from service.roster.rows import Roster
from service.roster.workbook import Cell, OddCell, Workbook
from service.roster.workbook_text import WorkbookError

_ZIP_MAGIC: Final = b"PK"
_ENCODINGS = ("utf-8-sig", "gb18030")
_CHUNK_BYTES = 1024**2
_DAY_HEADINGS: Final = frozenset(
    heading for sheet in SHEETS for column in sheet.columns if column.kind == CellKind.DAY for heading in (column.heading, column.english)
)


@dataclass(frozen=True, slots=True)
class FileRoster:
    """What a file tells.

    Attributes:
        origin: ``xlsx`` or ``csv``.
        places: Knows where everything stood.
    """

    origin: str
    roster: Roster
    places: Gathering


def read_roster_file(content: bytes) -> FileRoster:
    """Read a file.

    Raises:
        RosterFileRefusedError: It cannot be read as a roster; every place where it cannot is told.
    """
    if len(content) > MOST_BYTES:
        raise RosterFileRefusedError([Fault("too_large", FILE, {"most": str(MOST_BYTES // 1024**2)})])
    is_workbook = content.startswith(_ZIP_MAGIC)
    reader = RowReader()
    gathering = Gathering(reader)
    try:
        for row in _rows_of_workbook(content, reader) if is_workbook else _rows_of_text(content, reader):
            gathering.add(row)
    except StopReadingError as error:
        raise RosterFileRefusedError(reader.faults) from error
    except (WorkbookError, csv.Error) as error:
        reader.faults.append(Fault("damaged", FILE, {"reason": str(error)}))
    if reader.faults:
        raise RosterFileRefusedError(reader.faults)
    return FileRoster("xlsx" if is_workbook else "csv", gathering.roster(), gathering)


def _rows_of_workbook(content: bytes, reader: RowReader) -> Iterator[SheetRow]:
    workbook = Workbook(io.BytesIO(content))
    titles = [title for title in workbook.titles if title not in NOTES]
    if not titles:
        reader.blame("no_sheet", None)
    if sum(workbook.count_rows(title) for title in titles) > MOST_ROWS + 2 * len(titles):  # headings, and page breaks of rows
        _refuse_length(reader)
    for title in titles:
        sheet = sheet_titled(title)
        if sheet is None:
            reader.blame("unknown_sheet", None, sheet=title)
            continue
        merged: list[str] = []
        yield from reader.read(workbook.rows(title, merged), sheet, title)
        for cells in merged:
            row = "".join(letter for letter in cells.partition(":")[0] if letter.isdigit())
            reader.blame("merged", Place(title, int(row or 0)), cells=cells)


def _rows_of_text(content: bytes, reader: RowReader) -> Iterator[SheetRow]:
    encoding = _encoding_of(content)
    if encoding is None:
        reader.blame("other_encoding", None)
        return
    if max(content.count(b"\n"), content.count(b"\r")) > MOST_ROWS + 1:
        _refuse_length(reader)
    text = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
    yield from reader.read(_cells(text), None)


def _refuse_length(reader: RowReader) -> NoReturn:
    reader.blame("too_many_rows", None, most=str(MOST_ROWS))
    raise StopReadingError


def _cells(text: io.TextIOWrapper) -> Iterator[tuple[int, dict[int, Cell]]]:
    """Rows of CSV (RFC 4180), their numbers counted as a spreadsheet program counts them."""
    days: frozenset[int] = frozenset()
    for number, told in enumerate(csv.reader(text, strict=True), start=1):
        if number == 1:
            days = frozenset(place for place, heading in enumerate(told, start=1) if heading.strip() in _DAY_HEADINGS)
        cells: dict[int, Cell] = {}
        for place, cell in enumerate(told, start=1):
            if cell.strip():
                day = written_day(cell) if place in days else None
                cells[place] = day or (OddCell("formula") if cell.startswith("=") else cell)
        if cells:
            yield number, cells


def _encoding_of(content: bytes) -> str | None:
    """UTF-8, else GB18030 (which GBK is a part of), if every byte of it is that and none is zero."""
    if b"\0" in content:
        return None
    for name in _ENCODINGS:
        decoder = codecs.getincrementaldecoder(name)(errors="strict")
        try:
            for start in range(0, len(content), _CHUNK_BYTES):
                decoder.decode(content[start : start + _CHUNK_BYTES])
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return name
    return None
