"""Templates and values to PDF by typst. The same values always give the same bytes.

What people and recorders wrote comes to the template as JSON and is set as text: typst never reads it as markup.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from service.documents.errors import DocumentFailedError
from service.documents.fonts import find_fonts
from service.documents.glyphs import coverage_of
from service.language import show_hidden

LONGEST_SHOWN = 400
"""Characters of one text that a document shows; the JSON beside it has all of them."""
_WITHIN_S = 300
_LENGTH = 8
_RUN = 14
_JOINTS = frozenset("_-./")
_BREAK = "\u200b"


def set_pdf(*documents: tuple[str, Mapping[str, Any]]) -> list[bytes]:
    """Set documents (PDF/A-3b), in a process of their own.

    Args:
        *documents: For each the name of its template in ``service/documents/templates``, without its ending, and what it shows, the time of making
            among it; texts of people and recorders have been through :func:`shown`.

    Raises:
        FontMissingError: The font is not installed.
        DocumentFailedError: A template does not fit the values, or setting took too long.
    """
    names = ", ".join(template for template, _ in documents)
    wanted = [{"template": template, "values": values} for template, values in documents]
    request = {"documents": wanted, "font_folders": sorted({str(font.parent) for font in find_fonts()})}
    command = [sys.executable, "-m", "service.documents.pdf_program"]
    try:
        answer = subprocess.run(command, input=json.dumps(request).encode(), capture_output=True, check=True, timeout=_WITHIN_S).stdout
    except subprocess.CalledProcessError as error:
        raise DocumentFailedError(names, error.stderr.decode(errors="replace")[-2000:]) from error
    except subprocess.TimeoutExpired as error:
        raise DocumentFailedError(names, f"not set within {_WITHIN_S} s") from error
    made = []
    while answer:
        end = _LENGTH + int.from_bytes(answer[:_LENGTH], "big")
        made.append(answer[_LENGTH:end])
        answer = answer[end:]
    return made


def shown(text: str, *, longest: int = LONGEST_SHOWN) -> str:
    """Make a text of a person or a recorder fit to be set: what is hidden or has no glyph spelled out, what is too long cut and told.

    Raises:
        FontMissingError: The font is not installed.
    """
    coverage = coverage_of(find_fonts()[0])
    visible = "".join(sign if sign in coverage else f"\\u{{{ord(sign):04x}}}" for sign in show_hidden(text[: longest + 1]))
    if len(visible) > longest or len(text) > longest:
        visible = f"{visible[:longest]} …（共 {len(text)} 个字符，全文见 custody-report.json）"
    return _breakable(visible)


def _breakable(text: str) -> str:
    """Let a line end after the signs that join the parts of a name, and within what is too long for a narrow column."""
    pieces, run = [], 0
    for sign in text:
        run = 0 if sign.isspace() else run + 1
        if run > _RUN:
            pieces.append(_BREAK)
            run = 1
        pieces.append(sign)
        if sign in _JOINTS:
            pieces.append(_BREAK)
            run = 0
    return "".join(pieces)
