import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.coverage.roster_file import RosterLine, digest_roster, write_snapshot
from service.coverage_reports.draw import Drawing, rank_of, read_roster
from service.errors import UnacceptableValueError

LINES = [RosterLine(f"{number:06}", f"0{number % 3}", None if number % 2 else "no_recorder", (("ZF1", "in_service"),)) for number in range(200)]


def packed(lines=LINES):
    out = io.BytesIO()
    write_snapshot(out, {"agencies": 1, "officers": len(lines)}, [{"code": "0"}], lines)
    return out.getvalue()


def drawn(lines, seed="seed", count=10):
    drawing = Drawing(seed, count)
    for line in lines:
        drawing.offer(line)
    return [line.officer for line in drawing.drawn()]


def test_a_rank_is_what_anybody_can_compute():
    # printf 'seed\n000001' | sha256sum
    assert rank_of("seed", "000001") == "501db62ca6db29b33a847e6e9705348d40f4b14dfe93e029cb82fd466866cd53"


@given(st.sets(st.text(min_size=1, max_size=6), max_size=60), st.text(min_size=1, max_size=20), st.integers(1, 20))
def test_the_smallest_ranks_are_drawn_whatever_the_order(codes, seed, count):
    lines = [RosterLine(code, "01", None, ()) for code in codes]

    expected = sorted(codes, key=lambda code: rank_of(seed, code))[:count]

    assert drawn(lines, seed, count) == drawn(reversed(lines), seed, count) == expected


def test_another_seed_draws_others():
    assert drawn(LINES, "one") != drawn(LINES, "two")


def test_only_the_agencies_asked_for_are_drawn_and_all_lines_are_passed_on():
    drawing = Drawing("seed", 100)

    assert list(drawing.passing(LINES, {"01"})) == LINES
    assert {line.agency for line in drawing.drawn()} == {"01"}
    assert drawing.population == 67


def test_the_file_gives_the_roster_that_was_hashed():
    assert list(read_roster(io.BytesIO(packed()))) == LINES
    assert digest_roster(read_roster(io.BytesIO(packed()))) == digest_roster(LINES)


@pytest.mark.parametrize(
    "data", [b"", b"noise", packed()[:-30], gzip.compress(b"{}\n"), gzip.compress(b'{"format":"other/1","agencies":0,"officers":0}\n')]
)
def test_what_is_no_frozen_figure_is_refused(data):
    with pytest.raises(UnacceptableValueError):
        list(read_roster(io.BytesIO(data)))
