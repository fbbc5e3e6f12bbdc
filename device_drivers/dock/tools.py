"""What every session of a dock works with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import urllib3

from device_drivers.dock.bandwidth import Throttle
from device_drivers.dock.claims import Claims
from device_drivers.dock.clocks import ClockPolicy, system_clock_is_synchronised
from device_drivers.dock.kept_identities import KeptIdentities
from device_drivers.dock.patience import Patience
from device_drivers.dock.progress import Progress
from device_drivers.dock.reading_order import KEY_MARK
from device_drivers.dock.service_client import ServiceClient
from device_drivers.dock.tile import Tiles
from device_drivers.dock.turns import Turns


@dataclass(frozen=True, slots=True)
class ClockWork:
    """What is needed to compare and set clocks.

    Attributes:
        policy: When recorders' clocks are set.
        is_synchronised: Whether a time source keeps the dock's own clock.
    """

    policy: ClockPolicy = ClockPolicy.MEASURED
    is_synchronised: Callable[[], bool] = system_clock_is_synchronised


@dataclass(frozen=True, slots=True)
class Tools:
    """What every session of this dock works with.

    Attributes:
        client: Calls to the service.
        pool: Connections to the store.
        patience: How long calls and parts are tried again.
        progress: Where progress is shown.
        now: The dock's clock, aware UTC.
        turns: Who may read a file next.
        tiles: Where the state of each slot stands.
        claims: Which identities are plugged in.
        clocks: How clocks are compared and set.
        key_mark: What a key file's name carries.
        spools: Whether footage goes to a spool while the service is away; then a session is not ended by that.
        kept: Who recorders said they are that can be asked no more; ``None`` where nothing is kept.
        throttle: How fast parts are sent; ``None`` is as fast as can be.
    """

    client: ServiceClient
    pool: urllib3.PoolManager
    patience: Patience
    progress: Progress
    now: Callable[[], datetime]
    turns: Turns
    tiles: Tiles = field(default_factory=Tiles)
    claims: Claims = field(default_factory=Claims)
    clocks: ClockWork = field(default_factory=ClockWork)
    key_mark: re.Pattern[str] = field(default_factory=lambda: re.compile(KEY_MARK, re.IGNORECASE))
    spools: bool = False
    throttle: Throttle | None = None
    kept: KeptIdentities | None = None
