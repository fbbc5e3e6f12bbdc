"""One slot as a box of text for the dock's own screen. Pure: a tile goes in, something that rich can draw comes out.

Nothing is told by colour alone: each light has a mark and words of its own. Names of files or of people are not shown.
"""

from __future__ import annotations

from textwrap import wrap

from rich.cells import cell_len
from rich.panel import Panel
from rich.text import Text

from device_drivers.dock.language import Texts, write_size
from device_drivers.dock.tile import Advice, Lights, Phase, Tile, decide_lights

FULL_HEIGHT = 11
COMPACT_HEIGHT = 5
LEAST_WIDTH = 38
_AROUND = 4
"""Cells of a box's edges and the space beside them."""
_ADVICE_STYLE = {
    Advice.WAIT: "black on yellow",
    Advice.LEAVE: "black on green",
    Advice.TAKE_A_SPARE: "white on magenta",
    Advice.PLUG_IN_AGAIN: "black on cyan",
    Advice.CALL_SOMEBODY: "white on red",
}
_FACT_LINES = 5
_ON, _OFF = "●", "○"


def draw_tile(tile: Tile, texts: Texts, *, width: int, height: int, turn: int = 0) -> Panel:
    """Draw one slot.

    Args:
        tile: What is known of it.
        texts: In which language.
        width: Cells, at least :data:`LEAST_WIDTH`.
        height: Lines; below :data:`FULL_HEIGHT` only advice, state and lights are shown.
        turn: Which concern comes first where not all of them fit, so that each has its turn.
    """
    lights, inner = decide_lights(tile), width - _AROUND
    facts = _full_facts(tile, texts, width=inner) if height >= FULL_HEIGHT else _compact_facts(tile, texts)
    lines = [*_advice_lines(lights.advice, texts, width=inner, count=height - 3 - len(facts)), *map(Text, facts), _lights_line(lights, texts)]
    for line in lines:
        line.truncate(inner, overflow="ellipsis")
    concerns = _fitting([texts(f"concern.{each}") for each in tile.all_concerns], inner - 2, turn=turn)
    return Panel(
        Text("\n").join(lines),
        title=Text(" · ".join(filter(None, (tile.slot, tile.serial, tile.officer_code)))),
        title_align="left",
        subtitle=Text(concerns, style="bold red") if concerns else None,
        subtitle_align="left",
        width=width,
        height=height,
        border_style=_ADVICE_STYLE[lights.advice].rpartition(" ")[2],
    )


def _advice_lines(advice: Advice, texts: Texts, *, width: int, count: int) -> list[Text]:
    """Write the advice across the whole width, in the middle of as many lines as there are."""
    count = max(1, count)
    lines = [Text(" " * width, style=_ADVICE_STYLE[advice]) for _ in range(count)]
    words = Text(texts(f"advice.{advice}"), style=f"bold {_ADVICE_STYLE[advice]}")
    words.align("center", width)
    lines[count // 2] = words
    return lines


def _full_facts(tile: Tile, texts: Texts, *, width: int) -> list[str]:
    if tile.phase is Phase.REFUSED:  # the reason speaks of the device, never of its files
        return [texts(f"phase.{tile.phase}"), *_wrapped(tile.reason or "", width=width, lines=_FACT_LINES - 1)]
    return [texts(f"phase.{tile.phase}"), _files(tile, texts), _bytes(tile, texts), *_condition(tile, texts)]


def _wrapped(text: str, *, width: int, lines: int) -> list[str]:
    wrapped = wrap(text, width, max_lines=lines, placeholder=" …")
    return wrapped + [""] * (lines - len(wrapped))


def _compact_facts(tile: Tile, texts: Texts) -> list[str]:
    return [f"{texts(f'phase.{tile.phase}')} · {_files(tile, texts)}"]


def _files(tile: Tile, texts: Texts) -> str:
    if tile.files is None:
        return texts("screen.not_listed")
    parts = [texts("screen.files", safe=tile.stored + tile.spooled, total=tile.files)]
    if tile.spooled:
        parts.append(texts("screen.files_spooled", spooled=tile.spooled))
    if tile.failed:
        parts.append(texts("screen.files_failed", failed=tile.failed))
    return " · ".join(parts)


def _bytes(tile: Tile, texts: Texts) -> str:
    """Say how far reading is."""
    if not tile.size_bytes:
        return ""
    parts = [texts("screen.bytes", read=write_size(tile.read_bytes), size=write_size(tile.size_bytes))]
    if tile.left_s is not None:
        parts.append(texts("screen.left", time=texts.duration(tile.left_s)))
    return " · ".join(parts)


def _condition(tile: Tile, texts: Texts) -> tuple[str, str]:
    """Say how the recorder is doing in two lines; what it does not tell is left out."""
    condition, battery, card = tile.condition, [], []
    if condition.battery_percent is not None:
        battery.append(texts("screen.battery", percent=condition.battery_percent))
    if condition.is_charging:
        battery.append(texts("screen.charging"))
    if condition.hours_left is not None:
        battery.append(texts("screen.hours_left", hours=f"{condition.hours_left:g}"))
    if condition.last_recorded is not None:
        card.append(texts("screen.last_recorded", time=condition.last_recorded[:16].replace("T", " ")))
    return " · ".join(battery) or texts("screen.unknown"), " · ".join(card)


def _lights_line(lights: Lights, texts: Texts) -> Text:
    leave = texts("light.may_leave" if lights.may_leave else "light.not_yet_leave")
    take = texts("light.safe_to_take" if lights.safe_to_take else "light.do_not_take")
    return Text.assemble(
        (f"{_ON if lights.may_leave else _OFF} {leave}", "bold green" if lights.may_leave else "yellow"),
        "  ",
        (f"{_ON if lights.safe_to_take else _OFF} {take}", "bold green" if lights.safe_to_take else "bold red"),
    )


def _fitting(words: list[str], width: int, *, turn: int) -> str:
    """Join the words; where they do not all fit, as many as do, others at every turn, and say how many more there are."""
    line = " · ".join(words)
    if cell_len(line) <= width:
        return line
    first = turn % len(words)
    turned = words[first:] + words[:first]
    for count in range(len(words) - 1, 0, -1):
        line = " · ".join(turned[:count]) + f" +{len(words) - count}"
        if cell_len(line) <= width:
            break
    return line
