"""Numbers of PTP and MTP that this project uses.

Sources: PIMA 15740:2000 (clauses 10 to 13), USB Still Image Capture Device Definition 1.0, Media Transfer Protocol 1.1 (appendices A to D), and for
``GET_PARTIAL_OBJECT_64`` Android's ``mtp.h``.
"""

from __future__ import annotations

from enum import IntEnum


class Operation(IntEnum):
    """Every operation that can be sent; ``SET_DEVICE_PROP_VALUE`` and ``DELETE_OBJECT`` write, the others only read."""

    GET_DEVICE_INFO = 0x1001
    OPEN_SESSION = 0x1002
    CLOSE_SESSION = 0x1003
    GET_STORAGE_IDS = 0x1004
    GET_STORAGE_INFO = 0x1005
    GET_OBJECT_HANDLES = 0x1007
    GET_OBJECT_INFO = 0x1008
    GET_OBJECT = 0x1009
    DELETE_OBJECT = 0x100B
    GET_DEVICE_PROP_DESC = 0x1014
    GET_DEVICE_PROP_VALUE = 0x1015
    SET_DEVICE_PROP_VALUE = 0x1016
    GET_PARTIAL_OBJECT = 0x101B
    GET_PARTIAL_OBJECT_64 = 0x95C1
    GET_OBJECT_PROP_VALUE = 0x9803
    GET_OBJECT_PROP_LIST = 0x9805


class ResponseCode(IntEnum):
    """How an operation ended."""

    OK = 0x2001
    GENERAL_ERROR = 0x2002
    SESSION_NOT_OPEN = 0x2003
    INVALID_TRANSACTION = 0x2004
    OPERATION_NOT_SUPPORTED = 0x2005
    PARAMETER_NOT_SUPPORTED = 0x2006
    INCOMPLETE_TRANSFER = 0x2007
    INVALID_STORAGE = 0x2008
    INVALID_HANDLE = 0x2009
    PROPERTY_NOT_SUPPORTED = 0x200A
    INVALID_FORMAT = 0x200B
    STORE_FULL = 0x200C
    OBJECT_WRITE_PROTECTED = 0x200D
    STORE_READ_ONLY = 0x200E
    ACCESS_DENIED = 0x200F
    PARTIAL_DELETION = 0x2012
    STORE_NOT_AVAILABLE = 0x2013
    DEVICE_BUSY = 0x2019
    INVALID_PARAMETER = 0x201D
    SESSION_ALREADY_OPEN = 0x201E
    TRANSACTION_CANCELLED = 0x201F
    INVALID_OBJECT_PROPERTY = 0xA801
    GROUP_NOT_SUPPORTED = 0xA807
    DEPTH_NOT_SUPPORTED = 0xA808
    OBJECT_PROPERTY_NOT_SUPPORTED = 0xA80A


class DeviceProperty(IntEnum):
    """Properties of a device."""

    BATTERY_LEVEL = 0x5001
    DATE_TIME = 0x5011


class ObjectProperty(IntEnum):
    """Properties of an object."""

    FORMAT = 0xDC02
    PROTECTION = 0xDC03
    SIZE = 0xDC04
    FILE_NAME = 0xDC07
    DATE_CREATED = 0xDC08
    DATE_MODIFIED = 0xDC09
    PARENT = 0xDC0B


def name_of_response(code: int) -> str:
    """Spell a response code for people, with its number."""
    try:
        return f"{ResponseCode(code).name.lower().replace('_', ' ')} ({code:#06x})"
    except ValueError:
        return f"code {code:#06x}"
