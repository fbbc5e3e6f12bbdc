import io
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from rich.cells import cell_len
from rich.console import Console

from device_drivers.dock.condition import Concern, Condition
from device_drivers.dock.language import Language, load_texts, write_size
from device_drivers.dock.screen import NOTICE_S, PAGE_S, Board, Screen
from device_drivers.dock.tile import Advice, Phase, Tile, Tiles, decide_lights
from device_drivers.dock.tile_panel import draw_tile
from tests.unit.device_drivers.dock.screen_scene import SCENE

GIB = 1024**3
READING = SCENE[0]
ADVISED = {
    Advice.WAIT: READING,
    Advice.LEAVE: SCENE[1],
    Advice.TAKE_A_SPARE: SCENE[2],
    Advice.CALL_SOMEBODY: SCENE[3],
    Advice.PLUG_IN_AGAIN: Tile("A5", Phase.UNPLUGGED, serial="BWC7005", files=4, is_complete=True, stored=1),
}


def rendered(board, *, width=80, height=24):
    console = Console(record=True, width=width, height=height, file=io.StringIO(), force_terminal=True)
    console.print(board, end="")
    return console.export_text()


def shown(tiles, language=Language.EN, *, width=80, height=24, **facts):
    return rendered(Board(tiles, load_texts(language), clock="10:31", **facts), width=width, height=height)


def boxed(tile, language, *, height=11, turn=0):
    return rendered(draw_tile(tile, load_texts(language), width=40, height=height, turn=turn), width=40)


def test_the_catalogues_have_the_same_keys_and_placeholders():
    catalogues = [
        tomllib.loads(files("device_drivers.dock").joinpath("locale", f"{language}.toml").read_text(encoding="utf-8")) for language in Language
    ]
    keys = [
        {
            (table, key): set(text.split("{")[1:] and [part.partition("}")[0] for part in text.split("{")[1:]])
            for table, entries in each.items()
            for key, text in entries.items()
        }
        for each in catalogues
    ]

    assert keys[0] == keys[1] == keys[2]


@pytest.mark.parametrize("language", Language)
def test_every_code_has_its_words(language):
    texts = load_texts(language)

    for kind, codes in (("phase", Phase), ("advice", Advice), ("concern", Concern)):
        words = [texts(f"{kind}.{code}") for code in codes]
        assert all(words)
        assert kind == "concern" or len(set(words)) == len(words)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("phase", Phase)
def test_every_phase_is_told_in_words(language, phase):
    assert load_texts(language)(f"phase.{phase}") in boxed(replace(READING, phase=phase), language)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("advice", Advice)
@pytest.mark.parametrize("height", [5, 11, 20])
def test_every_advice_is_told_in_words(language, advice, height):
    tile = ADVISED[advice]

    assert decide_lights(tile).advice is advice
    assert load_texts(language)(f"advice.{advice}") in boxed(tile, language, height=height)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("height", [5, 11])
def test_the_lights_differ_by_mark_and_by_words(language, height):
    texts = load_texts(language)

    on, off = boxed(SCENE[1], language, height=height), boxed(READING, language, height=height)

    assert f"● {texts('light.may_leave')}" in on
    assert f"● {texts('light.safe_to_take')}" in on
    assert f"○ {texts('light.not_yet_leave')}" in off
    assert f"○ {texts('light.do_not_take')}" in off


def test_a_tile_tells_files_bytes_time_and_condition():
    box = boxed(READING, Language.EN)

    for words in (
        "A1 · BWC7001 · 100234",
        "15 of 40 files safe · 3 in dock",
        "11.0 GiB of 40.0 GiB",
        "25 min left",
        "battery 70% · charging · 5.5 h free",
    ):
        assert words in box
    assert "last recording 2026-11-24 09:30" in box


def test_why_a_device_is_not_read_is_told_whole():
    box = boxed(SCENE[3], Language.EN)

    assert "".join(box.replace("│", " ").split()).count("interfacesofclass03") == 1


def test_a_reason_that_may_name_a_file_is_not_shown():
    box = boxed(replace(READING, phase=Phase.FAILED, reason="DCIM/secret.mp4 cannot be read"), Language.EN)

    assert "secret" not in box


def test_concerns_that_do_not_fit_have_their_turn():
    tile = replace(SCENE[2], concerns=frozenset(Concern))
    seen = {word for turn in range(len(Concern)) for word in load_texts(Language.EN).by_key.values() if word in boxed(tile, Language.EN, turn=turn)}

    assert {load_texts(Language.EN)(f"concern.{each}") for each in Concern} <= seen
    assert " +1" in boxed(tile, Language.EN)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("count", [0, 1, 2, 4, 7, 8])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (200, 60)])
