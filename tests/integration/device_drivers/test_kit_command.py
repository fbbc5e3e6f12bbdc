import json

import pytest

from device_drivers.kit.command import main
from device_drivers.simulated.faults import Faults
from tests.integration.device_drivers.media import card, write_card
from tests.integration.device_drivers.peers import simulated

FILES = {"DCIM/BWC7_1.MP4": bytes(range(256)) * 400, "DCIM/BWC7_2.MP4": b"second" * 9_000, "tail.bin": b"tail"}


def run(capsys, *arguments):
    status = main([*arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def at(server):
    return "{}:{}".format(*server.address)


@pytest.mark.parametrize("family", ["mass-storage", "novatek", "jieli", "ambarella", "mtp"])
def test_the_suite_passes_over_a_virtual_recorder_of_every_family(capsys, family):
    with simulated(card(FILES), family, faults=Faults(reenumerate_after_s=0.0, password="000000")) as (server, _):
        status, told = run(capsys, "conformance", "--usbip", at(server))

    assert [check for check in told["checks"] if check["outcome"] == "failed"] == []
    assert status == 0


def test_a_probe_names_family_and_match_and_sends_nothing(capsys):
    with simulated(card(FILES), "jieli") as (server, _):
        status, (told,) = run(capsys, "probe", "--usbip", at(server))

    assert status == 0
    assert (told["family"], told["asks_inquiry"]) == (None, True)
    assert [match["family"] for match in told["matches"]] == ["jieli", "mass-storage"]
    assert told["refusal"] is None
    assert told["matches"][0]["inquiry"] == "DV16 DEVICE V1.00"
    assert "opened" not in told


def test_an_opened_recorder_tells_itself_and_names_nobody(capsys):
    with simulated(card(FILES), "mtp", officer="100234") as (server, _):
        status, (told,) = run(capsys, "probe", "--open", "--usbip", at(server))

    assert status == 0
    assert told["opened"]["identity"]["serial"] == "BWC7001"
    assert isinstance(told["opened"]["identity"]["officer_name"], bool)
    assert told["opened"]["files"] == 3
    assert told["opened"]["clock"]["offset_s"] is not None


def test_lines_for_a_person_say_that_nothing_was_changed(capsys):
    with simulated(card(FILES), "mass-storage") as (server, _):
        status = main(["probe", "--open", "--usbip", at(server)])

    out = capsys.readouterr().out
    assert status == 0
    assert "No clock was set and no file changed." in out
    assert "files: 3, " in out


def test_a_recorder_without_its_card_fails_the_probe(capsys):
    with simulated(card(FILES), "mass-storage", faults=Faults(no_card=True)) as (server, _):
        status, (told,) = run(capsys, "probe", "--open", "--usbip", at(server))

    assert (status, told["opened"]["failure"] is not None) == (1, True)


def test_what_writes_sets_the_clock_and_removes_one_file(capsys):
    with simulated(card(FILES), "mtp") as (server, _):
        status, told = run(capsys, "conformance", "--usbip", at(server), "--write", "--remove", "tail.bin")
        again, (left,) = run(capsys, "probe", "--open", "--usbip", at(server))

    outcomes = {check["name"]: check["outcome"] for check in told["checks"]}
    assert (status, again) == (0, 0)
    assert (outcomes["sets-its-clock"], outcomes["removes-exactly-what-is-named"]) == ("passed", "passed")
    assert left["opened"]["files"] == 2


def test_removing_needs_a_word_more(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["conformance", "--remove", "tail.bin"])

    assert ended.value.code == 2
    assert "--remove needs --write" in capsys.readouterr().err


def test_without_a_recorder_there_is_nothing_to_try(capsys):
    assert main(["conformance", "--usbip", "127.0.0.1:1"]) == 1
    assert capsys.readouterr().err == "bodycam drivers: no recorder is plugged in\n"


def test_a_port_without_a_recorder_is_no_recorder(capsys):
    with simulated(card(FILES), "mtp") as (server, _):
        assert main(["conformance", "--usbip", at(server), "--port", "9-9"]) == 1

    assert "no recorder is plugged in" in capsys.readouterr().err


def test_an_image_is_tried_like_a_recorder(capsys, tmp_path):
    status, told = run(capsys, "conformance", "--image", str(write_card(tmp_path / "card.img", card(FILES))))

    assert status == 0
    assert told["recorder"] == "the image, family mass-storage"


def test_every_family_is_listed_with_its_level(capsys):
    status, told = run(capsys, "list")

    assert status == 0
    levels = {each["family"]: each["quality"] for each in told}
    assert levels["mtp"] == "silver"
    assert all(match["verified_by"] for each in told for match in each["matches"])
