"""Archives that lie, each in one way, and what is said of each: made from a good one by changing its bytes."""

import io
import struct
import warnings
import zipfile

from tests.browser.package_writer import zip_of

_CENTRAL, _LOCAL, _END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


def hostile_archives(package) -> dict[str, tuple[bytes, str]]:
    """Name, bytes, and the beginning of what is said."""
    good, root = package.zip(), package.root
    entries = package.entries()
    first = entries[0][0]
    return {
        "nothing": (b"", "不是 ZIP 文件"),
        "text": (b"PK is how it begins", "不是 ZIP 文件"),
        "cut short": (good[:-40], "不是 ZIP 文件"),
        "compressed": (_zipped(entries, zipfile.ZIP_DEFLATED), "已压缩"),
        "bomb": (_zipped([(f"{root}/data/x", bytes(8 * 1024**2))], zipfile.ZIP_DEFLATED), "已压缩"),
        "method lies below": (_patched(good, _LOCAL, 8, "<H", 8), "有两种互不一致的描述"),
        "size lies above": (_patched(good, _CENTRAL, 24, "<I", 5), "所述大小互相矛盾"),
        "size lies below": (_patched(good, _LOCAL, 22, "<I", 5), "有两种互不一致的描述"),
        "both sizes lie": (_patched(_patched(good, _CENTRAL, 24, "<I", 3999), _CENTRAL, 20, "<I", 3999), "有两种互不一致的描述"),
        "encrypted": (_patched(_patched(good, _CENTRAL, 8, "<H", 1), _LOCAL, 6, "<H", 1), "已加密"),
        "strange flags": (_patched(good, _CENTRAL, 8, "<H", 0x20), "使用了不予接受的特性"),
        "link": (_patched(_patched(good, _CENTRAL, 38, "<I", 0xA1FF0000), _CENTRAL, 4, "<H", 0x0314), "是链接"),
        "device": (_patched(good, _CENTRAL, 38, "<I", 0x61FF0000), "是链接"),
        "folder": (zip_of([(f"{root}/data/", b""), *entries]), "名称不予接受"),
        "climbing": (zip_of([*entries, (f"{root}/data/../../x", b"")]), "越出文件夹"),
        "absolute": (zip_of([("/etc/passwd", b""), *entries]), "是绝对路径"),
        "drive": (zip_of([*entries, ("C:/x", b"")]), "是绝对路径"),
        "backslash": (good.replace(first.encode(), first.replace("/data/", "\\data/").encode()), "名称不予接受"),
        "outside": (zip_of([*entries, ("elsewhere/x", b"")]), "位于证据文件夹之外"),
        "no folder": (zip_of([("x", b"")]), "位于证据文件夹之外"),
        "blank": (zip_of([*entries, (f"{root}/a b", b"")]), "名称不予接受"),
        "other script": (zip_of([*entries, (f"{root}/data/о", b"")]), "名称不予接受"),
        "long name": (zip_of([*entries, (f"{root}/{'x' * 121}", b"")]), "名称不予接受"),
        "twice": (_twice([*entries, entries[0]]), "名称重复"),
        "twice but for case": (zip_of([*entries, (f"{root}/BAGIT.txt", b"")]), "名称重复"),
        "twice but for a dot": (zip_of([*entries, (f"{root}/bagit.txt.", b"")]), "名称重复"),
        "file and folder": (zip_of([*entries, (f"{root}/bagit.txt/x", b"")]), "名称重复"),
        "trailing": (good + b"\0", "压缩包之后还有内容"),
        "comment": (_commented(good), "压缩包之后还有内容"),
        "two archives": (good + zip_of([("x/y", b"")]), "压缩包目录已损坏"),
        "prefixed": (b"#!/bin/sh\n" + good, "压缩包目录已损坏"),
        "prefixed and mended": (_shifted(good, b"#!/bin/sh\n"), "压缩包之前还有内容"),
        "overlapping": (_overlapping(good), "与其他条目重叠"),
        "hidden bytes": (_with_hidden(good), "条目之间有不属于任何条目的字节"),
        "second name": (_with_field(package, 0x7075), "带有第二个名称"),
        "strange field": (_with_field(package, 0x1234), "带有第二个名称"),
        "too many": (_patched(_patched(good, _END, 8, "<H", 0xFFFE), _END, 10, "<H", 0xFFFE), "压缩包目录已损坏"),
        "far too many": (_many(200_001), "条目超过 200000 个"),
        "several disks": (_patched(good, _END, 4, "<H", 1), "压缩包跨越多个磁盘"),
        "empty": (zip_of([]), "压缩包为空"),
    }


def _zipped(entries, method):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for path, data in entries:
            archive.writestr(path, data)
    return target.getvalue()


def _twice(entries):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return zip_of(entries)


def _patched(archive, mark, offset, form, value):
    """Overwrite a field of the first header with this mark."""
    changed = bytearray(archive)
    struct.pack_into(form, changed, archive.index(mark) + offset, value)
    return bytes(changed)


def _commented(archive):
    return _patched(archive, _END, 20, "<H", 4) + b"text"


def _central_offsets(archive):
    (start,) = struct.unpack_from("<I", archive, archive.index(_END) + 16)
    (count,) = struct.unpack_from("<H", archive, archive.index(_END) + 10)
    found = []
    for _ in range(count):
        found.append(start)
        name, extra, comment = struct.unpack_from("<HHH", archive, start + 28)
        start += 46 + name + extra + comment
    return found


def _shifted(archive, prefix, *, at=0):
    """Put bytes before an entry and mend every offset after it."""
    changed = bytearray(archive)
    for header in _central_offsets(archive):
        (offset,) = struct.unpack_from("<I", changed, header + 42)
        struct.pack_into("<I", changed, header + 42, offset + (len(prefix) if offset >= at else 0))
    end = archive.index(_END)
    (start,) = struct.unpack_from("<I", changed, end + 16)
    struct.pack_into("<I", changed, end + 16, start + len(prefix))
    return bytes(changed[:at] + prefix + changed[at:])


def _with_hidden(archive):
    second = struct.unpack_from("<I", archive, _central_offsets(archive)[1] + 42)[0]
    return _shifted(archive, b"hidden", at=second)


def _overlapping(archive):
    """Let two entries share the bytes of one."""
    headers = _central_offsets(archive)
    changed = bytearray(archive)
    changed[headers[1] + 42 : headers[1] + 46] = changed[headers[0] + 42 : headers[0] + 46]
    return bytes(changed)


def _with_field(package, kind):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path, data in package.entries():
            info = zipfile.ZipInfo(path)
            info.extra = struct.pack("<HH", kind, 1) + b"x"
            archive.writestr(info, data)
    return target.getvalue()


def _many(count):
    target = io.BytesIO()
    headers = [struct.pack("<4s6H3I5H2I", _CENTRAL, 20, 20, 0, 0, 0, 0x5C21, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x" for _ in range(count)]
    directory = b"".join(headers)
    target.write(directory)
    wide = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(directory), 0)
    target.write(wide + struct.pack("<4sIQI", b"PK\x06\x07", 0, len(directory), 1))
    target.write(struct.pack("<4s4H2IH", _END, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))
    return target.getvalue()
