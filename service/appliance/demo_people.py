"""Who is in the demonstration's province: agencies and a thousand officers, sorted into groups by one seed, whatever the day."""

import random
from dataclasses import dataclass

from evidence_store.models.agency import AgencyLevel
from service.roster.rows import AgencyFacts

MARK = "(演示数据)"
OFFICERS = 1_000
_SEED = 20_240_101
_LAGGING_SHARE = 0.7

_AGENCIES = (
    ("01", "示范一市", AgencyLevel.CITY, None),
    ("02", "示范二市", AgencyLevel.CITY, None),
    ("03", "示范三市", AgencyLevel.CITY, None),
    ("0101", "示范一市第一县", AgencyLevel.COUNTY, "01"),
    ("0102", "示范一市第二县", AgencyLevel.COUNTY, "01"),
    ("0201", "示范二市第一县", AgencyLevel.COUNTY, "02"),
    ("0301", "示范三市第一县", AgencyLevel.COUNTY, "03"),
    ("010101", "示范一站", AgencyLevel.STATION, "0101"),
    ("010201", "示范二站", AgencyLevel.STATION, "0102"),
    ("020101", "示范三站", AgencyLevel.STATION, "0201"),
    ("030101", "示范四站", AgencyLevel.STATION, "0301"),
)
"""Below the province itself, which the first start makes."""
AGENCY_CODES = tuple(code for code, _, _, _ in _AGENCIES)
FRONT_AGENCIES = AGENCY_CODES[3:]
_LAGGING = ("0201", "030101")

_SIZES = {
    "back_office": 60,
    "off_duty": 30,
    "left": 15,
    "suspended": 12,
    "withdrawn": 6,
    "cancelled": 8,
    "expired": 14,
    "uncertified": 10,
    "no_recorder": 8,
    "in_repair": 6,
    "lost": 3,
    "not_in_service": 5,
    "only_pool": 7,
    "newly_certified": 5,
    "joined": 60,
    "replaced": 27,
}
_GAP = frozenset({"no_recorder", "in_repair", "lost", "not_in_service", "only_pool", "newly_certified"})


@dataclass(frozen=True, slots=True)
class Person:
    """One officer of the demonstration.

    Attributes:
        number: From 1; in name, officer number and the serial number of the person's own recorder.
        group: What became of the person; ``equipped`` is the rule.
        agency: Code of the agency.
        chance: Between 0 and 1, the person's own; earlier for smaller where an order is needed.
    """

    number: int
    group: str
    agency: str
    chance: float

    @property
    def code(self) -> str:
        """Officer number, six digits as recorders carry it."""
        return f"9{self.number:05}"

    @property
    def name(self) -> str:
        """A label, nobody's name."""
        return f"示范人员 {self.number:04}"

    @property
    def serial(self) -> str:
        """Serial number of the person's own recorder, seven characters as in the common record."""
        return f"SF{self.number:05}"


def demo_agencies() -> tuple[AgencyFacts, ...]:
    """Eleven agencies below the province."""
    return tuple(AgencyFacts(code=code, name=name + MARK, level=level, parent=parent) for code, name, level, parent in _AGENCIES)


def demo_people() -> list[Person]:
    """Everybody, by number; the same at every call."""
    draw = random.Random(_SEED)  # noqa: S311 - a demonstration shall be the same each time
    groups = [group for group, size in _SIZES.items() for _ in range(size)]
    groups += ["equipped"] * (OFFICERS - len(groups))
    draw.shuffle(groups)
    return [Person(number, group, _agency(draw, group), draw.random()) for number, group in enumerate(groups, start=1)]


def _agency(draw: random.Random, group: str) -> str:
    """Most serve at counties and stations; those who lack a recorder are gathered where coverage lags."""
    if group in _GAP and draw.random() < _LAGGING_SHARE:
        return draw.choice(_LAGGING)
    return draw.choice(AGENCY_CODES[:3] if group == "back_office" else FRONT_AGENCIES)
