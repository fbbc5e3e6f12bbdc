"""What is wrong with what is to be imported."""

from __future__ import annotations


class MappingError(Exception):
    """The table of an export cannot be used; nothing was sent.

    Attributes:
        problems: One sentence for each thing that is wrong, with its row where it has one.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
