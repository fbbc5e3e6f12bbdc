import base64
import io
import json
import subprocess
import zipfile
from unittest.mock import patch
from uuid import UUID, uuid4

import bagit
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from evidence_store.actor import Role
from integrity.checkpoint import open_checkpoint, verifier_key
from integrity.custody_event import parse_event
from integrity.hashing import Digests, sha256_hex
from integrity.merkle import InclusionProof, leaf_hash, verify_inclusion
from integrity.verify.program import main as verify
from service.documents.errors import FontMissingError
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


def verdict_of(api, *paths):
    key = verifier_key(api.service.context.log_signer.name, api.service.context.log_signer.public_key)
    return verify([*map(str, paths), "--log-key", key, "--sm3", "--language", "en"])


def saved(answer, path):
    path.write_bytes(answer.content)
    return path


def test_the_verifier_finds_every_check_to_hold(api, clip_ids, tmp_path, capsys):
    package = saved(hand_over(api, clip_ids), tmp_path / "package.zip")

    assert verdict_of(api, package) == 0
    assert "COMPLETE" in capsys.readouterr().out


def test_a_case_hands_over_what_is_linked_to_it_quarantined_or_not(api, clip_ids, tmp_path):
    case_id = api.ask("POST", "/api/v1/cases", json={"number": "示范〔2026〕1号", "title": "示范案件"}).json()["id"]
    for clip_id in clip_ids[:2]:
        api.ask("PUT", f"/api/v1/cases/{case_id}/clips/{clip_id}", json={"purpose": "现场证据"})
    with api.service.context.unit_of_work() as work:
        work.clips.lock(UUID(clip_ids[0])).quarantine = "contested"

    answer = api.ask("POST", "/api/v1/evidence-packages", json={**HANDED, "case_id": case_id})

    root = unpacked(answer, tmp_path)
    contents, report = (json.loads((root / name).read_text()) for name in ("contents.json", "report/custody-report.json"))
    assert [clip["clip_id"] for clip in contents["clips"]] == sorted(clip_ids[:2])
    assert contents["case"] == {"id": case_id, "number": "示范〔2026〕1号", "title": "示范案件"}
    assert {clip["clip_id"]: clip["quarantine"] for clip in report["clips"]} == {clip_ids[0]: "contested", clip_ids[1]: None}
    (listed,) = api.ask("GET", f"/api/v1/evidence-packages?case={case_id}").json()["items"]
    assert (listed["recipient"], listed["clip_count"], listed["case"]["id"]) == (HANDED["recipient"], 2, case_id)
    told = api.ask("GET", f"/api/v1/evidence-packages/{listed['id']}").json()
    assert [clip["clip_id"] for clip in told["clips"]] == sorted(clip_ids[:2])


def test_a_package_stays_the_same_when_more_becomes_known(api, clip_ids):
    first = hand_over(api, clip_ids)
    with api.service.context.unit_of_work() as work:
        clip = work.clips.lock(UUID(clip_ids[1]))
        clip.quarantine, clip.category, clip.flags = "contested", "other", ["empty"]
    hand_over(api, clip_ids[:1], recipient="another")

    again = api.ask("GET", f"/api/v1/evidence-packages/{first.headers['bodycam-package']}/content")

    assert again.content == first.content


def test_volumes_hold_what_fits_and_are_complete_together(api, tmp_path, capsys):
    clip_ids = [dock(api, bytes([number]) * 1_500_000, f"DCIM/{number}.MP4") for number in range(4)]
    package_id = hand_over(api, clip_ids).headers["bodycam-package"]
    cut = {"volume_bytes": 4_200_000, "piece_bytes": 1024**2}
    volumes = api.ask("GET", f"/api/v1/evidence-packages/{package_id}/volumes", params=cut).json()["volumes"]

    paths = []
    for volume in volumes:
        answer = api.ask("GET", f"/api/v1/evidence-packages/{package_id}/content", params={**cut, "volume": volume["number"]})
        assert len(answer.content) == volume["size_bytes"] <= cut["volume_bytes"]
        for file in volume["files"]:
            with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
                content = archive.read(f"{volume['root']}/{file['path']}")
            assert answer.content[file["offset"] : file["offset"] + file["size_bytes"]] == content
        paths.append(saved(answer, tmp_path / f"{volume['number']}.zip"))
        assert bagit.Bag(str(unpacked(answer, tmp_path / f"{volume['number']}"))).is_valid()

    assert len(volumes) == 2
    names = {file["path"].rpartition("/")[2] for file in volumes[0]["files"] if file["path"].startswith("data/")}
    assert names == {"original.MP4.001", "original.MP4.002"}
    assert verdict_of(api, *paths) == 0
    assert "COMPLETE" in capsys.readouterr().out
    with api.service.context.unit_of_work() as work:
        downloads = [parse_event(event.canonical).details for event, _ in work.custody.chain("package", package_id)][1:]
    assert [(download["volume"], download["volumes"]) for download in downloads] == [(1, 2), (2, 2)]


