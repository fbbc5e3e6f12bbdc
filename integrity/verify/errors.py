"""What makes a verifier stop reading a package."""

from __future__ import annotations

from integrity.errors import IntegrityError


class RefusedPackageError(IntegrityError):
    """A package is not read at all, or no further: damaged, or made to be read differently by different programs.

    Attributes:
        reason: Why, as a word that ``texts`` has sentences for.
        name: The file in the package that it is about; empty when it is the whole.
        detail: More, in the words of whoever found it; may be empty.
    """

    def __init__(self, reason: str, name: str = "", *, detail: str = "") -> None:
        super().__init__(": ".join(part for part in (f"refused ({reason})", name, detail) if part))
        self.reason = reason
        self.name = name
        self.detail = detail
