"""The dock's own full-screen board: what a person beside it sees, also while the service is away.

It shows the same tiles by the same rules (``tile.decide_lights``) as the service's board, and takes the place of the bars on standard error.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from rich.align import Align
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

from device_drivers.dock.condition import Concern
from device_drivers.dock.language import Language, Texts, load_texts
from device_drivers.dock.tile import Tile, Tiles
from device_drivers.dock.tile_panel import COMPACT_HEIGHT, FULL_HEIGHT, LEAST_WIDTH, draw_tile

PAGE_S = 8.0
"""So long a page is shown where not every slot fits, in seconds."""
NOTICE_S = 15.0
"""So long an event is shown, in seconds."""
_FRAMES_PER_S = 2
_AROUND_TILES = 2
"""Lines above and below the tiles."""
_SHOWN_EVENTS = ("waiting", "not_docked", "cannot_look")


class Board:
    """Everything on the screen at one moment, drawn to whatever size it has.

    Args:
        tiles: Every slot's tile.
        texts: In which language.
        clock: The dock's time, for people.
        notice: What happened last, or nothing.
        page: Which page, where there are several, and which concerns come first, where not all fit; counted on for ever.
        kept_back: Why the service does not take what lies in the spool, one reason for each session; they take turns where nothing else happened.
    """

    def __init__(self, tiles: Sequence[Tile], texts: Texts, *, clock: str, notice: str = "", page: int = 0, kept_back: Sequence[str] = ()) -> None:
        self._tiles = tiles
        self._texts = texts
        self._clock = clock
        self._notice = notice
        self._page = page
        self._kept_back = kept_back

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, height = options.max_width, options.height or console.height
        room = max(COMPACT_HEIGHT, height - _AROUND_TILES)
        columns = min(max(1, width // LEAST_WIDTH), max(1, len(self._tiles)))
        tile_height = _tile_height(len(self._tiles), columns=columns, room=room)
        fitting = columns * max(1, room // tile_height)
        pages = max(1, -(-len(self._tiles) // fitting))
        page = self._page % pages
        shown = self._tiles[page * fitting : (page + 1) * fitting]
        yield self._head(width, page=page + 1, pages=pages)
        yield self._draw(shown, columns=columns, width=width, height=tile_height) if shown else self._empty(room)
        yield Text(self._notice or self._tell_kept_back(), style="bold yellow", overflow="ellipsis", no_wrap=True)

    def _tell_kept_back(self) -> str:
        if not self._kept_back:
            return ""
        return f"{self._texts('event.not_forwarded')}: {self._kept_back[self._page % len(self._kept_back)]}"

    def _head(self, width: int, *, page: int, pages: int) -> Text:
        is_away = any(Concern.SERVICE_AWAY in tile.concerns for tile in self._tiles)
        parts = [self._texts("screen.title"), self._clock, self._texts("screen.slots", count=len(self._tiles))]
        if is_away:
            parts.append(self._texts("screen.service_away"))
        if self._kept_back:
            parts.append(self._texts("screen.kept_back", count=len(self._kept_back)))
        if pages > 1:
            parts.append(self._texts("screen.page", page=page, pages=pages))
        head = Text(" · ".join(parts), style="bold white on red" if is_away or self._kept_back else "bold white on blue", no_wrap=True)
        head.align("left", width)
        return head

    def _draw(self, tiles: Sequence[Tile], *, columns: int, width: int, height: int) -> RenderableType:
        grid = Table.grid(padding=0)
        cell = width // columns
        for start in range(0, len(tiles), columns):
            grid.add_row(*(draw_tile(tile, self._texts, width=cell, height=height, turn=self._page) for tile in tiles[start : start + columns]))
        return grid

    def _empty(self, room: int) -> RenderableType:
        return Align.center(Text(self._texts("screen.empty"), style="bold reverse"), vertical="middle", height=room)


def _tile_height(count: int, *, columns: int, room: int) -> int:
    """Give every slot as many lines as there are, if they all fit whole; otherwise the fewest."""
    rows = max(1, -(-count // columns))
    height = room // rows
    return min(height, 2 * FULL_HEIGHT) if height >= FULL_HEIGHT else COMPACT_HEIGHT


class Screen:
    """Keeps the board on a terminal while its ``with`` block runs; keeps the promise of ``progress.Progress``.

    Args:
        console: The terminal.
        tiles: Where the state of each slot stands.
        language: Which language it speaks.
        now: The dock's clock, in the zone that is shown.
        monotonic: Seconds that only ever grow.
    """

    def __init__(
        self,
        console: Console,
        tiles: Tiles,
        language: Language,
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tiles = tiles
        self._texts = load_texts(language)
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._notice: tuple[float, str] | None = None
        self._live = Live(
            console=console,
            screen=True,
            get_renderable=self.board,
            refresh_per_second=_FRAMES_PER_S,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.stop()

    def board(self) -> Board:
        """Give what is to be seen now."""
        moment = self._monotonic()
        with self._lock:
            notice = self._notice[1] if self._notice is not None and moment - self._notice[0] < NOTICE_S else ""
        kept_back = tuple(reason for _, reason in sorted(self._tiles.kept_back().items()))
        return Board(self._tiles.all(), self._texts, clock=f"{self._now():%H:%M}", notice=notice, page=int(moment // PAGE_S), kept_back=kept_back)

    def begin(self, session_id: str, *, slot: str, files: int, size_bytes: int) -> None:
        """A recorder was listed; its tile says so."""

    def advance(self, session_id: str, count: int) -> None:
        """So many more bytes were read; its tile says so."""

    def tell(self, event: str, **facts: str | float | None) -> None:
        """Something else happened; what nobody's tile tells is shown for a while."""
        if event not in _SHOWN_EVENTS:
            return
        reason = facts.get("reason")
        words = self._texts(f"event.{event}")
        with self._lock:
            self._notice = (self._monotonic(), f"{words}: {reason}" if reason else words)
