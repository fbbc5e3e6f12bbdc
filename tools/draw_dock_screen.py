"""Draw docs/pictures/dock-screen.svg, the dock's own screen at 80 by 24.

usage: python -m tools.draw_dock_screen
"""

import io
import re
from html import unescape
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.cells import cell_len
from rich.console import Console

from device_drivers.dock.language import Language, load_texts
from device_drivers.dock.screen import Board
from tests.unit.device_drivers.dock.screen_scene import SCENE

FORMAT = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")
"""Without fonts from elsewhere: a document loads nothing from the network."""
PICTURE = Path(__file__).parents[1] / "docs/pictures/dock-screen.svg"


def main() -> None:
    """Write the picture."""
    texts = load_texts(Language.ZH_CN)
    console = Console(record=True, width=80, height=24, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Board(SCENE, texts, clock="10:31"), end="")
    picture = console.export_svg(title="bodycam dock --screen", unique_id="dock-screen", code_format=FORMAT)
    picture = re.sub(r'textLength="([0-9.]+)"([^>]*)>([^<]+)<', _widen, picture)
    PICTURE.write_text(re.sub(r"[ \t]+$", "", picture, flags=re.MULTILINE), encoding="utf-8")


def _widen(found: re.Match[str]) -> str:
    """Give wide characters their two cells; rich counts one for each."""
    text = unescape(found[3])
    length = float(found[1]) / len(text) * cell_len(text)
    return f'textLength="{length:.1f}"{found[2]}>{found[3]}<'


if __name__ == "__main__":
    main()
