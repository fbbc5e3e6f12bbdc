"""A roster's file is read strictly: what it says is what is taken, and whatever is wrong is told with sheet, row and column."""

import contextlib
import csv
import io
import zipfile
from datetime import date, datetime
from unittest.mock import patch

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.language import Language, texts_in
from service.roster import read_file, read_rows
from service.roster.columns import ASSIGNMENTS, CERTIFICATES, OFFICERS, RECORDERS, SHEETS
from service.roster.errors import RosterFileRefusedError
from service.roster.read_file import read_roster_file
from service.roster.tell_plan import fault_text
from service.roster.write_workbook import csv_template_named, template, write_workbook

DAY = date(2024, 1, 1)
OFFICER = {"officer": "000001", "name": "示范人员 1", "agency": "01", "is_front_line": "yes", "duty_state": "on_duty", "valid_from": DAY}
CERTIFICATE = {"certificate": "N1", "officer": "000001", "valid_from": DAY, "valid_until": date(2028, 1, 1)}
RECORDER = {"recorder": "ZF1", "model": "M", "agency": "01", "state": "in_service", "since": DAY}
ASSIGNMENT = {"recorder": "ZF1", "officer": "000001", "is_exclusive": "yes", "valid_from": DAY}
WHOLE = {"officers": [OFFICER], "certificates": [CERTIFICATE], "recorders": [RECORDER], "assignments": [ASSIGNMENT]}


def edited(rows=WHOLE, *, sheet="人员", **cells):
    """A workbook whose cells another program changed."""
    workbook = openpyxl.load_workbook(io.BytesIO(write_workbook(rows)))
    for place, value in cells.items():
        workbook[sheet][place] = value
    return saved(workbook)


def saved(workbook):
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def as_csv(*rows, sheet=OFFICERS, encoding="utf-8"):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.heading for column in sheet.columns])
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def faults_of(content):
    with pytest.raises(RosterFileRefusedError) as refused:
        read_roster_file(content)
    return [fault_text(fault, texts_in(Language.EN)) for fault in refused.value.faults]


def test_a_workbook_tells_its_four_sheets():
    read = read_roster_file(write_workbook(WHOLE))

    (officer,), (recorder,) = read.roster.officers, read.roster.recorders
    assert (read.origin, officer.code, officer.name, officer.posts[0].agency, officer.posts[0].valid_from) == (
        "xlsx",
        "000001",
        "示范人员 1",
        "01",
        DAY,
    )
    assert [(one.number, one.valid_until) for one in officer.certificates] == [("N1", date(2028, 1, 1))]
    assert (recorder.agency, str(recorder.changes[0].state), recorder.assignments[0].officer) == ("01", "in_service", "000001")


def test_what_another_program_saved_reads_the_same():
    content = write_workbook(WHOLE)

    assert read_roster_file(saved(openpyxl.load_workbook(io.BytesIO(content)))).roster == read_roster_file(content).roster


def test_the_template_has_four_sheets_with_notes_and_lists_and_tells_nothing():
    workbook = openpyxl.load_workbook(io.BytesIO(template()))

    assert workbook.sheetnames == ["人员", "证件", "记录仪", "配发", "说明"]
    lists = {str(one.sqref).split("2")[0]: one.formula1 for one in workbook["人员"].data_validations.dataValidation}
    assert lists["D"] == '"是,否"'
    assert "退休" in lists["E"]
    assert read_roster_file(template()).roster.officers == ()


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_csv_template_is_recognised(sheet):
    assert read_roster_file(csv_template_named(sheet.name)).origin == "csv"


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="￾￿"), min_size=1, max_size=40).filter(lambda text: text.strip()))
def test_any_text_comes_back_as_it_was_written_and_never_as_a_formula(text):
    content = write_workbook({"officers": [{**OFFICER, "reason": text}]})

    assert read_roster_file(content).roster.officers[0].posts[0].reason == text.strip()
    assert openpyxl.load_workbook(io.BytesIO(content))["人员"]["I2"].data_type != "f"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "=HYPERLINK(1)"])
