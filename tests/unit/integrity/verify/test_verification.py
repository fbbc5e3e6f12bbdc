import base64
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from integrity.canonical import canonical_bytes
from integrity.checkpoint import Checkpoint, cosign, sign_checkpoint
from integrity.custody_event import parse_event
from integrity.hashing import Digests, sha256_hex
from integrity.signing import Ed25519Signer
from tests.unit.integrity.verify.packages import (
    AUTHORITY,
    BROUGHT,
    CLIP_A,
    CLIP_B,
    LOG_KEY,
    NEXT_LOG_KEY,
    NEXT_SIGNER,
    NOW,
    ORIGIN,
    OTHER_AUTHORITY,
    PACKAGE_ID,
    RECORDED,
    REDACTED,
    SIGNER,
    WITNESS,
    WITNESS_KEY,
    Log,
    close_bag,
    make_package,
    manifest,
    split,
    stamp,
    transition_note,
)

GOOD = ["ORIGINAL", "IMPORTED", "DERIVED"]
ORIGINAL_A = f"data/{CLIP_A}/original.mp4"
DERIVATIVE = f"data/{CLIP_A}/derivative-1.mp4"


@pytest.fixture
def package():
    return make_package()


def event_of(package, action, clip_id=CLIP_A):
    """The index row of an event, and the event."""
    for row in package.index["events"]:
        event = parse_event(base64.b64decode(row["canonical"]))
        if event.action == action and event.subject.id == clip_id:
            return row, event
    raise AssertionError(action)


def put_event(row, event):
    row["canonical"] = base64.b64encode(event.canonical()).decode()


def test_a_package_as_it_should_be_is_complete_and_all_its_files_are_known(verify, package):
    found = verify(package.closed())

    assert found.failed == []
    assert found.notes == set()
    assert found.verdicts == GOOD
    assert found.whole == [True]


def test_the_key_of_the_log_suffices(verify, trusting, package):
    found = verify(package.closed(), trust=trusting(witness_keys=(), roots=(), manifest_key=None, with_sm3=False))

    assert (found.failed, found.whole) == ([], [True])
    assert {"time_of_log_alone", "token_unchecked", "manifests_unsigned", "sm3_not_computed"} == found.notes


@pytest.mark.parametrize("pieces", [2, 3, 7])
def test_pieces_of_an_original_are_joined_in_their_order(verify, pieces):
    good = make_package(pieces=pieces)
    swapped = make_package(pieces=pieces)
    swapped.index["clips"][0]["paths"].reverse()

    assert verify(good.closed()).verdicts == GOOD
    assert verify(swapped.closed()).verdicts[0] == "ALTERED"


def test_everything_is_told_as_it_is_done(verify, listener, package):
    found = verify(package.closed(), listener=listener)

    assert listener.checks == found.checks
    assert [file.verdict.value for file in listener.files] == GOOD
    assert listener.read[-1] == (len(RECORDED + BROUGHT + REDACTED),) * 2


def test_a_clip_whose_bytes_changed_is_altered_though_the_bag_was_closed_over_it(verify, package):
    package.files[ORIGINAL_A] = RECORDED[:-1] + b"!"

    found = verify(package.closed())

    assert found.verdicts == ["ALTERED", "IMPORTED", "DERIVED"]
    assert found.whole == [True]


@pytest.mark.parametrize("change", [lambda data: data + b"\0", lambda data: data[:-1], lambda _: b""])
def test_a_clip_of_another_length_is_altered(verify, package, change):
    package.files[ORIGINAL_A] = change(RECORDED)

    assert verify(package.closed()).verdicts[0] == "ALTERED"


def test_two_clips_that_changed_places_are_altered(verify, package):
    first, second = ORIGINAL_A, f"data/{CLIP_B}/original.mp4"
    package.files[first], package.files[second] = package.files[second], package.files[first]

    assert verify(package.closed()).verdicts[:2] == ["ALTERED", "ALTERED"]


def test_a_changed_derivative_is_altered(verify, package):
    package.files[DERIVATIVE] = b"other"

    assert verify(package.closed()).verdicts == ["ORIGINAL", "IMPORTED", "ALTERED"]


