"""Packages read from a real S3 store, by version."""

import pytest

from evidence_store.actor import Role
from integrity.checkpoint import verifier_key
from integrity.verify.program import main as verify
from service.evidence_packages.errors import EvidenceDamagedError
from service.evidence_packages.make_package import HandingOver, make_package
from service.evidence_packages.open_package import Cut, enter_download, open_package
from tests.builders import make_file

MIB = 1024**2


def test_a_package_read_from_a_real_store_verifies(stored_service, tmp_path):
    contents = [b"", bytes(range(256)) * 4096 * 11, b"short"]
    clip_ids = [
        stored_service.dock_one(make_file(f"DCIM/{number}.MP4", content), *[content[at : at + 8 * MIB] for at in range(0, len(content), 8 * MIB)])
        for number, content in enumerate(contents)
    ]
    actor = stored_service.people[Role.REVIEWER]

    package_id = make_package(stored_service.context, HandingOver("示范区人民检察院", "审查起诉", clip_ids), actor=actor)
    volumes = [open_package(stored_service.context, package_id, cut, actor=actor).volume(1) for cut in (Cut(), Cut(piece_bytes=4 * MIB))]

    key = verifier_key(stored_service.context.log_signer.name, stored_service.context.log_signer.public_key)
    for volume in volumes:
        path = tmp_path / f"{volume.size_bytes}.zip"
        with path.open("wb") as file:
            for chunk in volume.chunks():
                file.write(chunk)
        assert path.stat().st_size == volume.size_bytes
        assert verify([str(path), "--log-key", key, "--sm3"]) == 0


def test_a_version_that_the_store_does_not_have_is_missing_before_the_first_byte(stored_service):
    clip_id = stored_service.dock_one(make_file("DCIM/A.MP4", b"footage"), b"footage")
    actor = stored_service.people[Role.REVIEWER]
    package_id = make_package(stored_service.context, HandingOver("示范", "示范", [clip_id]), actor=actor)
    opened = open_package(stored_service.context, package_id, Cut(), actor=actor)
    opened.package.clips[0].facts["object"]["version"] = "0" * 32

    with pytest.raises(EvidenceDamagedError, match="missing"):
        enter_download(stored_service.context, opened, 1, Cut(), actor=actor, is_resumed=False)
    with pytest.raises(EvidenceDamagedError, match="missing"):
        list(opened.volume(1).chunks())

    with stored_service.context.unit_of_work() as work:
        assert [event.action for event, _ in work.custody.chain("package", package_id)] == ["package.made", "package.broken", "package.broken"]
