"""Sets documents in a process of its own, so that typst's memory goes with it: a request on standard input, the PDFs on standard output."""

import json
import sys
from pathlib import Path
from typing import Any

import typst

TEMPLATES = Path(__file__).parent / "templates"


def main() -> int:
    """Set the documents that were asked for; each goes out as its length (8 bytes, most significant first) and its bytes.

    Returns:
        0, or 1 after saying on standard error what is wrong with a template.
    """
    request: dict[str, Any] = json.load(sys.stdin.buffer)
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=request["font_folders"])
    templates = {path.name: path.read_bytes() for path in sorted(TEMPLATES.glob("*.typ"))}
    for wanted in request["documents"]:
        values = json.dumps(wanted["values"], ensure_ascii=False).encode()
        sources = {**templates, "main": templates[f"{wanted['template']}.typ"], "values.json": values}
        try:
            document = typst.compile(  # type: ignore[call-overload]  # its types leave out that several sources may be given
                sources, font_paths=fonts, ignore_system_fonts=True, pdf_standards="a-3b", pdf_tags=False
            )
        except typst.TypstError as error:
            sys.stderr.write(f"{error.message}\n{error.diagnostic}\n")
            return 1
        sys.stdout.buffer.write(len(document).to_bytes(8, "big") + document)
    return 0


if __name__ == "__main__":
    sys.exit(main())
