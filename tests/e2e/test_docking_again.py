"""A recorder that comes again: what it already gave is recognised, and what is new is taken, whatever its name."""

import mmap
import random
import subprocess

import pytest

from tests.appliances import clean_environment, wait_until
from tests.e2e.cards import Card
from tests.e2e.proof import check_sealed_once
from tests.e2e.system import PROGRAM, System, free_port
from tests.integration.device_drivers.media import make_fat_image

SIZE_BYTES = 3_000_000


@pytest.fixture
def small_card(tmp_path):
    """Two files of random bytes on the card of a recorder that was never here."""
    source = tmp_path / "source"
    source.mkdir()
    for number in range(2):
        (source / f"CLIP{number}.MP4").write_bytes(random.Random(number).randbytes(SIZE_BYTES))
    (source / Card.IDENTITY_FILE).write_bytes(Card.identity("TRIAL000"))
    card = Card(make_fat_image(tmp_path / "card.img", source), source)
    card.become_another()
    return card


@pytest.fixture(scope="module")
def comparing_system(running_system):
    """The same installation through a second API that has every recognised file compared in full."""
    appliance = running_system.appliance
    port = free_port()
    arguments = (*PROGRAM, "serve", "--data", str(appliance.directory.root), "--port", str(port))
    environment = {**clean_environment(), "BODYCAM_REREAD_PERCENT": "100"}
    process = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    system = System(appliance, url=f"http://127.0.0.1:{port}")
    try:
        wait_until(system.answers, 60)
        yield system
    finally:
        process.terminate()
        process.wait(20)


def change_middle(card, number):
    """Change one byte that neither the name, the times, the size, the head nor the tail of a file shows."""
    content = random.Random(number).randbytes(SIZE_BYTES)
    with card.image.open("r+b") as file, mmap.mmap(file.fileno(), 0) as image:
        at = image.find(content[1_000_000:1_000_512])
        image[at] ^= 1


def change_head(card, number):
    content = random.Random(number).randbytes(SIZE_BYTES)
    with card.image.open("r+b") as file, mmap.mmap(file.fileno(), 0) as image:
        at = image.find(content[:512])
        image[at] ^= 1


def ids(docking):
    return {file["path"]: file["clip_id"] for file in docking.files}


def test_an_unchanged_card_adds_nothing_and_is_not_read_again(system, small_card):
    first = system.dock("--image", small_card.image)

    again = system.dock("--image", small_card.image)

    assert (first.code, again.code) == (0, 0)
    assert ids(again) == ids(first)
    assert len(system.clips_of(small_card.serial)) == 2
    assert '"reading"' not in again.errors
    for clip_id in ids(first).values():
        check_sealed_once(system, clip_id)


def test_a_reused_name_with_other_content_is_a_new_clip_and_the_old_one_stays(system, small_card):
    first = system.dock("--image", small_card.image)
    change_head(small_card, 0)

    again = system.dock("--image", small_card.image)

    assert again.code == 0
    assert ids(again)["CLIP1.MP4"] == ids(first)["CLIP1.MP4"]
    assert ids(again)["CLIP0.MP4"] != ids(first)["CLIP0.MP4"]
    assert len(system.clips_of(small_card.serial)) == 3
    old, new = (system.media(ids(docking)["CLIP0.MP4"]).data for docking in (first, again))
    assert old == (small_card.source / "CLIP0.MP4").read_bytes()
    assert new == bytes([old[0] ^ 1]) + old[1:]


def test_a_full_comparison_that_finds_the_same_adds_nothing(system, comparing_system, small_card):
    first = system.dock("--image", small_card.image)

    again = comparing_system.dock("--image", small_card.image)

    assert again.code == 0
    assert ids(again) == ids(first)
    assert '"reading"' in again.errors
    assert len(system.clips_of(small_card.serial)) == 2
    assert all(len(system.versions(clip_id)) == 1 for clip_id in ids(first).values())


def test_a_full_comparison_finds_what_no_fingerprint_shows_and_takes_it_as_a_new_clip(system, comparing_system, small_card):
    first = system.dock("--image", small_card.image)
    change_middle(small_card, 1)

    unseen = system.dock("--image", small_card.image)
    seen = comparing_system.dock("--image", small_card.image)

    assert ids(unseen) == ids(first)
    assert seen.code == 0
    assert ids(seen)["CLIP0.MP4"] == ids(first)["CLIP0.MP4"]
    assert ids(seen)["CLIP1.MP4"] != ids(first)["CLIP1.MP4"]
    assert {file["state"] for file in seen.files} == {"sealed"}
    assert system.clip(ids(first)["CLIP1.MP4"])["sha256"] != seen.file("CLIP1.MP4")["sha256"]