def test_every_slot_fits_the_terminal(language, count, width, height):
    tiles = [replace(SCENE[number % 4], slot=f"S{number}") for number in range(count)]

    lines = shown(tiles, language, width=width, height=height).rstrip("\n").split("\n")

    assert len(lines) <= height
    assert max(cell_len(line) for line in lines) <= width
    assert all(f"S{number} " in "\n".join(lines) for number in range(count))


def test_more_slots_than_fit_take_turns():
    tiles = [replace(READING, slot=f"S{number:02}") for number in range(20)]

    pages = [shown(tiles, page=page) for page in range(3)]

    assert all(any(f"S{number:02}" in page for page in pages) for number in range(20))
    assert "page 1 of 3" in pages[0]
    assert shown(tiles, page=3) == pages[0]


def test_a_larger_terminal_gives_larger_tiles():
    assert shown([READING], height=40).count("│") > shown([READING], height=24).count("│") - 1
    assert shown([READING] * 6, width=200, height=30).count("last recording") == 6


def test_an_empty_dock_asks_for_a_recorder():
    assert "请插入记录仪" in shown([], Language.ZH_CN)


def test_the_head_says_when_the_service_is_away():
    assert "service away" in shown([SCENE[2]]).split("\n")[0]
    assert "service away" not in shown([READING]).split("\n")[0]


def test_the_screen_follows_the_tiles_and_shows_events_for_a_while():
    clock = [0.0]
    tiles = Tiles()
    console = Console(record=True, width=80, height=24, file=io.StringIO(), force_terminal=True)
    screen = Screen(console, tiles, Language.EN, now=lambda: datetime(2026, 11, 24, 10, 31, tzinfo=UTC), monotonic=lambda: clock[0])

    tiles.begin("A1")
    screen.tell("listed", session_id="s", files=1)
    screen.tell("not_docked", reason="no profile knows it")
    at_once = rendered(screen.board())
    clock[0] = NOTICE_S + PAGE_S
    later = rendered(screen.board())

    assert "A1" in at_once
    assert "not docked: no profile knows it" in at_once
    assert "not docked" not in later


def test_the_screen_takes_the_terminal_and_gives_it_back():
    out = io.StringIO()
    console = Console(width=80, height=24, file=out, force_terminal=True)

    with Screen(console, Tiles(), Language.ZH_CN, now=lambda: datetime(2026, 11, 24, 10, 31, tzinfo=UTC)) as screen:
        screen.begin("s", slot="A1", files=1, size_bytes=1)
        screen.advance("s", 1)

    assert out.getvalue().startswith("\x1b[?1049h")
    assert "\x1b[?1049l" in out.getvalue()


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (59.2, "60 s"), (61, "2 min"), (3600, "60 min"), (3601, "2 h")])
def test_a_length_of_time_is_rounded_up(seconds, text):
    assert load_texts(Language.EN).duration(seconds) == text


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (5 * 1024**2, "5.0 MiB"), (3 * 1024**5, "3072.0 TiB")])
def test_a_size_is_written_by_powers_of_1024(size, text):
    assert write_size(size) == text


def test_conditions_that_are_not_told_leave_no_gap():
    assert "no readings" in boxed(replace(READING, condition=Condition()), Language.EN)


@pytest.mark.parametrize("language", Language)
def test_what_the_service_refuses_is_named_whatever_is_plugged_in_and_takes_turns(language):
    reasons = ("refused with 422 first", "refused with 422 second")

    for tiles in ((), SCENE):
        pages = [shown(tiles, language, page=page, kept_back=reasons) for page in (0, 1)]
        assert ["first" in page for page in pages] == [True, False]
        assert ["second" in page for page in pages] == [False, True]
        assert all("2" in page.splitlines()[0] for page in pages)


def test_a_screen_asks_the_tiles_what_is_kept_back():
    tiles = Tiles()
    screen = Screen(Console(file=io.StringIO()), tiles, Language.EN, now=lambda: datetime.now(UTC), monotonic=lambda: 0.0)
    tiles.keep_back("5f0c", "refused with 422")

    assert "refused with 422" in rendered(screen.board())
    tiles.keep_back("5f0c", None)
    assert "refused with 422" not in rendered(screen.board())
