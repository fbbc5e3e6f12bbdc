"""ZIP archives written field by field, so that any of them can be wrong."""

import struct
import zlib

FOLDER = "evidence-1"


class Entry:
    """One entry; keyword arguments override fields of the local header (``local_…``), of the central one (``central_…``) or of both."""

    def __init__(self, name, data=b"data", **fields):
        self.name = name if isinstance(name, bytes) else name.encode()
        self.data = data
        self.fields = fields

    def get(self, where, field, default):
        return self.fields.get(f"{where}_{field}", self.fields.get(field, default))

    def local(self):
        flags = self.get("local", "flags", 0)
        streamed = flags & 8
        crc, size = (0, 0) if streamed else (zlib.crc32(self.data), len(self.data))
        name, extra = self.get("local", "name", self.name), self.get("local", "extra", b"")
        header = struct.pack(
            "<4s5H3L2H",
            b"PK\x03\x04",
            20,
            flags,
            self.get("local", "method", 0),
            0,
            33,
            self.get("local", "crc", crc),
            self.get("local", "stored", size),
            self.get("local", "size", size),
            len(name),
            len(extra),
        )
        return header + name + extra + self.data + self.fields.get("descriptor", self.descriptor() if streamed else b"") + self.fields.get("gap", b"")

    def descriptor(self, *, signature=b"PK\x07\x08", wide=False):
        return signature + struct.pack("<L2Q" if wide else "<3L", zlib.crc32(self.data), len(self.data), len(self.data))

    def central(self, offset):
        size = len(self.data)
        extra, comment = self.get("central", "extra", b""), self.fields.get("comment", b"")
        name = self.get("central", "name", self.name)
        header = struct.pack(
            "<4s6H3L5H2L",
            b"PK\x01\x02",
            0x0314,
            20,
            self.get("central", "flags", 0),
            self.get("central", "method", 0),
            0,
            33,
            self.get("central", "crc", zlib.crc32(self.data)),
            self.get("central", "stored", size),
            self.get("central", "size", size),
            len(name),
            len(extra),
            len(comment),
            self.fields.get("disk", 0),
            0,
            self.fields.get("external", 0o100644 << 16),
            self.fields.get("offset", offset),
        )
        return header + name + extra + comment


def archive(*entries, prefix=b"", between=b"", suffix=b"", comment=b"", before_end=b"", zip64=False, **end):
    """A whole archive; keyword arguments are bytes where none should be, and fields of the end record."""
    body = prefix
    offsets = []
    for entry in entries:
        offsets.append(len(body) if not end.get("relative") else len(body) - len(prefix))
        body += entry.local()
    body += between
    start = len(body)
    directory = b"".join(entry.central(offset) for entry, offset in zip(entries, offsets, strict=True))
    count, size, offset = end.get("count", len(entries)), end.get("size", len(directory)), end.get("offset", start)
    body += directory + before_end
    if zip64:
        record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, end.get("offset64", offset))
        body += record + struct.pack("<4sLQL", b"PK\x06\x07", 0, end.get("record_offset", len(body)), end.get("disks", 1))
        count, size, offset = end.get("short", (0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF))
    return body + struct.pack("<4s4H2LH", b"PK\x05\x06", end.get("disk", 0), 0, count, count, size, offset, len(comment)) + comment + suffix
