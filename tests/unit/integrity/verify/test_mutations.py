"""Every single-byte mutation of what a package proves with is rejected, or changes nothing that is signed.

The bag is closed again over each mutation, as somebody would who wants it to pass; so what rejects it is never the bag alone. ``MAY_CHANGE`` names
every byte that may be another without effect, and why. `make test` tries three values at each place, the nightly run all 255.
"""

import io
import json
import re
from functools import cache

import pytest

from integrity import checkpoint, manifest
from integrity.checkpoint import parse_verifier_key
from integrity.hashing import sha256_hex
from integrity.verify import checkpoint_checks, event_checks
from integrity.verify.checking import Status
from integrity.verify.container import Container, zip_container
from integrity.verify.errors import RefusedPackageError
from integrity.verify.report import exit_status
from integrity.verify.verdicts import judge_completeness
from integrity.verify.verification import verify_volume
from tests.unit.integrity.verify.conftest import everything
from tests.unit.integrity.verify.packages import CLIP_A, WITNESS_KEY, close_bag, make_package, zip_bytes

FILES = make_package(key_change=True, lean=True).closed()
TRUST, QUICK_TRUST = everything(), everything(with_sm3=False)
"""SM3 is computed only where a mutation is about it."""
SHORT_BYTES = 60
FEW = (0x01, 0x20, 0x80)
"""Differences tried at each place: the lowest bit, the bit of letter case, the highest bit."""


class _RejectedError(Exception):
    pass


class _Impatient:
    """Ends a verification at the first fault."""

    def __init__(self):
        self.notes = []

    def check(self, check):
        if check.status is Status.FAILS:
            raise _RejectedError(check.code)
        if check.status is Status.NOTE:
            self.notes.append(check.code)

    def file(self, verdict):
        pass

    def progress(self, done_bytes, total_bytes):
        pass


def container(files):
    def read(path):
        return iter([memoryview(files[path])] if files[path] else [])

    return Container("p", None, {path: len(data) for path, data in files.items()}, read)


def outcome(files, trust=TRUST):
    """What is found in a package that is taken; ``None`` when it is rejected."""
    listener = _Impatient()
    try:
        volume = verify_volume(container(files), trust, listener)
    except _RejectedError:
        return None
    packages = judge_completeness([volume])
    return (listener.notes, volume.checks, volume.files, packages) if exit_status([volume], packages) == 0 else None


def closed_over(path, data):
    """The bag with one file exchanged, its list of tag files made to agree."""
    files = {**FILES, path: data}
    before = f"{sha256_hex(FILES[path])}  {path}\n".encode()
    files["tagmanifest-sha256.txt"] = FILES["tagmanifest-sha256.txt"].replace(before, f"{sha256_hex(data)}  {path}\n".encode())
    return files


def mutations(data, *, every, part=0, parts=1):
    for place in range(part, len(data), parts):
        for difference in range(1, 256) if every or len(data) <= SHORT_BYTES else FEW:
            yield place, data[:place] + bytes([data[place] ^ difference]) + data[place + 1 :]


def spans(data, *patterns):
    """Places inside the first group of each match."""
    return {place for pattern in patterns for match in re.finditer(pattern, data) for place in range(*match.span(1))}


def shown_only(data):
    """Values of ``evidence.json`` that are shown and never believed, and which volume of how many it says to be."""
    words = rb"made_at|maker|software|original_name|recorder|received_at"
    return spans(data, rb'"(?:%s)":"([^"]*)"' % words, rb'"count":(\d+)')


def witness_line(data):
    """The name and the key id in a witness's line, and its dash: with another it is the line of somebody unknown, and that the witness did not
    sign is said."""
    key = parse_verifier_key(WITNESS_KEY)
    start = data.index(key.name.encode())
    return set(range(start, start + len(key.name) + 1 + 6))


def key_hint(data):
    """The name of the key beside a manifest's signature, a hint only (docs/formats/manifest.md)."""
    return spans(data, rb'"key":"([^"]*)"')


def blanks(data):
    """A tab for a blank between digest and path (RFC 8493, section 2.1.3)."""
    return spans(data, rb"[0-9a-f]{64}(  )")


def unsigned_algorithms(data):
    """The set of digest algorithms that a token names outside of what is signed (RFC 5652, section 5.1)."""
    return spans(data, rb"(?s)\x02\x01\x03(\x31\x0d\x30\x0b\x06\x09.{9})")


def nothing(_data):
    return set()


