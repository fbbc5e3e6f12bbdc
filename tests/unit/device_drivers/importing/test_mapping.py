import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.importing.errors import MappingError
from device_drivers.importing.mapping import MOST_PROBLEMS, Columns, match_statements, parse_mapping
from integrity.provenance import StatedAlgorithm, StatedFile

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
COLUMNS = Columns(path="文件名", serial="设备编号", officer="警号", recorded_at="开始时间", md5="MD5", remark="备注")
TABLE = f'文件名,设备编号,警号,开始时间,MD5,备注,别的\r\n录像\\a.mp4,A12,000001,2026年3月4日 05:06:07,{MD5.upper()},"一,二",x\r\nb.mp4,,,,,,\r\n'
STATED = {
    "录像/a.mp4": StatedFile("A12", "000001", "2026-03-04T05:06:07", StatedAlgorithm.MD5, MD5, "一,二"),
    "b.mp4": StatedFile(),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_a_table_is_read_in_the_encodings_that_systems_export(encoding):
    assert parse_mapping(TABLE.encode(encoding), COLUMNS) == STATED


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_columns_may_be_parted_by_semicolons_or_tabs(delimiter):
    text = f"name{delimiter}sn\na.mp4{delimiter}A1\n"

    assert parse_mapping(text.encode(), Columns(path="name", serial="sn")) == {"a.mp4": StatedFile("A1")}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-04 05:06:07", "2026-03-04T05:06:07"),
        ("2026/3/4 5:06", "2026-03-04T05:06:00"),
        ("20260304050607", "2026-03-04T05:06:07"),
        ("2026-03-04T05:06:07.250Z", "2026-03-04T05:06:07+00:00"),
        ("2026-03-04T05:06:07+0800", "2026-03-04T05:06:07+08:00"),
    ],
)
def test_times_are_taken_as_they_are_written(written, read):
    table = f"name,at\na.mp4,{written}\n".encode()

    assert parse_mapping(table, Columns(path="name", recorded_at="at"))["a.mp4"].recorded_at == read


@pytest.mark.parametrize(
    ("table", "column", "problem"),
    [
        ("name,at\na,yesterday\n", {"recorded_at": "at"}, "row 2: 'yesterday' is no time"),
        ("name,sum\na,123\n", {"sha256": "sum"}, "row 2: '123' is no SHA256"),
        (f"name,sum\na,{'g' * 32}\n", {"md5": "sum"}, "row 2: stated.digest: expected 32 lower-case hexadecimal digits"),
        ("name,sn\n,A1\n", {"serial": "sn"}, "row 2: names no file"),
        ("name,sn\na,A1\na,A2\n", {"serial": "sn"}, "row 3: 'a' stands in an earlier row, which says something else"),
        ("name,sn\n", {"officer": "code"}, "the table has no column 'code', or more than one; it has name, sn"),
        ("", {}, "the table has no column 'name', or more than one; it has "),
        ('name,sn\n"a', {"serial": "sn"}, "after row 1: unexpected end of data"),
    ],
)
def test_what_makes_no_sense_is_named_with_its_row(table, column, problem):
    with pytest.raises(MappingError) as caught:
        parse_mapping(table.encode(), Columns(path="name", **column))

    assert caught.value.problems == [problem]


def test_every_wrong_row_is_named_up_to_a_limit():
    table = "name,at\n" + "".join(f"{number},never\n" for number in range(2 * MOST_PROBLEMS))

    with pytest.raises(MappingError) as caught:
        parse_mapping(table.encode(), Columns(path="name", recorded_at="at"))

    assert len(caught.value.problems) == MOST_PROBLEMS + 1


@pytest.mark.parametrize("pairs", [["serial=SN"], ["path=a", "path=b"], ["path"], ["path="], ["colour=a", "path=b"], ["path=a", "md5=b", "sha1=c"]])
def test_columns_that_make_no_sense_are_refused(pairs):
    with pytest.raises(MappingError):
        Columns.parse(pairs)


def test_columns_are_named_by_their_headings():
    assert Columns.parse(["path=文件名", "sm3=杂凑值"]) == Columns(path="文件名", sm3="杂凑值")


def test_rows_find_files_by_path_and_else_by_a_name_that_is_unique():
    stated = {"x/a.mp4": StatedFile("1"), "D:/export/b.mp4": StatedFile("2"), "c.mp4": StatedFile("3"), "gone.mp4": StatedFile("4")}
    paths = ["x/a.mp4", "y/b.mp4", "1/c.mp4", "2/c.mp4", "z.mp4"]

    matched, unstated, left_over = match_statements(stated, paths)

    assert matched == {"x/a.mp4": StatedFile("1"), "y/b.mp4": StatedFile("2")}
    assert unstated == ["1/c.mp4", "2/c.mp4", "z.mp4"]
    assert left_over == ["c.mp4", "gone.mp4"]


def test_two_rows_of_one_name_are_not_guessed_apart():
    matched, _, left_over = match_statements({"p/a.mp4": StatedFile("1"), "q/a.mp4": StatedFile("2")}, ["a.mp4"])

    assert matched == {}
    assert left_over == ["p/a.mp4", "q/a.mp4"]


@given(st.binary(max_size=400))
def test_whatever_a_table_holds_it_is_read_or_refused(data):
    with contextlib.suppress(MappingError):
        stated = parse_mapping(b"name,at,sum\n" + data, Columns(path="name", recorded_at="at", md5="sum"))
        assert all(path for path in stated)