def test_a_derivative_that_was_not_handed_over_is_not_ours(verify, package):
    package.files[DERIVATIVE] = b"other"
    package.index["derivatives"][0]["sha256"] = sha256_hex(b"other")

    found = verify(package.closed())

    assert found.verdicts == ["ORIGINAL", "IMPORTED", "NOT OURS"]
    assert found.packages[0].missing_clips == (f"{CLIP_A}/{sha256_hex(REDACTED)}",)


def test_a_file_that_belongs_to_nothing_is_not_ours(verify, package):
    package.files["data/extra.mp4"] = b"who knows"

    found = verify(package.closed())

    assert (found.failed, found.verdicts) == ([], [*GOOD, "NOT OURS"])


def test_a_clip_that_the_log_does_not_know_is_not_ours(verify, package):
    stranger = "0193a1d0-0000-7000-8000-000000000009"
    path = f"data/{stranger}/original.mp4"
    package.files[path] = b"made up"
    package.index["clips"].append({**package.index["clips"][0], "clip_id": stranger, "paths": [path], "manifest": None})

    found = verify(package.closed())

    assert found.verdicts == ["ORIGINAL", "IMPORTED", "NOT OURS", "DERIVED"]
    assert found.failed == ["chain_broken", "clip_not_listed"]


def test_the_key_of_another_log_makes_nothing_ours(verify, trusting, package):
    found = verify(package.closed(), trust=trusting(log_key=NEXT_LOG_KEY))

    assert found.verdicts == ["NOT OURS", "NOT OURS", "UNPROVED"]
    assert "checkpoint_wrong" in found.failed
    assert found.whole == [False]


def test_a_log_of_our_name_with_a_key_of_its_own_is_refused(verify):
    package = make_package()
    forger = Ed25519Signer(ORIGIN, bytes([9]) * 32)
    package.files["log/checkpoint"] = sign_checkpoint(package.log.checkpoint(), forger).encode()

    assert "checkpoint_wrong" in verify(package.closed()).failed


# Events


def test_an_event_left_out_at_the_end_shows(verify, package):
    row, _ = event_of(package, "clip.exported")
    package.index["events"].remove(row)

    found = verify(package.closed())

    assert found.failed == ["clip_events"]
    assert found.verdicts[0] == "UNPROVED"


def test_an_event_left_out_in_the_middle_shows(verify, package):
    row, _ = event_of(package, "clip.viewed")
    package.index["events"].remove(row)

    found = verify(package.closed())

    assert found.failed == ["chain_broken", "clip_events"]
    assert found.verdicts == ["UNPROVED", "IMPORTED", "DERIVED"]


def test_an_event_that_the_log_does_not_hold_shows(verify, package):
    row, event = event_of(package, "clip.viewed")
    put_event(row, replace(event, details={"purpose": "none"}))

    assert "event_wrong" in verify(package.closed()).failed


def test_an_event_under_another_position_shows(verify, package):
    row, _ = event_of(package, "clip.viewed")
    row["leaf_index"] += 1

    assert "event_wrong" in verify(package.closed()).failed


def test_an_event_given_twice_shows(verify, package):
    rows = package.index["events"]
    rows.insert(1, dict(rows[0]))

    found = verify(package.closed())

    assert "events_out_of_order" in found.failed
    assert "chain_broken" in found.failed


def test_events_in_another_order_show(verify, package):
    package.index["events"].reverse()

    found = verify(package.closed())

    assert found.failed == ["events_out_of_order"]
    assert found.verdicts == GOOD


def test_an_event_of_something_else_shows(verify, package):
    size = len(package.log.events)
    stranger = {"canonical": base64.b64encode(package.log.events[0].canonical()).decode(), "leaf_index": 0, "proof": package.log.proof(0, size)}
    package.index["events"].insert(0, stranger)

    assert verify(package.closed()).failed == ["event_stranger"]


@pytest.mark.parametrize("change", [{"prev": "0" * 64}, {"subject_seq": 7}])
def test_a_log_that_does_not_chain_a_clips_events_is_not_believed(verify, change):
    """Even the log's own signature does not make a chain with a gap whole."""
    package = make_package(derived=False, outside_token=False)
    log = Log()
    for event in package.log.events:
        log.put(replace(event, **change) if event.action == "clip.verified" and event.subject.id == CLIP_A else event)
    rebuilt = rebuild(package, log)

    found = verify(rebuilt.closed())

    assert "chain_broken" in found.failed
    assert found.verdicts[0] == "UNPROVED"