def test_a_text_that_looks_like_a_formula_is_written_as_text(text):
    content = write_workbook({"officers": [{**OFFICER, "name": text}]})

    assert openpyxl.load_workbook(io.BytesIO(content))["人员"]["B2"].data_type == "s"
    assert read_roster_file(content).roster.officers[0].name == text


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"B2": "=A1"}, "sheet 人员, row 2, column 姓名: is a formula"),
        ({"B2": "#N/A"}, "sheet 人员, row 2, column 姓名: is an error value"),
        ({"A2": 100234}, "sheet 人员, row 2, column 警号: is no text; format the cells as text"),
        ({"F2": "2024-01-01"}, "sheet 人员, row 2, column 起始日期: is no day; in XLSX the cell has to be a date, in CSV 2026-01-31"),
        (
            {"F2": datetime.fromisoformat("2024-01-01T12:30")},
            "sheet 人员, row 2, column 起始日期: is no day; in XLSX the cell has to be a date, in CSV 2026-01-31",
        ),
        ({"F2": date(1900, 3, 1)}, "sheet 人员, row 2, column 起始日期: is a day out of bounds"),
        ({"G2": date(2999, 1, 1)}, "sheet 人员, row 2, column 截止日期: is a day out of bounds"),
        ({"E2": "也许"}, "sheet 人员, row 2, column 在岗状态: is none of 在岗、长期休假、借调外出、脱产培训、停职、退休、不在岗"),
        ({"C2": None}, "sheet 人员, row 2, column 单位代码: is empty"),
        ({"D2": None}, "sheet 人员, row 2, column 一线: is empty"),
        ({"A2": None}, "sheet 人员, row 2, column 警号: is empty"),
        ({"A2": "1/2"}, "sheet 人员, row 2, column 警号: has characters that it may not have"),
        ({"B2": "长" * 121}, "sheet 人员, row 2, column 姓名: is too long"),
        ({"L2": "x"}, "sheet 人员, row 2, column L: has cells beyond its headings"),
        ({"L1": "工资"}, "sheet 人员, row 1, column 工资: means nothing here"),
        ({"B1": "警号"}, "sheet 人员, row 1, column 警号: is there twice"),
        ({"J1": None}, "sheet 人员, row 1, column 撤销: is missing"),
        ({"A3": "000001", "B3": "另一姓名"}, "sheet 人员, row 3, column 姓名: officer 000001: says otherwise than row 2"),
        ({"A3": "000002"}, "sheet 人员, row 3: the row tells nothing"),
    ],
)
def test_a_bad_cell_is_told_with_sheet_row_and_column(cells, fault):
    assert fault in faults_of(edited(**cells))


@pytest.mark.parametrize(
    ("sheet", "cells", "fault"),
    [
        ("证件", {"C2": date(1900, 3, 1)}, "sheet 证件, row 2, column 有效期起: is a day out of bounds"),
        ("证件", {"E2": "暂扣"}, "sheet 证件, row 2, column 状态日期: is empty"),
        (
            "证件",
            {"A3": "N1", "B3": "000001", "C3": DAY, "D3": date(2028, 1, 1)},
            "sheet 证件, row 3, column 证件号: certificate N1, from 2024-01-01: told 2 times",
        ),
        ("记录仪", {"I2": "覆写"}, "sheet 记录仪, row 2, column 擦除文号: is empty"),
        ("配发", {"C2": "也许"}, "sheet 配发, row 2, column 配发方式: is none of 专用、公用"),
    ],
)
def test_each_sheet_tells_its_own_faults(sheet, cells, fault):
    assert fault in faults_of(edited(sheet=sheet, **cells))


def test_every_fault_is_told_at_once():
    faults = faults_of(edited(B2="=A1", F2="x", L2="y"))

    assert len(faults) == 3


def test_merged_cells_are_refused_with_their_range():
    workbook = openpyxl.load_workbook(io.BytesIO(write_workbook(WHOLE)))
    workbook["人员"].merge_cells("B2:C2")

    assert "sheet 人员, row 2: the cells B2:C2 are merged" in faults_of(saved(workbook))


def test_a_sheet_that_means_nothing_is_refused_and_notes_are_not_read():
    workbook = openpyxl.load_workbook(io.BytesIO(write_workbook(WHOLE)))
    workbook.create_sheet("工资")

    assert "has a sheet 工资 that means nothing here" in faults_of(saved(workbook))


def test_a_certificate_with_two_changes_takes_two_rows():
    suspended = {**CERTIFICATE, "state": "suspended", "since": date(2026, 1, 1), "document_number": "1", "reason": "示范"}
    valid = {**suspended, "state": "valid", "since": date(2026, 3, 1), "document_number": "2"}

    (officer,) = read_roster_file(write_workbook({"certificates": [suspended, valid]})).roster.officers

    assert [str(change.state) for change in officer.certificates[0].changes] == ["suspended", "valid"]
    assert officer.name is None


