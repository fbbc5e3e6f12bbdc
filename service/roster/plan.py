"""What the ledger knows of whom a roster names, and what the roster would change of it: values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from evidence_store.repositories.roster import StandingFact
from service.roster.faults import Fault
from service.roster.rows import AgencyFacts
from service.roster.tellings import Key, Telling

Standing = Mapping[str, Mapping[Key, Mapping[str, Any]]]
"""The content of facts that stand, by table and key."""
_BESIDE = frozenset({"recorder_use", "coverage_target"})
"""Facts that no figure of coverage is made of."""
_FROM = {"recorder_use": 1}
"""Where in its key a fact has the day from which it says something, when that is not the last place."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of whom a roster names.

    Attributes:
        top: The agency that what is told without a parent hangs below.
        agencies: Codes of agencies within the asker's.
        elsewhere: Codes of all others.
        officers: Names by officer number; empty where a name is not known yet.
        recorders: Models by serial number.
        standing: Facts that are not superseded, by table and key.
        unsealed: Clips that were announced and are not sealed, by serial number.
    """

    top: str
    agencies: frozenset[str]
    elsewhere: frozenset[str] = frozenset()
    officers: Mapping[str, str] = field(default_factory=dict)
    recorders: Mapping[str, str] = field(default_factory=dict)
    standing: Mapping[str, Mapping[Key, StandingFact]] = field(default_factory=dict)
    unsealed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FactChange:
    """One fact that would be otherwise: ``before`` is ``None`` where nothing stood, ``after`` where it is withdrawn."""

    telling: Telling
    before: StandingFact | None
    after: Mapping[str, Any] | None

    @property
    def kind(self) -> str:
        """``created``, ``changed`` or ``withdrawn``."""
        if self.after is None:
            return "withdrawn"
        return "created" if self.before is None else "changed"

    @property
    def first_day(self) -> date:
        """The earliest day on which it makes a difference: a span that only ends otherwise differs after the earlier end."""
        begins: date = self.telling.key[_FROM.get(self.telling.table, -1)]
        if self.before is None or self.after is None:
            return begins
        before, after = self.before.content, self.after
        if "valid_until" not in after or any(before[name] != after[name] for name in after if name != "valid_until"):
            return begins
        ends: date = min(end for end in (before["valid_until"], after["valid_until"]) if end is not None)
        return ends + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What a roster would do.

    Attributes:
        agencies: New agencies, each after the one it hangs below.
        officers: Numbers of new officers; likewise certificates and recorders.
        changes: Facts that would be created, changed or withdrawn.
        faults: Everything that forbids it; any of them, and nothing is written.
    """

    agencies: tuple[AgencyFacts, ...]
    officers: tuple[str, ...]
    certificates: tuple[str, ...]
    recorders: tuple[str, ...]
    changes: tuple[FactChange, ...]
    faults: tuple[Fault, ...]

    @property
    def touches_from(self) -> date | None:
        """The earliest day on which any figure would be otherwise."""
        return min((change.first_day for change in self.changes if change.telling.table not in _BESIDE), default=None)

    @property
    def is_empty(self) -> bool:
        """Whether everything that was told stands already."""
        return not (self.agencies or self.officers or self.certificates or self.recorders or self.changes)
