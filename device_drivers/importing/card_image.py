"""An image of a card as evidence: the image itself first, whole, then the files that can be read from it, as files of their own.

A damaged card is imaged once, with a tool made for that, and never asked again; what can be read from the image today is brought beside it, and what
cannot may be carved from it later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from device_drivers.errors import ListingIncompleteError, RecorderError
from device_drivers.importing.source import FolderSource
from device_drivers.recorder import RecordedFileReader, Recorder
from device_drivers.registry import open_image
from integrity.listing import RecordedFile

_INSIDE = "inside:"


class CardImageSource(FolderSource):
    """An image and what is on it, as one source.

    Args:
        path: The image file.
        import_id: The import it is brought by.

    Raises:
        UnsupportedRecorderError: It is no file.
        AccessDeniedError: It may not be read.
    """

    def __init__(self, path: Path, *, import_id: str) -> None:
        super().__init__(path, import_id=import_id)
        self._path = path
        self._inside: Recorder | None = None

    def list_files(self) -> Iterator[RecordedFile]:
        """List the image, then what is on it.

        Raises:
            ListingIncompleteError: Not everything on it can be listed; the image holds it all the same.
        """
        yield from super().list_files()
        try:
            self._inside = self._inside or open_image(self._path)
            for file in self._inside.list_files():
                yield replace(file, path=f"{self._path.name}/{file.path}", locator=f"{_INSIDE}{file.locator}")
        except ListingIncompleteError:
            raise
        except RecorderError as error:
            raise ListingIncompleteError((f"what is on {self._path.name}: {error}",)) from error

    def open_file(self, file: RecordedFile, offset: int = 0) -> RecordedFileReader:  # type: ignore[override]  # a reader of either kind
        """Open the image, or a file on it; see ``Recorder.open_file``."""
        if self._inside is None or not file.locator.startswith(_INSIDE):
            return super().open_file(file, offset)
        path = file.path.removeprefix(f"{self._path.name}/")
        return self._inside.open_file(replace(file, path=path, locator=file.locator.removeprefix(_INSIDE)), offset)

    def close(self) -> None:
        """Let go of the image; calling again does nothing."""
        if self._inside is not None:
            self._inside.close()
            self._inside = None