def test_what_is_withdrawn_is_said_so():
    (officer,) = read_roster_file(write_workbook({"officers": [{**OFFICER, "withdrawn": "yes"}]})).roster.officers

    assert officer.posts[0].withdrawn


def test_a_scrapped_recorder_carries_its_wipe():
    wiped = {**RECORDER, "state": "scrapped", "wipe_method": "覆写", "wipe_document": "1", "wiped_on": DAY}

    (recorder,) = read_roster_file(write_workbook({"recorders": [wiped]})).roster.recorders

    assert recorder.changes[0].wipe.wiped_on == DAY


ROW = ["000001", "示范人员 1", "01", "是", "在岗", "2024-01-01", "2026/6/30", "", "", ""]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_csv_is_read_in_every_encoding_that_people_send(encoding):
    (officer,) = read_roster_file(as_csv(ROW, encoding=encoding)).roster.officers

    assert (officer.name, officer.posts[0].valid_from, officer.posts[0].valid_until) == ("示范人员 1", DAY, date(2026, 6, 30))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_csv_in_another_encoding_is_refused(encoding):
    assert faults_of(as_csv(ROW, encoding=encoding)) == ["is text of neither UTF-8 nor GB18030"]


def test_bytes_of_neither_encoding_are_refused():
    assert faults_of(as_csv(ROW) + b"\xff\xff\xff") == ["is text of neither UTF-8 nor GB18030"]


def test_text_of_another_encoding_that_happens_to_decode_is_refused_by_its_headings():
    big5 = "警號,姓名,單位代碼".encode("big5")

    assert any("headings" in fault for fault in faults_of(big5))


def test_english_headings_and_words_are_read_too():
    text = (
        "Officer,Name,Agency code,Front line,Duty state,Valid from,Valid until,Document number,Reason,Withdrawn\n1,A,01,yes,retired,2024-01-01,,,,\n"
    )

    assert str(read_roster_file(text.encode()).roster.officers[0].posts[0].duty_state) == "retired"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({1: "=cmd"}, "row 2, column 姓名: is a formula"),
        ({5: "45292"}, "row 2, column 起始日期: is no day; in XLSX the cell has to be a date, in CSV 2026-01-31"),
        ({5: "2024-02-30"}, "row 2, column 起始日期: is no day; in XLSX the cell has to be a date, in CSV 2026-01-31"),
        ({5: "1900-01-01"}, "row 2, column 起始日期: is a day out of bounds"),
        ({6: "2999-01-01"}, "row 2, column 截止日期: is a day out of bounds"),
    ],
)
def test_a_bad_cell_of_csv_is_told_with_row_and_column(change, fault):
    row = [change.get(place, cell) for place, cell in enumerate(ROW)]

    assert fault in faults_of(as_csv(row))


def test_quotes_that_do_not_end_are_told():
    assert any("is damaged" in fault for fault in faults_of(as_csv() + b'"000001'))


def test_a_million_rows_are_refused_before_they_are_kept(monkeypatch):
    monkeypatch.setattr(read_file, "MOST_ROWS", 100)
    monkeypatch.setattr(read_rows, "MOST_ROWS", 100)

    assert faults_of(as_csv(*[ROW] * 101)) == ["has more than 100 rows"]
    assert faults_of(write_workbook({"officers": [OFFICER] * 101})) == ["has more than 100 rows"]


def test_a_million_real_rows_are_counted_and_not_read():
    row = "<row><c><v>1</v></c></row>"

    with patch.object(read_file.RowReader, "read", side_effect=AssertionError):
        assert faults_of(as_csv() + b"1,2,3\n" * 1_000_000) == ["has more than 250000 rows"]
        assert faults_of(sheet_of(f"{HEAD}{row * 1_000_000}{TAIL}", compression=zipfile.ZIP_STORED)) == ["has more than 250000 rows"]


def test_a_file_that_is_wrong_throughout_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr(read_rows, "MOST_FAULTS", 5)

    assert len(faults_of(as_csv(*[["=1"]] * 50))) == 5


