"""Cards whose files are known."""

import itertools
import mmap
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.e2e.proof import openssl_digests

_SERIALS = itertools.count(1)


@dataclass
class Card:
    """An image of a card, and the folder it was filled from.

    Attributes:
        image: The image.
        source: Where its files were copied from.
        serial: Serial number of the recorder that it is now.
    """

    IDENTITY_FILE: ClassVar[str] = "RECORDER.TXT"

    image: Path
    source: Path
    serial: str = "TRIAL000"
    _digests: dict[str, tuple[str, str]] = field(default_factory=dict)

    @staticmethod
    def identity(serial):
        return f"serial={serial}\r\n".encode()

    def become_another(self) -> None:
        """Be the card of a recorder that was never here, with the same footage."""
        serial = f"TRIAL{next(_SERIALS):03}"
        with self.image.open("r+b") as image, mmap.mmap(image.fileno(), 0) as content:
            at = content.find(self.identity(self.serial))
            content[at : at + len(self.identity(serial))] = self.identity(serial)
        self.serial = serial

    def digests(self):
        """Digests by openssl of every file of footage, by name."""
        if not self._digests:
            self._digests = {file.name: openssl_digests(file) for file in self.source.iterdir() if file.name != self.IDENTITY_FILE}
        return self._digests
