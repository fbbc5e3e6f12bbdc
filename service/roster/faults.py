"""What forbids a roster: a code with its values, about one fact or subject; sentences are made where a language is known. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.language import Texts

_NAMES = ("one", "two", "three")


@dataclass(frozen=True, slots=True)
class About:
    """What a fault or a change is about.

    Attributes:
        kind: Table of a fact, or ``officer``, ``certificate``, ``recorder``, ``agency``, ``code``, ``file`` or ``roster``.
        key: What tells it from others of its kind, with codes and days.
    """

    kind: str
    key: tuple[Any, ...] = ()

    def told(self, texts: Texts) -> str:
        """Its name in a language."""
        return texts(f"roster.about.{self.kind}", **{name: str(part) for name, part in zip(_NAMES, self.key, strict=False)})


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands.

    Attributes:
        sheet: Title of the sheet; empty in a CSV file.
        row: Counted from 1, the headings being the first.
        column: Heading of the column; empty where the whole row is meant.
    """

    sheet: str
    row: int
    column: str = ""

    def told(self, texts: Texts) -> str:
        """Its name in a language."""
        words = [texts("roster.place.sheet", sheet=self.sheet)] if self.sheet else []
        words += [texts("roster.place.row", row=self.row)] if self.row else []
        words += [texts("roster.place.column", column=self.column)] if self.column else []
        return texts("roster.place.and").join(words)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that forbids a roster.

    Attributes:
        code: What is wrong.
        about: What it is wrong with.
        values: For the sentence.
        fields: Which of its fields are at fault, the first the most.
        place: Where it stands in the file that told it.
    """

    code: str
    about: About
    values: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    place: Place | None = None

    def told(self, texts: Texts) -> str:
        """The whole sentence in a language, without its place in a file."""
        what = texts(f"roster.fault.{self.code}", **self.values)
        return what if self.about.kind in {"file", "roster"} else texts("roster.fault_about", about=self.about.told(texts), what=what)