@pytest.mark.parametrize("content", [b"", b"\n", b"PK", b"PK\x03\x04rest", b"a,b\n1,2\n", b"%PDF-1.7", b"\xd0\xcf\x11\xe0"])
def test_what_is_no_roster_is_refused(content):
    assert faults_of(content)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_read_and_nothing_else_happens(content):
    for start in (b"", b"PK\x03\x04", as_csv()):
        with contextlib.suppress(RosterFileRefusedError):
            read_roster_file(start + content)


@given(st.data())
def test_a_workbook_with_damaged_parts_is_refused_or_read_and_nothing_else_happens(data):
    parts = {}
    with zipfile.ZipFile(io.BytesIO(write_workbook(WHOLE))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = data.draw(st.sampled_from(["xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"]))
    place = data.draw(st.integers(0, len(parts[name]) - 1))
    parts[name] = parts[name][:place] + data.draw(st.binary(max_size=6)) + parts[name][place + data.draw(st.integers(0, 6)) :]

    with contextlib.suppress(RosterFileRefusedError):
        read_roster_file(packed(parts))


def packed(parts, *, compression=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return file.getvalue()


def sheet_of(text, **options):
    """A workbook whose first sheet is this text."""
    with zipfile.ZipFile(io.BytesIO(write_workbook(WHOLE))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return packed({**parts, "xl/worksheets/sheet1.xml": text}, **options)


HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
TAIL = "</sheetData></worksheet>"


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>{HEAD}<row><c t="inlineStr"><is><t>&b;</t></is></c></row>{TAIL}',
        f'{HEAD}<row r="1">{"<c/>" * 1000}</row>{TAIL}'.replace("<c/>", '<c t="inlineStr"><is><t>x</t></is></c>'),
        f'{HEAD}<row r="2"/><row r="1"/>{TAIL}',
        f'{HEAD}<row r="1"><c r="A2"/></row>{TAIL}',
        f'{HEAD}<row r="1"><c r="B1"/><c r="A1"/></row>{TAIL}',
        f'{HEAD}<row r="1"><c r="A1" t="s"><v>-1</v></c></row>{TAIL}',
        f'{HEAD}<row r="1"><c r="A1" t="s"><v>99</v></c></row>{TAIL}',
        f'{HEAD}<row r="1"><c r="A1" t="inlineStr"><is><t>{"x" * 40_000}</t></is></c></row>{TAIL}',
        f"{HEAD}<row>",
    ],
)
def test_a_sheet_out_of_bounds_is_refused(text):
    assert any("is damaged" in fault for fault in faults_of(sheet_of(text)))


def test_a_file_that_unpacks_to_much_more_than_it_is_is_refused_before_it_is_unpacked():
    content = sheet_of(" " * 50_000_000)

    assert len(content) < 100_000
    assert any("is said to be 50000000 bytes long" in fault for fault in faults_of(content))


def test_days_counted_from_1904_are_read_as_the_days_they_show():
    workbook = openpyxl.load_workbook(io.BytesIO(write_workbook(WHOLE)))
    workbook.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904

    assert read_roster_file(saved(workbook)).roster.officers[0].posts[0].valid_from == DAY


def test_columns_may_stand_in_any_order():
    headings = [column.heading for column in ASSIGNMENTS.columns]
    text = ",".join(reversed(headings)) + "\n,,2024-01-01,公用,000001,ZF1\n"

    (recorder,) = read_roster_file(text.encode()).roster.recorders

    assert (recorder.serial, recorder.agency, recorder.assignments[0].is_exclusive) == ("ZF1", None, False)


def test_rows_of_one_recorder_tell_its_agency_once_or_alike():
    lines = [["ZF1", "M", "01", "", "在用", "2024-01-01", "", "", "", "", "", ""], ["ZF1", "", "", "", "维修", "2025-01-01", "", "", "", "", "", ""]]
    (recorder,) = read_roster_file(as_csv(*lines, sheet=RECORDERS)).roster.recorders
    lines[1][2] = "02"

    assert (recorder.agency, len(recorder.changes)) == ("01", 2)
    assert faults_of(as_csv(*lines, sheet=RECORDERS)) == ["row 3, column 单位代码: recorder ZF1: says otherwise than row 2"]


def test_a_certificate_alone_is_read_without_the_officers_name():
    (officer,) = read_roster_file(as_csv(["N1", "000001", "2024-01-01", "2028-01-01", "", "", "", "", ""], sheet=CERTIFICATES)).roster.officers

    assert (officer.code, officer.name, officer.certificates[0].number) == ("000001", None, "N1")
