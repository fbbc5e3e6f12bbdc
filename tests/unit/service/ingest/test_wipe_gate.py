from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from integrity.receipt import ClipState
from service.ingest.wipe_gate import GateFacts, GateReason, decide_release

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OPEN = GateFacts(
    listing_complete=True,
    state=ClipState.SEALED,
    locked_until=NOW + timedelta(days=180),
    verified_copies=1,
    required_copies=1,
    is_quarantined=False,
    is_contested=False,
    is_registered=True,
    lock_proven=True,
    keep_on_recorder=False,
)
BREAKS = {
    GateReason.LISTING_INCOMPLETE: {"listing_complete": False},
    GateReason.NOT_LOCKED: {"locked_until": NOW},
    GateReason.NOT_READ_BACK: {"verified_copies": 0},
    GateReason.NOT_SEALED: {"state": ClipState.VERIFIED},
    GateReason.QUARANTINED: {"is_quarantined": True},
    GateReason.CONTESTED: {"is_contested": True},
    GateReason.RECORDER_UNREGISTERED: {"is_registered": False},
    GateReason.LOCK_NOT_PROVEN: {"lock_proven": False},
    GateReason.KEEP_ON_RECORDER: {"keep_on_recorder": True},
}


def test_a_recorders_copy_may_go_only_when_every_condition_holds():
    assert decide_release(OPEN, NOW).allowed


@pytest.mark.parametrize("count", range(1, len(BREAKS) + 1))
def test_any_set_of_broken_conditions_is_refused_with_exactly_its_reasons(count):
    for broken in combinations(BREAKS, count):
        changes = {name: value for reason in broken for name, value in BREAKS[reason].items()}

        decision = decide_release(replace(OPEN, **changes), NOW)

        assert not decision.allowed
        assert set(decision.reasons) == set(broken)


@pytest.mark.parametrize("state", [ClipState.ANNOUNCED, ClipState.UPLOADING])
def test_a_clip_that_is_not_stored_is_refused(state):
    assert GateReason.NOT_STORED in decide_release(replace(OPEN, state=state), NOW).reasons


def test_no_policy_can_ask_for_fewer_than_one_copy():
    assert decide_release(replace(OPEN, required_copies=0), NOW).reasons == (GateReason.NOT_READ_BACK,)


def test_a_lock_that_was_never_read_back_counts_as_none():
    assert decide_release(replace(OPEN, locked_until=None), NOW).reasons == (GateReason.NOT_LOCKED,)
