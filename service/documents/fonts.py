"""The one font of documents: Noto Sans CJK, from the system."""

from functools import cache
from pathlib import Path

from service.documents.errors import FontMissingError

FAMILY = "Noto Sans CJK SC"
_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_REGULAR = ("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf")
_BOLD = ("NotoSansCJK-Bold.ttc", "NotoSansCJKsc-Bold.otf")


def find_fonts() -> tuple[Path, Path]:
    """Find the regular and the bold face.

    Raises:
        FontMissingError: One of them is not installed.
    """
    return _find(_REGULAR, _FOLDERS), _find(_BOLD, _FOLDERS)


@cache
def _find(names: tuple[str, ...], folders: tuple[Path, ...]) -> Path:
    for folder in folders:
        for name in names:
            found = next(iter(sorted(folder.rglob(name))), None)
            if found is not None:
                return found
    raise FontMissingError(FAMILY)
