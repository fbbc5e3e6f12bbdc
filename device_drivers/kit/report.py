"""What came of a conformance suite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check.

    Attributes:
        name: Its name, words joined by hyphens.
        promise: What a driver promises, in a sentence.
        outcome: What came of it.
        reason: Why it failed or does not apply; ``None`` when it passed.
    """

    name: str
    promise: str
    outcome: Outcome
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ConformanceReport:
    """Every check that was carried out."""

    what: str
    results: tuple[CheckResult, ...]

    @property
    def is_conformant(self) -> bool:
        """Whether something passed and nothing failed."""
        outcomes = [result.outcome for result in self.results]
        return Outcome.FAILED not in outcomes and Outcome.PASSED in outcomes

    def to_plain(self) -> dict[str, Any]:
        """Give it as values of JSON."""
        checks = [{"name": each.name, "promise": each.promise, "outcome": each.outcome, "reason": each.reason} for each in self.results]
        return {"recorder": self.what, "is_conformant": self.is_conformant, "checks": checks}

    def to_lines(self) -> Sequence[str]:
        """Give it as lines for a person."""
        lines = [f"conformance of {self.what}"]
        for each in self.results:
            lines.append(f"  {each.outcome.replace('_', ' '):<15} {each.name}: {each.promise}")
            if each.reason is not None:
                lines.append(f"  {'':<15} {each.reason}")
        counts = {outcome: sum(each.outcome is outcome for each in self.results) for outcome in Outcome}
        lines.append(", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in counts.items()))
        return lines
