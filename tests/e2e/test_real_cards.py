"""Cards made by the distribution's tools, with films that nobody here made, from the card to a reviewer's screen."""

import pytest

from tests.e2e.proof import check_digests, check_media, check_sealed_once, check_token
from tests.integration.device_drivers.media import ExfatImage, make_fat_image


def fat32_card(folder, tmp_path):
    return make_fat_image(tmp_path / "fat32.img", folder, size_bytes=64 * 1024**2)


def exfat_card(folder, tmp_path):
    exfat = ExfatImage(tmp_path / "exfat.img")
    media = exfat.add_directory(exfat.add_directory(exfat.root, "DCIM"), "100MEDIA")
    for number, file in enumerate(sorted((folder / "DCIM" / "100MEDIA").iterdir())):
        exfat.add_file(media, file.name, file.read_bytes(), contiguous=bool(number % 2))
    return exfat.close()


def on_card(folder):
    return {str(file.relative_to(folder)): file for file in folder.rglob("*.mp4")}


@pytest.mark.parametrize("make_card", [fat32_card, exfat_card])
def test_every_film_of_a_card_is_sealed_proven_and_given_back_byte_for_byte(system, footage_folder, tmp_path, make_card):
    docking = system.dock("--image", make_card(footage_folder, tmp_path))

    assert docking.code == 0, docking.errors
    assert docking.summary["sealed"] == docking.summary["files"] == 5
    check_digests(docking, on_card(footage_folder))
    check_token(system, tmp_path)
    for file in docking.files:
        check_sealed_once(system, file["clip_id"])
        check_media(system, file["clip_id"], on_card(footage_folder)[file["path"]].read_bytes())


@pytest.fixture(scope="module")
def film(running_system, footage_folder, tmp_path_factory):
    """A docked film."""
    card = fat32_card(footage_folder, tmp_path_factory.mktemp("again"))
    return running_system.dock("--image", card).file("DCIM/100MEDIA/bikes.mp4")


def test_a_clip_is_downloaded_with_its_digests_and_that_is_told_in_its_chain(system, film):
    answer = system.media(film["clip_id"], fields={"download": "true"})

    assert answer.headers["Bodycam-SM3"] == film["sm3"]
    assert answer.headers["Repr-Digest"].startswith("sha-256=:")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''bikes.mp4"
    assert system.events(film["clip_id"])[-1]["action"] == "clip.downloaded"


def test_who_docks_or_administers_may_not_watch_and_a_stranger_may_nothing(system, film):
    path = f"{system.url}/api/v1/clips/{film['clip_id']}/media"
    before = len(system.events(film["clip_id"]))
    dock = {"Authorization": f"Bearer {system.appliance.ready()['dock']['token']}"}

    answers = [
        system.media(film["clip_id"], role="administrator"),
        system.pool.request("GET", path, headers=dock),
        system.pool.request("GET", path),
    ]

    assert [answer.status for answer in answers] == [403, 401, 401]
    assert len(system.events(film["clip_id"])) == before