def test_an_event_that_is_not_spelled_canonically_is_refused_though_the_log_holds_it(verify):
    package = make_package(derived=False, outside_token=False)
    row, event = event_of(package, "clip.viewed")
    row["canonical"] = base64.b64encode(event.canonical() + b" ").decode()

    assert "event_wrong" in verify(package.closed()).failed


def rebuild(package, log):
    """The same package out of another log, signed and stamped anew."""
    from tests.unit.integrity.verify.packages import indexed_events  # noqa: PLC0415 - only here

    checkpoint = log.checkpoint()
    package.log = log
    package.index["events"] = indexed_events(log, len(log.events))
    package.index["checkpoint_size"] = len(log.events)
    package.files["log/checkpoint"] = (sign_checkpoint(checkpoint, SIGNER) + cosign(checkpoint, WITNESS, at=NOW)).encode()
    package.files["log/checkpoint.tst"] = stamp(checkpoint.text())
    return package


# Contents


def test_a_list_of_contents_that_the_log_does_not_know_vouches_for_nothing(verify, package):
    package.contents = {**package.contents, "recipient": "Somebody"}

    found = verify(package.closed())

    assert found.failed == ["contents_changed"]
    assert found.verdicts == ["UNPROVED"] * 3
    assert found.whole == [False]


def test_a_clip_left_out_of_the_package_is_missing(verify, package):
    package.index["clips"].pop()
    package.index["events"] = [row for row in package.index["events"] if parse_event(base64.b64decode(row["canonical"])).subject.id != CLIP_B]
    del package.files[f"data/{CLIP_B}/original.mp4"], package.files[f"manifests/{CLIP_B}.json"]

    found = verify(package.closed())

    assert found.failed == []
    assert found.packages[0].missing_clips == (CLIP_B,)
    assert found.whole == [False]


def test_a_package_without_its_making_event_vouches_for_nothing(verify, package):
    package.index["events"] = [row for row in package.index["events"] if b"package.made" not in base64.b64decode(row["canonical"])]

    assert verify(package.closed()).failed == ["made_events"]


def test_another_package_id_shows_in_each_place(verify):
    for place in ("index", "contents", "folder"):
        package = make_package()
        if place != "folder":
            getattr(package, place)["package_id"] = "another"
        folder = "evidence-another" if place == "folder" else f"evidence-{PACKAGE_ID}"

        assert "package_ids" in verify(package.closed(), folder=folder).failed


def test_a_clip_whose_last_event_hands_it_over_elsewhere_is_not_part_of_this(verify):
    package = make_package(derived=False, outside_token=False)
    log = Log()
    last = None
    for event in package.log.events:
        if event.action == "clip.exported" and event.subject.id == CLIP_A:
            event = last = replace(event, details={**event.details, "package_id": "another"})  # noqa: PLW2901
        log.put(event)
    package.contents["clips"][0]["head"] = last.leaf_hash()
    made = replace(log.events[-2], details={**log.events[-2].details, "contents_sha256": sha256_hex(canonical_bytes(package.contents))})
    again = Log()
    for event in [*log.events[:-2], made, log.events[-1]]:
        again.put(event)

    found = verify(rebuild(package, again).closed())

    assert found.failed == ["clip_not_exported"]
    assert found.verdicts[0] == "UNPROVED"


# Checkpoint


def test_a_change_of_keys_is_followed_from_the_readers_key(verify, trusting):
    package = make_package(key_change=True, outside_token=False)

    assert verify(package.closed()).failed == []
    assert verify(package.closed(), trust=trusting(log_key=NEXT_LOG_KEY)).failed == []


def test_a_key_that_was_changed_counts_no_further_than_the_change(verify):
    package = make_package(key_change=True, outside_token=False)
    package.files["log/checkpoint"] = sign_checkpoint(package.log.checkpoint(), SIGNER).encode()

    assert "checkpoint_wrong" in verify(package.closed()).failed


