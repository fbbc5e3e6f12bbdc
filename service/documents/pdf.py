"""Templates and values to PDF by typst. The same values always give the same bytes.

What people and recorders wrote comes to the template as JSON and is set as text: typst never reads it as markup.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst

from service.documents.errors import DocumentFailedError
from service.documents.fonts import find_fonts
from service.language import show_hidden

LONGEST_SHOWN = 400
"""Characters of one text that a document shows; the JSON beside it has all of them."""
_RUN = 24
_BREAK = "\u200b"


def set_pdf(template: str, values: Mapping[str, Any], *, at: datetime) -> bytes:
    """Set a document.

    Args:
        template: Name of the template in ``service/documents/templates``, without its ending.
        values: What it shows; every text of people and recorders has been through :func:`shown`.
        at: Time of making that the file carries.

    Raises:
        FontMissingError: The font is not installed.
        DocumentFailedError: The template does not fit the values.
    """
    folder = Path(str(files("service.documents").joinpath("templates")))
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=sorted({font.parent for font in find_fonts()}))
    sources = {name.name: name.read_bytes() for name in sorted(folder.glob("*.typ"))}
    sources |= {"main": sources[f"{template}.typ"], "values.json": json.dumps(values, ensure_ascii=False).encode()}
    try:
        return bytes(
            typst.compile(  # type: ignore[call-overload]  # its types leave out that several sources may be given
                sources, font_paths=fonts, ignore_system_fonts=True, timestamp=int(at.timestamp()), pdf_standards="a-3b"
            )
        )
    except (typst.TypstError, RuntimeError) as error:
        raise DocumentFailedError(template, str(error)) from error


def shown(text: str) -> str:
    """Make a text of a person or a recorder fit to be set: hidden characters spelled out, too long ones cut and told, long words breakable."""
    visible = show_hidden(text)
    if len(visible) > LONGEST_SHOWN:
        visible = f"{visible[:LONGEST_SHOWN]} …（共 {len(text)} 个字符，全文见 custody-report.json）"
    return _breakable(visible)


def _breakable(text: str) -> str:
    pieces, run = [], 0
    for sign in text:
        run = 0 if sign.isspace() else run + 1
        if run > _RUN:
            pieces.append(_BREAK)
            run = 1
        pieces.append(sign)
    return "".join(pieces)
