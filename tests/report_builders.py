"""Coverage reports for tests: signed, with a log of three leaves, valid as they come."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from integrity.canonical import canonical_bytes
from integrity.checkpoint import Checkpoint, sign_checkpoint, verifier_key
from integrity.coverage_report import CoverageReport, MissingName, ReportedFigure, ReportedSnapshot, Reporter, SnapshotProof, sign_report
from integrity.custody_event import CustodyEvent, EventActor, EventSubject
from integrity.hashing import sha256_hex
from integrity.merkle import append_leaves, inclusion_proof, leaf_hash
from integrity.plain import to_members
from integrity.signing import Ed25519Signer

SIGNER = Ed25519Signer("province.example/log", bytes(range(32)))
KEY = verifier_key(SIGNER.name, SIGNER.public_key)
CUT_OFF = datetime(2026, 10, 31, 16, tzinfo=UTC)
SNAPSHOT_ID = "01900000-0000-7000-8000-000000000001"
REPORT_ID = "01900000-0000-7000-8000-000000000002"
FIGURES = (
    ReportedFigure("0", "示范省", "province", None, 3, 5, 0, 0, {"lost": 1, "no_recorder": 1}, {"pool": 1, "spare": 2}),
    ReportedFigure("01", "示范市", "city", "0", 3, 5, 1, 2, {"lost": 1, "no_recorder": 1}, {"pool": 1, "spare": 2}),
    ReportedFigure("0101", "示范县", "county", "01", 2, 3, 2, 3, {"lost": 1}, {"pool": 0, "spare": 0}),
)
NAMES = (MissingName("000001", "示范人员 1", "01", "no_recorder"), MissingName("000002", "示范人员 2", "0101", "lost"))


def make_snapshot(figures=FIGURES, **changes):
    digest = sha256_hex(b"".join(canonical_bytes(figure.hashed_members()) + b"\n" for figure in figures))
    known = {"cut_off": CUT_OFF, "known_until": CUT_OFF, "made_at": CUT_OFF + timedelta(minutes=10), "is_late": False}
    words = {"day": "2026-10-31", "kind": "monthly", "edition": "first", "method": "bodycam-coverage/1"}
    return ReportedSnapshot(**{"id": SNAPSHOT_ID, **words, **known, "roster_sha256": "ab" * 32, "figures_sha256": digest, **changes})


def prove(snapshot, top, *, signer=SIGNER):
    """Enter a snapshot in a log of three leaves and prove it."""
    details = {**to_members(snapshot), "numerator": top.numerator, "denominator": top.denominator}
    subject, actor = EventSubject("coverage_snapshot", snapshot.id), EventActor("worker", "worker", "worker")
    event = CustodyEvent(subject, 0, None, "snapshot.frozen", actor, snapshot.made_at, details).canonical()
    leaves = [leaf_hash(one) for one in (b"before", event, b"after")]
    nodes, root = append_leaves(lambda _level, _index: b"", 0, leaves)
    known = {(node.level, node.index): node.hash for node in nodes}
    proof = inclusion_proof(lambda level, index: known[level, index], 1, tree_size=3)
    note = sign_checkpoint(Checkpoint(signer.name, 3, root), signer)
    return SnapshotProof(base64.b64encode(event).decode(), 1, tuple(one.hex() for one in proof.path), note, "")


def make_report(*, figures=FIGURES, snapshot=None, signer=SIGNER, **changes):
    snapshot = snapshot or make_snapshot(figures)
    values = {
        "report_id": REPORT_ID,
        "made_at": snapshot.made_at + timedelta(hours=1),
        "reporter": Reporter(signer.name, "44"),
        "snapshot": snapshot,
        "figures": figures,
        "replaces": None,
        "names": None,
        "proof": prove(snapshot, figures[0], signer=signer),
    }
    return CoverageReport(**{**values, **changes})


def change_figure(code, **changes):
    """All figures, with one of them changed."""
    return tuple(replace(figure, **changes) if figure.code == code else figure for figure in FIGURES)


def signed(report=None, signer=SIGNER):
    return sign_report(report or make_report(signer=signer), signer)