def test_a_change_of_keys_that_only_the_new_key_signed_is_not_followed(verify):
    package = make_package(key_change=True, outside_token=False)
    text, _, lines = package.files["log/keys/1.note"].decode().partition("\n\n")
    package.files["log/keys/1.note"] = f"{text}\n\n{lines.splitlines()[1]}\n".encode()

    found = verify(package.closed())

    assert {"key_note_wrong", "checkpoint_wrong"} <= set(found.failed)


def test_notes_of_keys_are_followed_by_their_number(verify):
    package = make_package(key_change=True, outside_token=False)
    package.files["log/keys/10.note"] = package.files.pop("log/keys/1.note")
    package.files["log/keys/9.note"] = transition_note(package.log, size=5).encode()

    assert verify(package.closed()).failed == []


@pytest.mark.parametrize(("member", "value"), [("log_origin", "other.example/log"), ("checkpoint_size", 13)])
def test_an_index_that_names_another_checkpoint_shows(verify, package, member, value):
    package.index[member] = value

    assert "checkpoint_other" in verify(package.closed()).failed


def test_a_package_without_checkpoint_proves_nothing(verify, package):
    del package.files["log/checkpoint"]

    found = verify(package.closed())

    assert {"checkpoint_missing", "events_without_checkpoint", "time_without_checkpoint"} <= set(found.failed)
    assert found.verdicts == ["NOT OURS", "NOT OURS", "UNPROVED"]


def test_a_witness_who_did_not_sign_is_named_and_no_fault(verify, trusting):
    found = verify(make_package(witness=False).closed(), trust=trusting(witness_keys=(WITNESS_KEY,)))

    assert (found.failed, found.notes) == ([], {"witness_silent"})


def test_a_witness_line_that_does_not_verify_is_a_fault(verify, package):
    other = package.log.checkpoint(5)
    note = sign_checkpoint(package.log.checkpoint(), SIGNER) + cosign(other, WITNESS, at=NOW)
    package.files["log/checkpoint"] = note.encode()

    assert "checkpoint_wrong" in verify(package.closed()).failed


def other_checkpoint(package, *, size, root=None, signer=SIGNER):
    checkpoint = package.log.checkpoint(size)
    return sign_checkpoint(Checkpoint(ORIGIN, size, root or checkpoint.root), signer)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"size": 14}, "other_equal"),
        ({"size": 14, "root": bytes(32)}, "other_forked"),
        ({"size": 6}, "other_consistent"),
        ({"size": 6, "root": bytes(32)}, "other_not_consistent"),
        ({"size": 8}, "other_unconnected"),
        ({"size": 14, "signer": NEXT_SIGNER}, "other_wrong"),
    ],
)
def test_a_checkpoint_from_elsewhere_is_compared(verify, trusting, package, change, code):
    found = verify(package.closed(), trust=trusting(checkpoint=other_checkpoint(package, **change)))

    assert code in found.codes
    assert found.failed == ([code] if code in {"other_forked", "other_not_consistent", "other_wrong"} else [])


# Time


def test_a_token_of_a_root_that_was_not_given_is_said(verify, trusting, package):
    found = verify(package.closed(), trust=trusting(roots=(OTHER_AUTHORITY.root,)))

    assert (found.failed, found.notes) == ([], {"token_of_unknown_root"})


def test_roots_none_of_which_vouches_are_a_fault(verify, trusting):
    found = verify(make_package(outside_token=False).closed(), trust=trusting(roots=(OTHER_AUTHORITY.root,)))

    assert found.failed == ["time_no_root_vouches"]


@pytest.mark.parametrize("has_roots", [True, False])
@pytest.mark.parametrize("path", ["log/checkpoint.tst", "log/tokens/1.tst"])
def test_a_token_over_something_else_is_a_fault_with_and_without_roots(verify, trusting, package, path, has_roots):
    package.files[path] = stamp("something else\n")

    found = verify(package.closed(), trust=trusting() if has_roots else trusting(roots=()))

    assert "token_wrong" in found.failed


@pytest.mark.parametrize("path", ["log/checkpoint.tst", "log/tokens/1.tst"])
def test_a_missing_token_is_a_fault(verify, package, path):
    del package.files[path]

    assert {"token_missing", "token_wrong"} & set(verify(package.closed()).failed)


