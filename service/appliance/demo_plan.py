"""What each docking of a demonstration brings: which recorder, whose, and how many clips of when. Pure; the docking's number decides."""

import random
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from service.appliance.demo_people import Person, demo_people

DOCKINGS = 40
"""After these, each start of the demonstration adds one."""
_ZONE = ZoneInfo("Asia/Shanghai")
_A_DAY = 8
_SHIFT_BEGINS = time(8, 30)
_UNREGISTERED = frozenset({6, 19, 33})
_NOBODYS = frozenset({11, 27})
_BORROWED = frozenset({15})
_COVERED_LENS = frozenset({22})
_CUT_OFF = frozenset({30})
_STRANGE_SERIAL, _POOL_SERIAL, _STRANGE_OFFICER = "SF99001", "SF50001", "999999"


class Spoiling(StrEnum):
    """What is wrong with a clip."""

    COVERED_LENS = "covered_lens"
    CUT_OFF = "cut_off"


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """One clip to make.

    Attributes:
        path: Place and name on the card, in one of the styles seen on real ones.
        recorded_at: Its beginning by the recorder's clock, aware, Asia/Shanghai.
        length_s: How long it plays, in seconds.
        spoiling: What is wrong with it, if anything.
    """

    path: str
    recorded_at: datetime
    length_s: int
    spoiling: Spoiling | None = None


@dataclass(frozen=True, slots=True)
class DockingPlan:
    """One docking: the recorder's serial number, the officer number it carries, and its clips."""

    number: int
    serial: str
    officer: str
    clips: tuple[ClipPlan, ...]


def plan_docking(number: int, now: datetime) -> DockingPlan:
    """Plan one docking.

    The first forty go from four days ago to today; a few are of a recorder nobody registered, of an officer nobody knows, of a recorder that carries
    another officer's number, with a covered lens, or with a clip that was cut off.

    Args:
        number: From 1.
        now: The time, aware.
    """
    draw = random.Random(f"docking {number}")  # noqa: S311 - a demonstration shall be the same each time
    holder, other = draw.sample(_holders(), 2)
    serial, officer = holder.serial, holder.code
    if number in _UNREGISTERED:
        serial = _STRANGE_SERIAL
    elif number in _NOBODYS:
        serial, officer = _POOL_SERIAL, _STRANGE_OFFICER
    elif number in _BORROWED:
        officer = other.code
    begin = _before_the_first_clip(number, now.astimezone(_ZONE), draw)
    clips = []
    for place in range(1, draw.randint(2, 4) + 1):
        begin = begin.replace(microsecond=0) + timedelta(minutes=draw.randint(2, 5), seconds=draw.randint(0, 59))
        path = _path(number % 4, serial, officer, begin, place)
        clips.append(ClipPlan(path, begin, draw.randint(6, 12), _spoiling(number) if place == 1 else None))
    return DockingPlan(number, serial, officer, tuple(clips))


def _holders() -> list[Person]:
    """Officers who have had a recorder of their own for long."""
    return [person for person in demo_people() if person.group == "equipped" and person.chance < 1 / 2]


def _before_the_first_clip(number: int, now: datetime, draw: random.Random) -> datetime:
    """Half an hour before now, or during a shift some days ago; the clips follow within 24 minutes."""
    days_ago = max(0, (DOCKINGS - number) // _A_DAY)
    into_the_shift = timedelta(minutes=draw.randint(0, 500))
    if not days_ago:
        return now - timedelta(minutes=30)
    return datetime.combine(now.date() - timedelta(days=days_ago), _SHIFT_BEGINS, tzinfo=_ZONE) + into_the_shift


def _spoiling(number: int) -> Spoiling | None:
    if number in _COVERED_LENS:
        return Spoiling.COVERED_LENS
    return Spoiling.CUT_OFF if number in _CUT_OFF else None


def _path(style: int, serial: str, officer: str, at: datetime, place: int) -> str:
    """Name a clip in one of four styles seen on cards."""
    stamp = f"{at:%Y%m%d%H%M%S}"
    return (
        f"DCIM/100MEDIA/{serial}_{officer}_{stamp}_{place}.MP4",
        f"VIDEO/{officer}@{serial}_{at:%Y%m%d_%H%M%S}.mp4",
        f"DCIM/{at:%Y%m%d}/{at:%Y_%m%d_%H%M%S}_{place:03}A.MP4",
        f"files/data/{serial:0>8}_000000{stamp}_{place:04}{'_IMP' if place == 1 else ''}.MP4",
    )[style]
