import csv
import io
import zipfile
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from service.documents.sheet import FORMULA_STARTS, Column, Sheet, share, write_csv, write_workbook

COLUMNS = (Column("名称", width=20), Column("人数", "number"), Column("比例", "percent"), Column("日期", "day"), Column("时间", "instant"))
AT = datetime(2026, 12, 31, 16, tzinfo=UTC)
ROW = ("示范县", 12, 0.987, date(2026, 12, 31), AT)


def read_back(*rows, columns=COLUMNS):
    return load_workbook(io.BytesIO(write_workbook([Sheet("概况", columns, rows)])))["概况"]


def read_csv(*rows, columns=COLUMNS):
    return list(csv.reader(io.StringIO(write_csv(Sheet("概况", columns, rows)).decode("utf-8-sig"), newline="")))


def test_cells_are_typed():
    sheet = read_back(ROW)

    cells = sheet[2]
    assert [str(cell.value) for cell in cells] == ["示范县", "12", "0.987", "2026-12-31 00:00:00", "2027-01-01 00:00:00"]
    assert [cell.data_type for cell in cells] == ["s", "n", "n", "d", "d"]
    assert [cell.number_format for cell in cells[1:]] == ["#,##0", "0.0%", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"]
    assert sheet.freeze_panes == "A2"
    assert sheet.column_dimensions["A"].width == 20


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_no_text_becomes_a_formula(start):
    text = f"{start}cmd|' /C calc'!A0"

    (cell,) = read_back((text,), columns=COLUMNS[:1])[2]
    ((_,), (told,)) = read_csv((text,), columns=COLUMNS[:1])

    assert cell.data_type == "s"
    assert cell.quotePrefix
    assert told.startswith("'")


def test_the_file_itself_holds_no_formula():
    data = write_workbook([Sheet("概况", COLUMNS[:1], [("=1+1",), ('=HYPERLINK("http://x")',)])])

    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert b"<f>" not in packed.read("xl/worksheets/sheet1.xml")


@given(st.text(max_size=50))
def test_any_text_is_kept_or_spelled_out(text):
    (cell,) = read_back((text,), columns=COLUMNS[:1])[2]
    rows = read_csv((text, "z"), columns=COLUMNS[:2])

    assert cell.data_type in {"s", "n", "inlineStr"}, "never f"
    assert not rows[1][0].startswith(FORMULA_STARTS)
    assert rows[1][1] == "z"


def test_csv_is_known_by_excel_and_has_plain_values():
    data = write_csv(Sheet("概况", COLUMNS, [ROW]))

    assert data.startswith(b"\xef\xbb\xbf")
    assert read_csv(ROW)[1] == ["示范县", "12", "0.987", "2026-12-31", "2027-01-01 00:00:00 +08:00"]


def test_a_share_is_cut_off_and_of_nothing_is_nothing():
    assert share(9999, 10_000) == 0.999
    assert share(1, 1) == 1
    assert share(0, 0) is None


def test_nothing_is_an_empty_cell():
    assert read_back(("a", None, None, None, None))[2][1].value is None
    assert read_csv(("a", None, None, None, None))[1] == ["a", "", "", "", ""]