def test_a_token_whose_checkpoint_does_not_lead_here_is_a_fault(verify, package):
    package.index["tokens"][0]["consistency"].pop()

    assert verify(package.closed()).failed == ["token_wrong"]


def test_a_root_that_came_with_the_package_vouches_for_nothing(verify, trusting):
    package = make_package(outside_token=False)
    package.files["log/timestamp-root.pem"] = OTHER_AUTHORITY.root_pem()
    package.files["log/checkpoint.tst"] = stamp(package.log.checkpoint().text(), OTHER_AUTHORITY)

    assert verify(package.closed(), trust=trusting(roots=(AUTHORITY.root,))).failed == ["time_no_root_vouches"]
    assert "time_of_log_alone" in verify(package.closed(), trust=trusting(roots=())).notes


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512", "sm3"])
def test_a_token_over_each_digest_is_understood(verify, package, algorithm):
    package.files["log/checkpoint.tst"] = stamp(package.log.checkpoint().text(), AUTHORITY, algorithm)

    assert verify(package.closed()).failed == []


# Bag


@pytest.mark.parametrize(
    ("path", "change", "code"),
    [
        ("bagit.txt", lambda data: data.replace(b"1.0", b"0.97"), "bag_version"),
        ("bagit.txt", lambda _: None, "bag_version"),
        ("bag-info.txt", lambda data: data.replace(b"Oxum: ", b"Oxum: 1"), "bag_oxum"),
        ("bag-info.txt", lambda _: b"\xff\n", "bag_list_damaged"),
        ("bag-info.txt", lambda _: b"no label\n", "bag_list_damaged"),
        ("bag-info.txt", lambda _: b" continued: before it began\n", "bag_list_damaged"),
        ("manifest-sha256.txt", lambda data: data.replace(b"a", b"g"), "bag_list_damaged"),
        ("manifest-sha256.txt", lambda data: data + data, "bag_list_damaged"),
        ("manifest-sha256.txt", lambda data: data.split(b"\n", 1)[1], "bag_unlisted"),
        ("manifest-sha256.txt", lambda data: data + b"0" * 64 + b"  data/none\n", "bag_missing"),
        ("manifest-sha256.txt", lambda data: b"0" * 64 + data[64:], "payload_digest"),
        ("manifest-sha256.txt", lambda data: data.upper(), "bag_list_damaged"),
        ("manifest-sha256.txt", lambda _: None, "bag_unlisted"),
        ("digests-sm3.txt", lambda data: data.split(b"\n", 1)[1], "bag_unlisted"),
        ("digests-sm3.txt", lambda data: b"0" * 64 + data[64:], "payload_digest"),
        ("tagmanifest-sha256.txt", lambda data: b"0" * 64 + data[64:], "bag_digest"),
        ("tagmanifest-sha256.txt", lambda data: data.split(b"\n", 1)[1], "bag_unlisted"),
        ("manifest-md5.txt", lambda _: b"", "bag_part"),
        ("fetch.txt", lambda _: b"http://example.org/x 1 data/x\n", "bag_part"),
        ("README.en.txt", lambda data: data + b"!", "bag_digest"),
        ("extra.txt", lambda _: b"extra", "bag_unlisted"),
    ],
)
def test_a_bag_that_is_not_as_it_should_be_shows(verify, package, path, change, code):
    files = package.closed()
    content = change(files.get(path, b""))
    files.pop(path, None)
    if content is not None:
        files[path] = content

    assert code in verify(files).failed


def test_bags_without_count_and_with_other_line_ends_are_read(verify):
    package = make_package()
    package.oxum = False
    files = package.closed()
    for name in ("bagit.txt", "bag-info.txt"):
        files[name] = files[name].replace(b"\n", b"\r\n")
    files["tagmanifest-sha256.txt"] = b"".join(
        f"{sha256_hex(data)}\t{path}\n".encode() for path, data in files.items() if not path.startswith(("data/", "tagmanifest"))
    )

    assert verify(files).failed == []


# Index and manifests


