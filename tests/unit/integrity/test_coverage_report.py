import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrity.canonical import canonical_bytes
from integrity.coverage_report import CoverageReport, Reporter, parse_report, sign_report
from integrity.coverage_report_checks import find_faults
from integrity.errors import IntegrityError, MalformedValueError, SignatureMismatchError
from integrity.signing import Ed25519Signer
from tests.report_builders import FIGURES, KEY, NAMES, SIGNER, change_figure, make_report, make_snapshot, prove, signed

DOCUMENT = signed()


def faults(report):
    return {(fault.code, fault.subject) for fault in find_faults(report, key=KEY)}


def test_a_report_is_read_as_it_was_signed():
    report = make_report(names=NAMES)

    read = parse_report(signed(report))

    assert read.report == report
    read.check_signature(KEY)
    assert find_faults(read.report, key=KEY) == []


def test_a_report_signed_by_another_key_of_the_same_name_is_refused():
    other = Ed25519Signer(SIGNER.name, bytes(32))

    with pytest.raises(SignatureMismatchError):
        parse_report(signed(signer=other)).check_signature(KEY)


def test_the_signature_of_another_report_does_not_do():
    first, second = json.loads(DOCUMENT), json.loads(signed(make_report(replaces="01900000-0000-7000-8000-000000000009")))
    forged = parse_report(canonical_bytes({"report": second["report"], "signature": first["signature"]}))

    with pytest.raises(SignatureMismatchError):
        forged.check_signature(KEY)


def test_only_the_log_named_may_sign():
    report = make_report(reporter=Reporter("other.example/log", "44"))

    with pytest.raises(MalformedValueError):
        sign_report(report, SIGNER)


@given(st.integers(0, len(DOCUMENT) - 1), st.integers(1, 255))
def test_no_changed_byte_goes_unnoticed(place, change):
    damaged = bytearray(DOCUMENT)
    damaged[place] ^= change

    with pytest.raises(IntegrityError):
        parse_report(bytes(damaged)).check_signature(KEY)


@given(st.binary(max_size=200))
def test_noise_is_refused_and_nothing_else_happens(data):
    with pytest.raises(MalformedValueError):
        parse_report(data)


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        (change_figure("01", numerator=4), {("sum_differs", "01"), ("sum_differs", "0"), ("gap_differs", "01")}),
        (change_figure("0101", own_numerator=4), {("sum_differs", "0101"), ("numerator_exceeds", "0101")}),
        (change_figure("0", gap={"lost": 2}), {("gap_differs", "0")}),
        (change_figure("01", parent="99"), {("tree_broken", "01"), ("sum_differs", "0")}),
        (change_figure("01", parent="0101"), {("tree_broken", "01")}),
        (FIGURES[::-1], {("tree_broken", "figures")}),
        (change_figure("0", parent="01"), {("tree_broken", "figures"), ("tree_broken", "0")}),
    ],
    ids=["total", "own", "gap", "orphan", "circle", "order", "no top"],
)
def test_figures_that_do_not_add_up_are_named(figures, expected):
    report = make_report(figures=figures, proof=make_report().proof)

    assert expected <= faults(report)


def test_figures_that_are_not_those_that_were_hashed_are_found():
    report = make_report(figures=change_figure("0101", name="另一县"), snapshot=make_snapshot())

    assert faults(report) == {("figures_differ", "snapshot.figures_sha256")}


def test_what_stands_beside_the_rate_is_not_hashed():
    report = make_report(figures=change_figure("0101", beside={"pool": 7}), snapshot=make_snapshot())

    assert faults(report) == set()


def test_names_that_are_not_the_gap_are_found():
    assert faults(make_report(names=NAMES[:1])) == {("names_differ", "names")}
    assert faults(make_report(names=(NAMES[0], replace(NAMES[1], agency="77")))) == {("names_differ", "names")}


@pytest.mark.parametrize("member", ["roster_sha256", "edition", "method", "is_late"])
def test_a_snapshot_told_otherwise_than_the_log_tells_it_is_found(member):
    lie = {"roster_sha256": "cd" * 32, "edition": "restated", "method": "another/2", "is_late": True}[member]
    report = replace(make_report(), snapshot=make_snapshot(**{member: lie}))

    assert faults(report) == {("proof_fails", f"snapshot.{member}")}


def test_a_proof_of_another_event_or_log_fails():
    snapshot = make_snapshot()
    stranger = Ed25519Signer("stranger.example/log", bytes(32))
    other = make_snapshot(id="01900000-0000-7000-8000-00000000000f")

    assert faults(make_report(proof=prove(snapshot, FIGURES[0], signer=stranger))) == {("proof_fails", "proof")}
    assert faults(make_report(proof=prove(other, FIGURES[0]))) == {("proof_fails", "proof.event")}
    assert faults(make_report(proof=replace(prove(snapshot, FIGURES[0]), leaf_index=0))) == {("proof_fails", "proof")}


def test_times_that_cannot_be_are_found():
    snapshot = make_snapshot()
    moved = replace(snapshot, cut_off=snapshot.cut_off + timedelta(hours=8), known_until=snapshot.cut_off + timedelta(hours=8))

    assert ("time_differs", "snapshot.cut_off") in faults(make_report(snapshot=moved))


@pytest.mark.parametrize("change", [{"day": "2026-02-30"}, {"kind": "weekly"}, {"roster_sha256": "AB" * 32}, {"id": "1"}])
def test_a_snapshot_out_of_form_is_refused(change):
    with pytest.raises(MalformedValueError):
        make_snapshot(**change)


def test_a_report_of_nobody_is_refused():
    with pytest.raises(MalformedValueError):
        replace(make_report(), figures=())


def test_members_are_complete():
    assert set(make_report().members()) == {"format", *CoverageReport.__dataclass_fields__}
