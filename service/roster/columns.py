"""The four sheets of a roster as a file: their columns, headings and words (docs/formats/roster-file.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MOST_ROWS = 250_000
"""Rows of one file, over all its sheets."""
MOST_BYTES = 64 * 1024**2
NOTES = frozenset({"说明", "Notes"})
"""A sheet for people, which is not read."""


class CellKind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    DAY = "day"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: What it is called in code.
        heading: In Chinese, as templates have it; `english` is accepted too.
        words: What a cell may say, and what that means; for columns of words alone.
        about: For the sheet with notes.
    """

    name: str
    heading: str
    english: str
    kind: CellKind = CellKind.TEXT
    words: Mapping[str, str] = field(default_factory=dict)
    about: str = ""

    @property
    def spoken(self) -> dict[str, str]:
        """The Chinese word of each meaning."""
        return {meaning: word for word, meaning in self.words.items() if not word.isascii()}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet.

    Attributes:
        name: What it is called in code, and in the names of CSV templates.
        title: In Chinese, as templates have it; `english` is accepted too.
    """

    name: str
    title: str
    english: str
    columns: tuple[Column, ...]

    def heading(self, name: str) -> str:
        """Heading of a column."""
        return next((column.heading for column in self.columns if column.name == name), "")


YES_OR_NO = {"是": "yes", "否": "no", "yes": "yes", "no": "no"}
EXCLUSIVE = {"专用": "yes", "公用": "no", "exclusive": "yes", "pool": "no"}
_DUTY_STATES = {
    "在岗": "on_duty",
    "长期休假": "long_leave",
    "借调外出": "seconded_out",
    "脱产培训": "in_training",
    "停职": "suspended",
    "退休": "retired",
    "不在岗": "off_duty",
}
_CERTIFICATE_STATES = {"有效": "valid", "暂扣": "suspended", "收回": "withdrawn", "注销": "cancelled"}
_RECORDER_STATES = {
    "已订购": "ordered",
    "已到货": "delivered",
    "在用": "in_service",
    "维修": "in_repair",
    "丢失": "lost",
    "封存": "sealed",
    "报废": "scrapped",
}


def _with_codes(words: Mapping[str, str]) -> dict[str, str]:
    return {**words, **{meaning: meaning for meaning in words.values()}}


_OFFICER = Column("officer", "警号", "Officer")
_RECORDER = Column("recorder", "序列号", "Serial number")
_FROM = Column("valid_from", "起始日期", "Valid from", CellKind.DAY, about="当天起生效")
_UNTIL = Column("valid_until", "截止日期", "Valid until", CellKind.DAY, about="当天仍有效；留空表示至今")
_DOCUMENT = Column("document_number", "文号", "Document number")
_REASON = Column("reason", "事由", "Reason")
_SINCE = Column("since", "状态日期", "State since", CellKind.DAY, about="状态自当天起生效")
_WITHDRAWN = Column("withdrawn", "撤销", "Withdrawn", CellKind.WORD, YES_OR_NO, "填“是”表示该行从未属实；留空或“否”表示登记")

OFFICERS = Sheet(
    "officers",
    "人员",
    "Officers",
    (
        _OFFICER,
        Column("name", "姓名", "Name", about="首次登记必填"),
        Column("agency", "单位代码", "Agency code"),
        Column("is_front_line", "一线", "Front line", CellKind.WORD, YES_OR_NO),
        Column("duty_state", "在岗状态", "Duty state", CellKind.WORD, _with_codes(_DUTY_STATES)),
        _FROM,
        _UNTIL,
        _DOCUMENT,
        _REASON,
        _WITHDRAWN,
    ),
)
CERTIFICATES = Sheet(
    "certificates",
    "证件",
    "Certificates",
    (
        Column("certificate", "证件号", "Certificate number"),
        _OFFICER,
        Column("valid_from", "有效期起", "Valid from", CellKind.DAY, about="不早于 1990-01-01"),
        Column("valid_until", "有效期止", "Valid until", CellKind.DAY, about="当天仍有效；有效期不超过 30 年"),
        Column("state", "证件状态", "Certificate state", CellKind.WORD, _with_codes(_CERTIFICATE_STATES), "状态变更时填写，文号和事由必填"),
        _SINCE,
        _DOCUMENT,
        _REASON,
        _WITHDRAWN,
    ),
)
RECORDERS = Sheet(
    "recorders",
    "记录仪",
    "Recorders",
    (
        _RECORDER,
        Column("model", "型号", "Model"),
        Column("agency", "单位代码", "Agency code", about="首次登记必填"),
        Column("agency_since", "归属日期", "Agency since", CellKind.DAY, about="调拨时填写：自当天起归属该单位"),
        Column("state", "设备状态", "Recorder state", CellKind.WORD, _with_codes(_RECORDER_STATES)),
        _SINCE,
        _DOCUMENT,
        _REASON,
        Column("wipe_method", "擦除方式", "Wipe method", about="仅报废时填写，三项必填"),
        Column("wipe_document", "擦除文号", "Wipe document"),
        Column("wiped_on", "擦除日期", "Wiped on", CellKind.DAY),
        _WITHDRAWN,
    ),
)
ASSIGNMENTS = Sheet(
    "assignments",
    "配发",
    "Assignments",
    (_RECORDER, _OFFICER, Column("is_exclusive", "配发方式", "Assignment kind", CellKind.WORD, EXCLUSIVE), _FROM, _UNTIL, _WITHDRAWN),
)
SHEETS = (OFFICERS, CERTIFICATES, RECORDERS, ASSIGNMENTS)


def sheet_titled(title: str) -> Sheet | None:
    """Find the sheet of a title in either language."""
    return next((sheet for sheet in SHEETS if title in {sheet.title, sheet.english}), None)
