"""Sets one document in a process of its own, so that typst's memory goes with it: a request on standard input, the PDF on standard output."""

import json
import sys
from pathlib import Path
from typing import Any

import typst

TEMPLATES = Path(__file__).parent / "templates"


def main() -> int:
    """Set the document that was asked for.

    Returns:
        0, or 1 after saying on standard error what is wrong with the template.
    """
    request: dict[str, Any] = json.load(sys.stdin.buffer)
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=request["font_folders"])
    sources = {path.name: path.read_bytes() for path in sorted(TEMPLATES.glob("*.typ"))}
    sources |= {"main": sources[f"{request['template']}.typ"], "values.json": json.dumps(request["values"], ensure_ascii=False).encode()}
    try:
        document = typst.compile(  # type: ignore[call-overload]  # its types leave out that several sources may be given
            sources, font_paths=fonts, ignore_system_fonts=True, pdf_standards="a-3b", pdf_tags=False
        )
    except typst.TypstError as error:
        sys.stderr.write(f"{error.message}\n{error.diagnostic}\n")
        return 1
    sys.stdout.buffer.write(document)
    return 0


if __name__ == "__main__":
    sys.exit(main())
