"""What an audit of the custody log names."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogFault:
    """One row, or object in the store, that is not what was signed.

    Attributes:
        table: Table of the row; ``store`` for an object.
        row: Its key.
        column: The column that is wrong; ``None`` when it is the row as a whole: one too many, or one that is gone.
        reason: Why, for people.
    """

    table: str
    row: str
    column: str | None
    reason: str

    def __str__(self) -> str:
        column = f".{self.column}" if self.column else ""
        return f"{self.table}{column} {self.row}: {self.reason}"


Name = Callable[[LogFault], None]
"""What a fault is handed to, the moment it is found."""