@pytest.mark.parametrize("name", ["evidence.json", "contents.json"])
@pytest.mark.parametrize("data", [None, b"", b"{}", b"[]", b'{"format":"bodycam.evidence-package","version":1}', b"\xff", b"[" * 100_000])
def test_an_unreadable_index_is_said_and_the_digests_are_checked_all_the_same(verify, package, name, data):
    files = package.closed()
    del files[name]
    if data is not None:
        files[name] = data

    found = verify(close_bag(files))

    assert found.failed == ["json_wrong"]
    assert found.verdicts == ["NOT OURS"] * 3
    assert "payload_digests" in found.codes


@pytest.mark.parametrize(
    "change",
    [
        lambda index: index.update(version=2),
        lambda index: index.update(version=True),
        lambda index: index.update(surprise=1),
        lambda index: index.pop("maker"),
        lambda index: index["volume"].update(number=2),
        lambda index: index["clips"][0].update(paths=[]),
        lambda index: index["clips"][0].update(paths=["log/checkpoint"]),
        lambda index: index["clips"][0].update(paths=["data/../x"]),
        lambda index: index["clips"][0].update(clip_id="../x"),
        lambda index: index["clips"][0].update(manifest="log/checkpoint"),
        lambda index: index["clips"].append(index["clips"][0]),
        lambda index: index["derivatives"][0].update(paths=index["clips"][0]["paths"]),
        lambda index: index["derivatives"][0].update(sha256="x"),
        lambda index: index["events"][0].update(proof=["x"]),
        lambda index: index["events"][0].update(leaf_index=-1),
        lambda index: index["tokens"][0].update(path="data/x"),
        lambda index: index["tokens"][0].update(consistency=["x"]),
    ],
)
def test_an_index_out_of_its_bounds_is_refused(verify, package, change):
    change(package.index)

    assert verify(package.closed()).failed == ["json_wrong"]


@pytest.mark.parametrize(
    "change",
    [
        lambda contents: contents["clips"].reverse(),
        lambda contents: contents["clips"].append(contents["clips"][-1]),
        lambda contents: contents["clips"][0].update(head="x"),
        lambda contents: contents["derivatives"][0].update(sm3=None),
        lambda contents: contents.update(package_id=""),
    ],
)
def test_a_list_of_contents_out_of_its_bounds_is_refused(verify, package, change):
    change(package.contents)

    assert "json_wrong" in verify(package.closed()).failed


def test_a_file_that_is_named_and_not_there_is_missing(verify, package):
    files = package.closed()
    del files[ORIGINAL_A]

    found = verify(files)

    assert found.packages[0].missing_clips == (CLIP_A,)
    assert found.packages[0].missing_files == (ORIGINAL_A,)
    assert found.verdicts == ["IMPORTED", "DERIVED"]


def test_a_missing_piece_makes_the_rest_altered_and_the_clip_missing(verify):
    package = make_package(pieces=3)
    del package.files[f"{ORIGINAL_A}.002"]

    found = verify(package.closed())

    assert found.verdicts[0] == "ALTERED"
    assert found.packages[0].missing_clips == (CLIP_A,)


def test_a_manifest_of_other_bytes_is_a_fault(verify, trusting, package):
    package.files[f"manifests/{CLIP_A}.json"] = manifest(CLIP_A, BROUGHT)

    assert verify(package.closed(), trust=trusting(manifest_key=None)).failed == ["manifest_wrong"]


@pytest.mark.parametrize("data", [None, b"", b"[]", b'{"manifest":{}}', b'{"manifest":{"digests":1,"stored":{}}}'])
def test_a_manifest_that_is_none_is_a_fault(verify, trusting, package, data):
    path = f"manifests/{CLIP_A}.json"
    del package.files[path]
    if data is not None:
        package.files[path] = data

    assert verify(package.closed(), trust=trusting(manifest_key=None)).failed == ["manifest_wrong"]


@pytest.mark.parametrize("path", ["log/checkpoint", "log/checkpoint.tst", "log/tokens/1.tst", f"manifests/{CLIP_A}.json", "log/keys/1.note"])
def test_a_small_file_that_is_long_is_not_even_read(verify, package, path):
    package.files[path] = bytes(300_000)

    found = verify(package.closed())

    assert found.failed == ["refused_too_long"]
    assert not found.volumes[0].is_read


