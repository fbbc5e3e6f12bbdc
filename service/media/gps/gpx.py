"""GPX 1.1 (and 1.0) tracks: the points of ``trk``, with their times.

GPX 1.1 schema, topografix.com/GPX/1/1: ``trkpt`` with ``lat`` and ``lon`` in degrees and a ``time`` in UTC. Read by Expat as it comes, as UTF-8,
without building a tree. A document type declaration, where every attack by entities begins, ends the reading: no GPX needs one. So do endless tags
and ever new names, which Expat would have to remember.
"""

from collections import Counter
from datetime import datetime
from xml.parsers import expat

from service.media.gps.track import MAX_FIXES, Fix, Problem, Track, TrackFormat, finished, position, read_moment
from service.media.gps.window import Window

MAX_BYTES = 32 * 1024**2
_DEEPEST = 32
_LONGEST_TAG_BYTES = 64 * 1024
_MOST_NAMES = 2_000
_LONGEST_TIME = 64


class _RefusedError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def looks_like_gpx(head: bytes) -> bool:
    """Whether the first bytes of a file begin a GPX document."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and b"<gpx" in head


def read_gpx(window: Window) -> Track:
    """Read every fix of a document, up to where it stops being one."""
    document = _Document()
    try:
        for chunk in window.chunks():
            document.feed(chunk)
        document.parser.Parse(b"", not window.is_cut_off)
    except expat.ExpatError:
        document.problems[Problem.CUT_OFF] += 1
    except _RefusedError as error:
        document.problems[error.problem] += 1
    if window.is_cut_off:
        document.problems[Problem.CUT_OFF] += 1
    return finished(TrackFormat.GPX, document.fixes, document.problems)


class _Document:
    """Where the parser is, and what it met."""

    def __init__(self) -> None:
        self.fixes: list[Fix] = []
        self.problems: Counter[Problem] = Counter()
        self.parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._names: list[str] = []
        self._place: tuple[float, float] | None = None
        self._at: datetime | None = None
        self._time = ""
        self._fed_bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Take a chunk of the document; what is not finished in it stays with Expat, and must not be long."""
        self.parser.Parse(chunk, False)
        self._fed_bytes += len(chunk)
        if self._fed_bytes - self.parser.CurrentByteIndex > _LONGEST_TAG_BYTES:
            raise _RefusedError(Problem.CUT_OFF)

    def _refuse_doctype(self, *_: object) -> None:
        raise _RefusedError(Problem.DOCTYPE_REFUSED)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._names.append(name.rpartition(" ")[2])
        if len(self._names) > _DEEPEST or len(self.fixes) >= MAX_FIXES or len(self.parser.intern) > _MOST_NAMES:
            raise _RefusedError(Problem.CUT_OFF)
        if self._names[-1] == "trkpt":
            self._place, self._at = _place(attributes), None
        elif self._names[-2:] == ["trkpt", "time"]:
            self._time = ""

    def _text(self, text: str) -> None:
        if self._names[-2:] == ["trkpt", "time"] and len(self._time) + len(text) <= _LONGEST_TIME:
            self._time += text

    def _end(self, _name: str) -> None:
        if self._names[-2:] == ["trkpt", "time"]:
            self._at = read_moment(self._time, self.problems)
        elif self._names[-1] == "trkpt":
            if self._place is None:
                self.problems[Problem.MALFORMED] += 1
            else:
                self.fixes.append(Fix(*self._place, self._at))
        self._names.pop()


def _place(attributes: dict[str, str]) -> tuple[float, float] | None:
    try:
        return position(float(attributes["lat"]), float(attributes["lon"]))
    except (KeyError, ValueError):
        return None