MAY_CHANGE = {
    "log/checkpoint": witness_line,
    "log/checkpoint.tst": unsigned_algorithms,
    "log/tokens/1.tst": unsigned_algorithms,
    "log/keys/1.note": nothing,
    "contents.json": nothing,
    "evidence.json": shown_only,
    f"manifests/{CLIP_A}.json": key_hint,
    "manifest-sha256.txt": blanks,
    "digests-sm3.txt": blanks,
    "bagit.txt": nothing,
}


@pytest.fixture(autouse=True, scope="module")
def remembering():
    """What is worked out purely from bytes is worked out once, so that each mutation only pays for what it changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_checks, "parse_event", cache(event_checks.parse_event))
        patch.setattr(checkpoint, "verify_ed25519", cache(checkpoint.verify_ed25519))
        patch.setattr(manifest, "verify_ed25519", cache(manifest.verify_ed25519))
        once = cache(checkpoint_checks.verify_token)

        def verify_token(token, digest, *, roots, algorithm, certificates):
            return once(token, digest, roots=tuple(roots), algorithm=algorithm, certificates=tuple(certificates))

        patch.setattr(checkpoint_checks, "verify_token", verify_token)
        yield


def check_mutations(path, **which):
    original = FILES[path]
    trust = TRUST if "sm3" in path else QUICK_TRUST
    unmoved = outcome(FILES, trust)
    assert unmoved is not None
    taken = {}
    for place, data in mutations(original, **which):
        found = outcome(closed_over(path, data), trust)
        if found is not None:
            taken.setdefault(place, []).append((data[place], found))
    assert set(taken) <= MAY_CHANGE[path](original), {place: original[place - 20 : place + 20] for place in set(taken) - MAY_CHANGE[path](original)}
    for place, changes in taken.items():
        for _, (notes, checks, files, _) in changes:
            assert [file.verdict for file in files] == [file.verdict for file in unmoved[2]], place
            if path == "log/checkpoint":
                assert set(notes) == {"witness_silent", "sm3_not_computed"}, place
            else:
                assert (notes, checks) == (unmoved[0], unmoved[1]), place


@pytest.mark.parametrize("path", MAY_CHANGE)
def test_a_changed_byte_is_rejected_or_changes_nothing_that_is_signed(path):
    # A second token is read by the same code as the first: every fourth byte of it is enough here.
    check_mutations(path, every=False, parts=4 if path == "log/tokens/1.tst" else 1)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("path", MAY_CHANGE)
def test_every_changed_byte_is_rejected_or_changes_nothing_that_is_signed(path, part):
    check_mutations(path, every=True, part=part, parts=4)


@pytest.mark.parametrize("path", sorted(set(FILES) - {"tagmanifest-sha256.txt"}))
def test_a_changed_byte_in_any_file_of_a_bag_that_was_not_closed_again_is_rejected(path):
    original = FILES[path]

    for place in range(0, len(original), max(1, len(original) // 40)):
        changed = original[:place] + bytes([original[place] ^ 1]) + original[place + 1 :]
        assert outcome({**FILES, path: changed}) is None, (path, place)


def test_the_list_of_tag_files_may_only_have_tabs_for_blanks():
    original = FILES["tagmanifest-sha256.txt"]

    taken = [place for place, data in mutations(original, every=False) if outcome({**FILES, "tagmanifest-sha256.txt": data}) is not None]

    assert set(taken) <= blanks(original)


@pytest.mark.parametrize("path", sorted(FILES))
def test_a_file_that_is_missing_is_a_fault_or_a_want(path):
    files = {name: data for name, data in FILES.items() if name != path}
    again = close_bag(files) if path not in close_bag(files) else files

    # A package need not hold the authority's root, words for people or reports: what is proved does not rest on them.
    needless = path in {"log/timestamp-root.pem", "README.en.txt", "report/custody.json"}
    assert (outcome(again) is not None) == needless


def test_a_changed_byte_anywhere_in_the_zip_is_rejected_or_changes_no_file():
    data = zip_bytes({f"evidence-1/{path}": content for path, content in {"bagit.txt": b"a tag file", "data/x/original.mp4": b"bytes"}.items()})
    before = zip_container("p", io.BytesIO(data), len(data)).sizes
    for place, changed in mutations(data, every=False):
        try:
            after = zip_container("p", io.BytesIO(changed), len(changed)).sizes
        except RefusedPackageError:
            continue
        assert dict(after) == dict(before), place


def test_the_mutated_package_holds_what_the_mutations_are_about():
    assert json.loads(FILES["evidence.json"])["tokens"]
    assert {"log/keys/1.note", "log/tokens/1.tst", "log/checkpoint.tst", f"manifests/{CLIP_A}.json"} <= set(FILES)
