import base64
import io
import json
import subprocess
import zipfile
from uuid import uuid4

import bagit
import pytest

from evidence_store.actor import Role
from integrity.checkpoint import open_checkpoint, verifier_key
from integrity.custody_event import parse_event
from integrity.hashing import Digests, sha256_hex
from integrity.merkle import InclusionProof, leaf_hash, verify_inclusion
from tests.builders import make_file

HANDED = {"recipient": "示范区人民检察院", "purpose": "审查起诉"}


def dock(api, content, name="DCIM/现场.MP4"):
    """A sealed clip; an empty one has no parts."""
    return str(api.service.dock_one(make_file(name, content), *([content] if content else [])))


@pytest.fixture
def clip_ids(api):
    return [dock(api, bytes([number]) * (number * 1000), f"DCIM/现场{number}.MP4") for number in range(3)]


def hand_over(api, clip_ids, **changes):
    return api.ask("POST", "/api/v1/evidence-packages", json={**HANDED, "clip_ids": clip_ids, **changes})


def unpacked(answer, folder):
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(folder)
        (root,) = {name.partition("/")[0] for name in archive.namelist()}
    return folder / root


def test_a_package_is_a_bag_that_others_accept(api, clip_ids, tmp_path):
    answer = hand_over(api, clip_ids)

    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content)
    (tmp_path / "package.zip").write_bytes(answer.content)
    assert subprocess.run(["unzip", "-tq", tmp_path / "package.zip"], check=True, capture_output=True).returncode == 0
    root = unpacked(answer, tmp_path)
    assert answer.headers["content-disposition"] == f'attachment; filename="{root.name}.zip"'
    assert bagit.Bag(str(root)).is_valid()
    assert {path.suffix for path in root.glob("data/*/*")} == {".MP4"}


def test_every_event_of_every_clip_is_inside_and_proved(api, clip_ids, tmp_path):
    root = unpacked(hand_over(api, clip_ids), tmp_path)

    index, contents = (json.loads((root / name).read_text()) for name in ("evidence.json", "contents.json"))
    key = verifier_key(api.service.context.log_signer.name, api.service.context.log_signer.public_key)
    checkpoint = open_checkpoint((root / "log/checkpoint").read_text(), [key]).checkpoint
    assert checkpoint.size == index["checkpoint_size"]
    chains = {}
    for item in index["events"]:
        canonical = base64.b64decode(item["canonical"])
        proof = InclusionProof(item["leaf_index"], checkpoint.size, tuple(map(bytes.fromhex, item["proof"])))
        verify_inclusion(leaf_hash(canonical), proof, root=checkpoint.root)
        event = parse_event(canonical)
        chains.setdefault(event.subject.id, []).append(event)
    for clip in contents["clips"]:
        chain = chains[clip["clip_id"]]
        assert [event.action for event in chain] == api.service.chain(clip["clip_id"])
        assert [event.subject_seq for event in chain] == list(range(clip["events"]))
        assert chain[-1].leaf_hash() == clip["head"]
        assert chain[-1].action == "clip.exported"
    (made,) = chains[index["package_id"]]
    assert made.details["contents_sha256"] == sha256_hex((root / "contents.json").read_bytes())


def test_originals_are_bit_for_bit_what_was_docked(api, clip_ids, tmp_path):
    root = unpacked(hand_over(api, clip_ids), tmp_path)

    for clip in json.loads((root / "contents.json").read_text())["clips"]:
        (path,) = (root / "data" / clip["clip_id"]).iterdir()
        assert Digests.of(path.read_bytes()) == Digests(clip["sha256"], clip["sm3"])
        assert f"{clip['sm3']}  data/{clip['clip_id']}/{path.name}" in (root / "digests-sm3.txt").read_text()


def test_two_downloads_are_the_same_bytes(api, clip_ids):
    first = hand_over(api, clip_ids)
    package_id = first.headers["bodycam-package"]
    api.service.clock.advance(hours=3)

    again = api.ask("GET", f"/api/v1/evidence-packages/{package_id}/content")

    assert again.content == first.content
    with api.service.context.unit_of_work() as work:
        assert [event.action for event, _ in work.custody.chain("package", package_id)] == ["package.made", "package.downloaded"]


def test_clips_that_are_not_sealed_are_named_and_nothing_is_handed_over(api, clip_ids):
    session_id = api.service.open()
    (announced,) = api.service.announce(session_id, make_file("DCIM/B.MP4", b"later"))

    answer = hand_over(api, [*clip_ids, str(announced.clip_id)])

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/clips-not-sealed")
    assert answer.json()["clip_ids"] == [str(announced.clip_id)]
    assert "clip.exported" not in api.service.chain(clip_ids[0])


def test_only_reviewers_hand_over_and_only_what_they_may_see(api, clip_ids):
    assert api.ask("POST", "/api/v1/evidence-packages", json={**HANDED, "clip_ids": clip_ids}, role=Role.ADMINISTRATOR).status_code == 403
    assert hand_over(api, [str(uuid4())]).status_code == 404
    assert hand_over(api, []).status_code == 422
    assert hand_over(api, clip_ids, recipient=" ").status_code == 422
    assert api.ask("GET", f"/api/v1/evidence-packages/{uuid4()}").status_code == 404