def test_a_manifest_that_belongs_to_nothing_is_a_fault(verify, package):
    package.files["manifests/other.json"] = package.files[f"manifests/{CLIP_A}.json"]

    assert verify(package.closed()).failed == ["manifest_unknown"]


def test_a_manifest_of_another_signer_is_a_fault_where_the_key_was_given(verify, trusting, package):
    assert verify(package.closed(), trust=trusting(manifest_key=LOG_KEY)).failed == ["manifest_wrong"]


# Verdicts that only the log's keeper could bring about


def changed_log(package, action, details, clip_id=CLIP_A):
    """The package out of a log in which one event says something else, consistent in everything behind it."""
    log = Log()
    for event in package.log.events:
        said = details if (event.action, event.subject.id) == (action, clip_id) else dict(event.details)
        if event.action == "package.made":
            for clip in package.contents["clips"]:
                own = [each for each in log.events if each.subject.id == clip["clip_id"]]
                clip.update(events=len(own), head=own[-1].leaf_hash())
            said["contents_sha256"] = sha256_hex(canonical_bytes(package.contents))
        log.append(event.subject.kind, event.subject.id, event.action, **said)
    return rebuild(package, log)


def test_a_clip_that_was_stored_otherwise_than_it_was_handed_over_is_unproved(verify):
    package = make_package(derived=False, outside_token=False)
    package.contents["clips"][0]["sm3"] = Digests.of(BROUGHT).sm3

    found = verify(changed_log(package, "none.such", {}).closed())

    assert (found.failed, found.verdicts[0]) == ([], "UNPROVED")


def test_sm3_of_the_bytes_counts_where_it_is_computed(verify, trusting):
    package = make_package(derived=False, outside_token=False)
    stored = {"size_bytes": len(RECORDED), "sha256": sha256_hex(RECORDED), "sm3": Digests.of(BROUGHT).sm3, "version_id": f"v-{CLIP_A}"}
    package.contents["clips"][0]["sm3"] = stored["sm3"]
    package.index["clips"][0]["manifest"] = None
    del package.files[f"manifests/{CLIP_A}.json"]
    changed = changed_log(package, "clip.stored", stored)

    assert verify(changed.closed()).verdicts[0] == "ALTERED"
    assert verify(changed.closed(), trust=trusting(with_sm3=False)).verdicts[0] == "ORIGINAL"


def test_a_clip_that_was_never_stored_is_not_ours(verify, trusting):
    package = make_package(derived=False, outside_token=False)
    package.index["clips"][0]["manifest"] = None
    del package.files[f"manifests/{CLIP_A}.json"]

    found = verify(changed_log(package, "clip.stored", {}).closed(), trust=trusting())

    assert found.verdicts[0] == "NOT OURS"


def test_a_clip_whose_provenance_is_no_object_is_imported_all_the_same(verify):
    package = make_package(derived=False, outside_token=False)

    found = verify(changed_log(package, "clip.announced", {"imported": "yes"}).closed())

    assert found.verdicts[0] == "IMPORTED"


# Volumes


def test_volumes_are_complete_together_and_not_alone(verify, package):
    first, second = (volume.closed() for volume in split(package))

    together, alone = verify(first, second), verify(second)

    assert (together.failed, together.whole) == ([], [True])
    assert together.packages[0].volumes == ((1, 2), (2, 2))
    assert (alone.failed, alone.whole) == ([], [False])
    assert alone.packages[0].missing_clips[0] == CLIP_A


def test_volumes_of_two_packages_are_told_apart(verify, package):
    other = json.loads(json.dumps(package.contents))
    package_2 = make_package()
    package_2.contents = {**other, "package_id": "another"}

    found = verify(package.closed(), package_2.closed())

    assert [each.is_complete for each in found.packages] == [True, False]


def test_volumes_with_different_lists_are_not_complete_together(verify, package):
    first, second = split(package)
    second.contents = {**second.contents, "purpose": "other"}

    assert verify(first.closed(), second.closed()).whole == [False]


def test_time_of_a_token_is_the_authoritys(verify, package):
    found = verify(package.closed())

    held = [check.values for check in found.checks if check.code == "token_holds"]
    assert [values["at"] for values in held] == ["2026-11-24T13:00:00.000000Z"] * 2
    assert NOW + timedelta(hours=1) > NOW