def test_volumes_too_small_for_a_clip_are_refused_with_the_least_size(api):
    clip_id = dock(api, bytes(3_000_000))
    path = f"/api/v1/evidence-packages/{hand_over(api, [clip_id]).headers['bodycam-package']}"

    answer = api.ask("GET", f"{path}/volumes", params={"volume_bytes": 2_000_000})

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/volume-too-small")
    least = answer.json()["least_bytes"]
    assert api.ask("GET", f"{path}/content", params={"volume_bytes": least - 1}).status_code == 422
    assert len(api.ask("GET", f"{path}/content", params={"volume_bytes": least}).content) <= least
    assert api.ask("GET", f"{path}/content", params={"volume": 2}).json()["type"] == "/problems/no-such-volume"
    assert api.ask("GET", f"{path}/content", params={"piece_bytes": 1}).status_code == 422


def test_what_broke_off_goes_on_where_it_stopped(api, clip_ids):
    first = hand_over(api, clip_ids)
    package_id, whole = first.headers["bodycam-package"], first.content
    path = f"/api/v1/evidence-packages/{package_id}/content"

    rest = api.ask("GET", path, headers={"Range": "bytes=5000-", "If-Range": first.headers["etag"]})
    run = api.ask("GET", path, headers={"Range": "bytes=10-19"})
    other = api.ask("GET", path, headers={"Range": "bytes=10-19", "If-Range": '"another"'})

    assert (rest.status_code, rest.content) == (206, whole[5000:])
    assert rest.headers["content-range"] == f"bytes 5000-{len(whole) - 1}/{len(whole)}"
    assert (run.status_code, run.content) == (206, whole[10:20])
    assert (other.status_code, other.content) == (200, whole)
    assert api.ask("GET", path, headers={"Range": f"bytes={len(whole)}-"}).status_code == 416


def alter(api, clip_id, change):
    """Below the store, as nobody can through it."""
    (version,) = api.service.context.objects._versions[f"clips/{clip_id}/original"]
    version.data = change(version.data)


def package_chain(api, package_id):
    with api.service.context.unit_of_work() as work:
        return [parse_event(event.canonical) for event, _ in work.custody.chain("package", package_id)]


def test_a_clip_that_was_altered_below_the_store_breaks_the_package_off(api, clip_ids):
    package_id = hand_over(api, clip_ids).headers["bodycam-package"]
    alter(api, clip_ids[1], lambda data: b"X" + data[1:])
    received = b""

    def receive():
        nonlocal received
        signed = {"Authorization": f"Bearer {api.service.token(Role.REVIEWER)}"}
        with api.client.stream("GET", f"/api/v1/evidence-packages/{package_id}/content", headers=signed) as answer:
            for chunk in answer.iter_bytes():
                received += chunk

    with pytest.raises(RuntimeError):
        receive()

    assert b"PK\x05\x06" not in received
    broken = package_chain(api, package_id)[-1]
    assert (broken.action, broken.details) == ("package.broken", {"clip_id": clip_ids[1], "reason": "altered"})


def test_a_missing_original_is_named_before_the_first_byte(api, clip_ids):
    package_id = hand_over(api, clip_ids).headers["bodycam-package"]
    del api.service.context.objects._versions[f"clips/{clip_ids[2]}/original"]

    again = api.ask("GET", f"/api/v1/evidence-packages/{package_id}/content")
    new = hand_over(api, clip_ids)

    for answer in (again, new):
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/evidence-damaged")
        assert (answer.json()["clip_id"], answer.json()["reason"]) == (clip_ids[2], "missing")
    assert package_chain(api, package_id)[-1].action == "package.broken"
    assert api.service.chain(UUID(clip_ids[0])).count("clip.exported") == 1


def test_a_package_whose_time_stamp_is_late_is_made_and_fetched_later(api, clip_ids):
    with patch("service.evidence_packages.seal_package.seal_clips"):
        answer = hand_over(api, clip_ids)

    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/package-not-sealed")
    package_id = answer.json()["package_id"]
    assert api.ask("GET", f"/api/v1/evidence-packages/{package_id}").json()["checkpoint_size"] is None
    assert api.ask("GET", f"/api/v1/evidence-packages/{package_id}/content").status_code == 200


def test_a_missing_font_refuses_before_anything_is_entered(api, clip_ids):
    with patch("service.evidence_packages.make_package.find_fonts", side_effect=FontMissingError("Noto Sans CJK SC")):
        answer = hand_over(api, clip_ids)

    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/font-missing")
    assert "fonts-noto-cjk" in answer.json()["detail"]
    assert "clip.exported" not in api.service.chain(UUID(clip_ids[0]))


def test_nothing_of_a_package_can_be_changed_in_the_database(api, clip_ids):
    hand_over(api, clip_ids)

    for table, column in (("evidence_package", "recipient"), ("evidence_package_clip", "facts"), ("evidence_package_seal", "software")):
        with pytest.raises(ProgrammingError), api.service.context.unit_of_work() as work:
            work._session.execute(text(f"UPDATE {table} SET {column} = {column}"))  # noqa: S608 - names of this test's own


def test_clips_with_too_many_events_for_one_index_are_refused_before_anything_is_entered(api, clip_ids):
    with patch("service.evidence_packages.make_package.MOST_BYTES", 10_000):
        answer = hand_over(api, clip_ids)

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/package-too-large")
    assert "clip.exported" not in api.service.chain(UUID(clip_ids[0]))


def test_every_clip_may_be_named_twice_and_a_case_not_beside_clips(api, clip_ids):
    assert hand_over(api, [clip_ids[0], clip_ids[0]]).status_code == 200
    assert api.service.chain(UUID(clip_ids[0])).count("clip.exported") == 1
    assert hand_over(api, clip_ids, case_id=str(uuid4())).status_code == 422
