"""Two verifiers, written apart from one format, come to the same end: `bodycam verify` and the page."""

import base64

import pytest

from integrity.signing import Ed25519Signer
from integrity.verify.program import main as verify
from tests.browser.hostile_archives import hostile_archives
from tests.browser.package_writer import Footage, make_derivative, make_package, zip_of
from tests.browser.verifying import Verifier, built_page

pytestmark = pytest.mark.browser

EXIT_CODES = {"Everything holds": 0, "Something does not hold": 1, "The package cannot be read": 3}
SOURCE = {"received_from": "a shop", "document": "request 1", "importer": "reviewer"}
ONE, OTHER = Footage(1, b"a clip" * 500), Footage(2, b"another" * 300, imported=SOURCE)


@pytest.fixture(scope="module")
def page(chromium, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "verify.html"
    path.write_bytes(built_page())
    window = Verifier(chromium, path.as_uri(), locale="en")
    yield window
    window.close()


def without_event(package, word):
    def change(evidence):
        evidence["events"] = [entry for entry in evidence["events"] if word not in base64.b64decode(entry["canonical"]).decode()]

    return package.with_evidence(change)


def evidence_with(package, **members):
    return package.with_evidence(lambda evidence: evidence.update(members))


def archives() -> dict[str, bytes]:
    (good,) = make_package(ONE, OTHER, derivatives=[make_derivative(ONE, b"an excerpt")], tokens_at=(5,))
    (other,) = make_package(ONE)
    original, excerpt = (f"data/{ONE.clip_id}/{name}" for name in ("original.MP4", "derivative-1.mp4"))
    spoiled = {
        "nothing": good,
        "original": good.with_file(original, b"A clip" * 500),
        "derivative": good.with_file(excerpt, b"another cut"),
        "stranger": good.with_file("data/strange/original.MP4", b"x"),
        "no original": good.with_file(original, None),
        "contents": good.with_file("contents.json", other.files["contents.json"]),
        "checkpoint": good.with_file("log/checkpoint", other.files["log/checkpoint"]),
        "no checkpoint": good.with_file("log/checkpoint", None),
        "token": good.with_file("log/checkpoint.tst", other.files["log/checkpoint.tst"]),
        "no token": good.with_file("log/checkpoint.tst", None),
        "manifest": good.with_file(f"manifests/{ONE.clip_id}.json", good.files[f"manifests/{OTHER.clip_id}.json"]),
        "no manifest": good.with_file(f"manifests/{ONE.clip_id}.json", None),
        "no index": good.with_file("evidence.json", None),
        "index": evidence_with(good, more=1),
        "size": evidence_with(good, checkpoint_size=4),
        "origin": evidence_with(good, log_origin="elsewhere"),
        "volume": evidence_with(good, volume={"number": 1, "count": 2}),
        "id": evidence_with(good, package_id="11111111-6a53-4c8c-9a3e-4d6f1c2b7a90"),
        "declaration": good.with_file("bagit.txt", b"BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n"),
        "no note": good.with_file("bag-info.txt", None),
    }
    for word in ("clip.announced", "clip.stored", "clip.exported", "package.made"):
        spoiled[f"no {word}"] = without_event(good, f'"{word}"')
    found = {f"spoiled: {name}": package.zip() for name, package in spoiled.items()}
    found["with descriptors"] = zip_of(good.entries(), has_descriptors=True)
    for name, entry in (("below the bag", original), ("tag below the bag", "bag-info.txt")):
        files = {**good.files, entry: good.files[entry][:-1] + b"?"}
        found[name] = zip_of([(f"{good.root}/{path}", data) for path, data in files.items()])
    found["another folder"] = zip_of([(f"evidence-x/{path}", data) for path, data in good.files.items()])
    (rotated,) = make_package(ONE, successor=Ed25519Signer.generate(good.log.signer.name))
    found["another key of the log"] = rotated.zip()
    found["a volume alone"] = make_package(ONE, OTHER, volumes=[[1], [2]])[0].zip()
    hostile = hostile_archives(other)
    return found | {f"hostile: {name}": content for name, (content, _) in hostile.items() if name != "far too many"}


def test_both_come_to_the_same_end(page, tmp_path, capsys):
    (good,) = make_package(ONE)
    ends = {}
    for name, content in archives().items():
        path = tmp_path / "package.zip"
        path.write_bytes(content)
        page.open()
        ends[name] = (verify([str(path), "--log-key", good.log_key]), EXIT_CODES[page.verify(path, key=good.log_key).heading])
        capsys.readouterr()

    assert {name: pair for name, pair in ends.items() if pair[0] != pair[1]} == {}
    assert {pair[1] for pair in ends.values()} == {0, 1, 3}
    assert page.complaints == []
