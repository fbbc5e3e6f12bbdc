"""Tracks made from the published formats."""

import struct
from datetime import timedelta

from service.media.child import ByteSource


def source(data, asked=None):
    def read(offset, length):
        if asked is not None:
            asked.append((offset, length))
        yield data[offset : offset + length]

    return ByteSource(len(data), read)


def sentence(body, *, checksum=True):
    value = 0
    for letter in body.encode():
        value ^= letter
    return f"${body}*{value:02X}\r\n".encode() if checksum else f"${body}\r\n".encode()


def packed(degrees, width):
    whole = int(abs(degrees))
    return f"{whole:0{width}}{(abs(degrees) - whole) * 60:09.6f}"


def rmc(at, latitude=31.2034, longitude=121.4762, *, status="A", talker="GN", mode="A"):
    place = f"{packed(latitude, 2)},{'N' if latitude >= 0 else 'S'},{packed(longitude, 3)},{'E' if longitude >= 0 else 'W'}"
    return f"{talker}RMC,{at:%H%M%S.00},{status},{place},0.10,90.0,{at:%d%m%y},,,{mode}"


def gga(at, latitude=31.2034, longitude=121.4762, *, quality=1, talker="GN"):
    place = f"{packed(latitude, 2)},{'N' if latitude >= 0 else 'S'},{packed(longitude, 3)},{'E' if longitude >= 0 else 'W'}"
    return f"{talker}GGA,{at:%H%M%S.00},{place},{quality},08,1.0,4.0,M,8.0,M,,"


def walk(at, seconds, *, step=0.0001):
    """A log of one RMC a second, going north-east."""
    return b"".join(sentence(rmc(at + timedelta(seconds=one), 31.2 + one * step, 121.4 + one * step)) for one in range(seconds))


def box(kind, content, *, is_large=False):
    if is_large:
        return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content
    return struct.pack(">I4s", 8 + len(content), kind) + content


def block(at, latitude=31.2034, longitude=121.4762, *, start=48, status=b"A", year=None, size=512):
    """One ``freeGPS`` block."""
    data = bytearray(size)
    struct.pack_into(">I8s", data, 0, size, b"freeGPS ")
    struct.pack_into("<6I", data, start, at.hour, at.minute, at.second, at.year - 2000 if year is None else year, at.month, at.day)
    letters = status + (b"N" if latitude >= 0 else b"S") + (b"E" if longitude >= 0 else b"W") + b"\0"
    numbers = (float(packed(latitude, 2)), float(packed(longitude, 3)))
    struct.pack_into("<4s4f", data, start + 24, letters, *numbers, 5.0, 90.0)
    return bytes(data)


def second_by_second(at, seconds):
    return [block(at + timedelta(seconds=one), 31.2 + one * 0.0001) for one in range(seconds)]


def recording(blocks, *, before=None, extra=b"", is_large=False):
    """An MP4 file of nothing but its boxes, with blocks in its media data, behind other boxes and with more in its ``moov``."""
    head = before or box(b"ftyp", b"isomiso2")
    begin = len(head) + (16 if is_large else 8)
    offsets, media = [], b""
    for one in blocks:
        offsets.append((begin + len(media), len(one)))
        media += one + bytes(100)
    pointers = struct.pack(">II", 0x101, len(offsets)) + b"".join(struct.pack(">II", *pair) for pair in offsets)
    return head + box(b"mdat", media, is_large=is_large) + box(b"moov", (extra or box(b"mvhd", bytes(100))) + box(b"gps ", pointers))
