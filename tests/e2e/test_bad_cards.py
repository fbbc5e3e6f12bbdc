"""Whatever a card holds is evidence: it is stored, sealed, flagged where something is odd, and nothing of it is lost."""

import base64
import mmap

from device_drivers.simulated.footage import CardFile
from tests.e2e.cards import Card
from tests.e2e.proof import check_sealed_once, openssl_digests
from tests.integration.device_drivers.media import WHEN, ExfatImage, card, make_fat_image, write_card

ODD_NAMES = {
    "../../etc/passwd": "..\\x2f..\\x2fetc\\x2fpasswd",
    "..\\..\\windows.mp4": "..\\x5c..\\x5cwindows.mp4",
    "line\nbreak.mp4": "line\\x0abreak.mp4",
    "\ud83d lone surrogate.mp4": "\\ud83d lone surrogate.mp4",
    "\u202egnp.mp4": "\\u202egnp.mp4",
    "=HYPERLINK(1).mp4": "=HYPERLINK(1).mp4",
    '<script>"1".mp4': '<script>"1".mp4',
    "执法记录仪 0001.MP4": "执法记录仪 0001.MP4",
    "CON": "CON",
    "a" * 251 + ".mp4": "a" * 251 + ".mp4",
}


def listed(system, clip_id):
    """What the recorder said of a file, as the first event of its clip keeps it."""
    return system.events(clip_id)[0]["details"]["file"]


def test_broken_films_and_odd_names_are_sealed_like_any_other(system, footage, tmp_path):
    film = footage["bigbuckbunny.mp4"].read_bytes()
    root = card({"DCIM/truncated.mp4": film[:300_001], "DCIM/empty.mp4": b"", "DCIM/twin.mp4": film, "DCIM/twin again.mp4": film})
    root.folders[0].files.append(CardFile("twin.mp4", 9, WHEN, b"not alike"))
    root.files.extend(CardFile(name, 20 + number, WHEN, bytes([number]) * (20 + number)) for number, name in enumerate(ODD_NAMES))

    docking = system.dock("--image", write_card(tmp_path / "card.img", root))

    assert docking.code == 0, docking.errors
    assert docking.summary["sealed"] == len(docking.files) == len({file["clip_id"] for file in docking.files}) == 5 + len(ODD_NAMES)
    for file in docking.files:
        check_sealed_once(system, file["clip_id"])
    flags = {file["path"]: system.clip(file["clip_id"])["flags"] for file in docking.files}
    assert "empty" in flags["DCIM/empty.mp4"]
    assert not any("empty" in found for path, found in flags.items() if path != "DCIM/empty.mp4")
    assert system.media(docking.file("DCIM/truncated.mp4")["clip_id"]).data == film[:300_001]
    assert system.media(docking.file("DCIM/empty.mp4")["clip_id"]).data == b""
    twins = [system.media(file["clip_id"]).data for file in docking.files if file["path"] in {"DCIM/twin.mp4", "DCIM/twin again.mp4"}]
    assert sorted(twins) == sorted([film, film, b"not alike"])
    for number, (name, shown) in enumerate(ODD_NAMES.items()):
        clip_id = docking.file(shown)["clip_id"]
        assert base64.b64decode(listed(system, clip_id)["path_raw_base64"]) == name.encode("utf-16-le", "surrogatepass")
        assert system.clip(clip_id)["original_name"] == shown
        answer = system.media(clip_id, fields={"download": "true"})
        assert answer.data == bytes([number]) * (20 + number)


def test_a_name_in_gbk_is_shown_as_text_and_kept_byte_for_byte(system, footage, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "GBKNAME.MP4").write_bytes(footage["bikes.mp4"].read_bytes())
    image = make_fat_image(tmp_path / "card.img", source)
    name = "执法".encode("gbk")
    with image.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        at = content.find(b"GBKNAME MP4")
        content[at : at + 11] = name.ljust(8) + b"MP4"

    docking = system.dock("--image", image)

    film = docking.file("执法.MP4")
    assert (film["sha256"], film["sm3"]) == openssl_digests(footage["bikes.mp4"])
    assert base64.b64decode(listed(system, film["clip_id"])["path_raw_base64"]) == name + b".MP4"


def test_a_listing_that_fails_half_way_seals_what_it_gave_and_keeps_the_gate_shut(system, footage, tmp_path):
    exfat = ExfatImage(tmp_path / "card.img")
    exfat.add_file(exfat.root, "whole.mp4", footage["bikes.mp4"].read_bytes())
    exfat.add_file(exfat.root, "broken.mp4", footage["bigbuckbunny.mp4"].read_bytes())
    image = exfat.close()
    with image.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        content[content.find("broken.mp4".encode("utf-16-le")) - 34] = 0x40  # the entry that says where the file lies is gone

    docking = system.dock("--image", image)

    assert docking.code == 3
    assert docking.summary["listing_complete"] is False
    assert [(file["path"], file["state"]) for file in docking.files] == [("whole.mp4", "sealed")]
    assert "listing_incomplete" in system.gate(docking)[docking.files[0]["clip_id"]]


def test_what_is_no_card_is_refused_in_one_sentence(system, tmp_path):
    image = tmp_path / "noise.img"
    image.write_bytes(b"\x5a" * 1_000_000)

    docking = system.dock("--image", image)

    assert (docking.code, docking.lines) == (7, [])
    assert "noise.img" in docking.errors
    assert "Traceback" not in docking.errors


def test_a_stranger_is_flagged_and_sealed_and_one_on_the_roster_is_known(system, footage, tmp_path):
    system.register("ZFREG01", "900001")
    cards = {}
    for serial, officer in (("ZFREG01", "900001"), ("ZFSTR01", "999999")):
        source = tmp_path / serial
        source.mkdir()
        (source / "A.MP4").write_bytes(footage["bikes.mp4"].read_bytes())
        (source / Card.IDENTITY_FILE).write_text(f"serial={serial}\nofficer={officer}\n")
        cards[serial] = make_fat_image(tmp_path / f"{serial}.img", source)

    known, stranger = (system.dock("--image", cards[serial]) for serial in ("ZFREG01", "ZFSTR01"))

    assert (known.code, stranger.code) == (0, 0)
    known_clip, strange_clip = (system.clip(docking.files[0]["clip_id"]) for docking in (known, stranger))
    assert (known_clip["flags"], known_clip["officer"]["code"]) == ([], "900001")
    assert (strange_clip["flags"], strange_clip["officer"]) == (["unknown_officer", "unregistered_recorder"], None)
    assert system.gate(known)[known_clip["id"]] == ["keep_on_recorder"]
    assert set(system.gate(stranger)[strange_clip["id"]]) == {"keep_on_recorder", "recorder_unregistered"}
    found = system.get("/api/v1/clips", fields={"officer": "900001"})["items"]
    assert [clip["id"] for clip in found] == [known_clip["id"]]
