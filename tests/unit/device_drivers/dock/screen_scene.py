"""Four slots in different states, for tests of the screen and for its picture in the documents."""

from device_drivers.dock.condition import Concern, Condition
from device_drivers.dock.tile import Phase, Tile

_GIB = 1024**3
_WORN = (Concern.CARD_NEARLY_FULL, Concern.BATTERY_LOW, Concern.LOCKED_FILES)
SCENE = (
    Tile(
        "A1",
        Phase.READING,
        serial="BWC7001",
        officer_code="100234",
        files=40,
        is_complete=True,
        stored=12,
        spooled=3,
        size_bytes=40 * _GIB,
        read_bytes=11 * _GIB,
        bytes_per_s=20 * 1024**2,
        condition=Condition(70, True, "2026-11-24T09:30:15", 5.5, 0.5),
    ),
    Tile(
        "A2",
        Phase.DONE,
        serial="BWC7002",
        officer_code="100235",
        files=4,
        is_complete=True,
        stored=4,
        size_bytes=_GIB,
        read_bytes=_GIB,
        condition=Condition(100, False, "2026-11-24T08:02:40", 11.0, 0.9),
    ),
    Tile(
        "A3",
        Phase.SPOOLING,
        serial="BWC7003",
        officer_code="100236",
        files=40,
        is_complete=True,
        stored=12,
        spooled=3,
        failed=1,
        size_bytes=40 * _GIB,
        read_bytes=11 * _GIB,
        bytes_per_s=20 * 1024**2,
        condition=Condition(7, False, "2026-11-24T09:41:02", 0.5, 0.05, _WORN),
        concerns=frozenset({Concern.SERVICE_AWAY}),
    ),
    Tile("A4", Phase.REFUSED, reason="besides what a recorder shows it has interfaces of class 03"),
)
