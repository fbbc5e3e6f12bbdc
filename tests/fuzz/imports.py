"""What is imported from elsewhere: tables of other systems, and names of files."""

from device_drivers.importing.errors import MappingError
from device_drivers.importing.mapping import Columns, match_statements, parse_mapping
from device_drivers.importing.source import readable_path
from tests.fuzz.target import Target

_COLUMNS = Columns.parse(["path=文件", "serial=设备", "officer=警号", "recorded_at=时间", "remark=备注", "md5=MD5"])


def _mapping(data: bytes) -> object:
    stated = parse_mapping(data, _COLUMNS)
    matched, unstated, left_over = match_statements(stated, ["a/A.MP4", "b/A.MP4", "b/B.MP4"])
    assert len(matched) + len(unstated) == 3
    assert set(left_over) <= set(stated)
    return matched


def _name(data: bytes) -> str:
    name = readable_path(data)
    assert name.isprintable() or not data.decode("utf-8", "replace").isprintable()
    name.encode()
    return name


_HEADING = "文件,设备,警号,时间,备注,MD5\r\n"
_TABLE = _HEADING + 'A.MP4,A123456,100001,2026-11-24 11:29:05,"一, 二",' + "ab" * 16 + "\r\nb\\B.MP4,,,2026年11月24日11时29分,,\r\n"

TARGETS = (
    Target("import-mapping", _mapping, (MappingError,), (_TABLE.encode("utf-8-sig"), _TABLE.encode("gb18030"), _TABLE.replace(",", ";").encode())),
    Target("import-name", _name, (), ("DCIM/执法.MP4".encode(), b"a\xff\\\n.mp4"), 1_024),
)
