"""The small parts of an XLSX file: its sheets' titles, its shared texts, and which of its styles show days."""

import re
from collections.abc import Callable, Iterable
from posixpath import normpath
from xml.parsers import expat

MOST_SHARED_TEXTS = 2_000_000
MOST_STYLES = 65_490
"""ECMA-376 allows as many cell formats in practice."""
_DAY_FORMATS = frozenset({14, 15, 16, 17, 22, *range(27, 32), 36, *range(50, 55), 57, 58})
"""Formats that every program knows by number (section 18.8.30), the Chinese ones included."""
_NO_LETTERS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

Start = Callable[[str, dict[str, str]], None]


class WorkbookError(Exception):
    """The file is no workbook that may be read."""


def unescape(text: str) -> str:
    """Read ``_x0041_`` as the character it stands for (section 22.9.2.19)."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def escape(text: str) -> str:
    """Write a text so that nobody reads an escape into it."""
    return _ESCAPED.sub(lambda found: f"_x005F_{found[0][1:]}", text)


def read_sheet_names(part: Iterable[bytes]) -> tuple[dict[str, str], bool]:
    """Titles of sheets with the name of their relation, in order, and whether days are counted from 1904."""
    names: dict[str, str] = {}
    flags: list[bool] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            relation = next((value for key, value in attributes.items() if key.rpartition("}")[2] == "id"), "")
            if attributes.get("name", "") in names:
                raise WorkbookError("two sheets have one title")
            names[attributes.get("name", "")] = relation
        elif name == "workbookPr":
            flags.append(attributes.get("date1904") in {"1", "true"})

    _parse(part, start)
    return names, any(flags)


def read_relations(part: Iterable[bytes]) -> dict[str, str]:
    """Path of each part that the workbook refers to, by the name of the relation."""
    paths: dict[str, str] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            paths[attributes.get("Id", "")] = normpath(target.lstrip("/") if target.startswith("/") else f"xl/{target}")

    _parse(part, start)
    return paths


def read_shared_strings(part: Iterable[bytes]) -> list[str]:
    """Texts that cells refer to by number, without their phonetic runs."""
    texts: list[str] = []
    pieces: list[str] = []
    depth = {"text": 0, "phonetic": 0}

    def start(name: str, _attributes: dict[str, str]) -> None:
        depth["text"] += name == "t"
        depth["phonetic"] += name == "rPh"

    def end(name: str) -> None:
        depth["text"] -= name == "t"
        depth["phonetic"] -= name == "rPh"
        if name == "si":
            if len(texts) >= MOST_SHARED_TEXTS:
                raise WorkbookError("too many shared texts")
            texts.append(unescape("".join(pieces)))
            pieces.clear()

    def characters(text: str) -> None:
        if depth["text"] and not depth["phonetic"]:
            pieces.append(text)

    _parse(part, start, end, characters)
    return texts


def read_styles(part: Iterable[bytes]) -> frozenset[int]:
    """Numbers of the cell formats that show days."""
    own: dict[str, str] = {}
    used: list[str] = []
    open_lists: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "cellXfs":
            open_lists.append(name)
        elif name == "numFmt":
            own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "xf" and open_lists:
            used.append(attributes.get("numFmtId", "0"))
            if len(used) > MOST_STYLES:
                raise WorkbookError("too many styles")

    def end(name: str) -> None:
        if name == "cellXfs":
            open_lists.clear()

    _parse(part, start, end)
    return frozenset(number for number, form in enumerate(used) if _shows_a_day(form, own))


def _shows_a_day(form: str, own: dict[str, str]) -> bool:
    if form in own:
        letters = _NO_LETTERS.sub("", own[form].partition(";")[0]).lower()
        return "y" in letters or "d" in letters
    return form.isascii() and form.isdigit() and int(form) in _DAY_FORMATS


def _parse(part: Iterable[bytes], start: Start, end: Callable[[str], None] | None = None, characters: Callable[[str], None] | None = None) -> None:
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = lambda tag, attributes: start(tag.rpartition("}")[2], attributes)
    if end is not None:
        parser.EndElementHandler = lambda tag: end(tag.rpartition("}")[2])
    if characters is not None:
        parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = refuse_document_type
    parser.buffer_text = True
    try:
        for chunk in part:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise WorkbookError(str(error)) from error


def refuse_document_type(*_: object) -> None:
    """Let no document type be declared, and with it no entity.

    Raises:
        WorkbookError: Always.
    """
    raise WorkbookError("a document type is declared")
