"""What a check says: where it stands in the order of checks, what it found, and whether that is well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from integrity.canonical import JsonValue


class Step(StrEnum):
    """Parts of the verification, in their order (docs/formats/evidence-package.md, "How it is checked")."""

    CONTAINER = "container"
    BAG = "bag"
    CHECKPOINT = "checkpoint"
    TIME = "time"
    EVENTS = "events"
    CONTENTS = "contents"
    FILES = "files"


class Status(StrEnum):
    """How a check ended."""

    HOLDS = "holds"
    FAILS = "fails"
    NOTE = "note"
    """Something the reader must know, and that is no fault of the package."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        step: Part of the verification.
        code: What was found, as a word that ``texts`` has a sentence for.
        status: Whether it is well.
        values: What the sentence names.
    """

    step: Step
    code: str
    status: Status
    values: Mapping[str, JsonValue]


def holds(step: Step, code: str, **values: JsonValue) -> Check:
    """Something is as it must be."""
    return Check(step, code, Status.HOLDS, values)


def fails(step: Step, code: str, **values: JsonValue) -> Check:
    """Something is not as it must be."""
    return Check(step, code, Status.FAILS, values)


def note(step: Step, code: str, **values: JsonValue) -> Check:
    """Something is to be said."""
    return Check(step, code, Status.NOTE, values)
