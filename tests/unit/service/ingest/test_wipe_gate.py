from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, product

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


class StateThatNoClipHas:
    """Sealed and never stored: no clip can be so, and the table has a row for it all the same."""

    def reached(self, state):
        return state is ClipState.SEALED


STATES = {
    (True, True): ClipState.SEALED,
    (True, False): ClipState.VERIFIED,
    (False, False): ClipState.UPLOADING,
    (False, True): StateThatNoClipHas(),
}
"""A clip's state by whether it is stored and whether it is sealed."""
TABLE = (
    "listing_incomplete",
    "not_stored",
    "not_locked",
    "not_read_back",
    "not_sealed",
    "quarantined",
    "contested",
    "recorder_unregistered",
    "lock_not_proven",
    "keep_on_recorder",
)
"""The table's columns, by what is said where one does not hold."""


def facts_of_row(listed, stored, locked, read_back, sealed, unmarked, uncontested, registered, proven, to_be_emptied):
    return GateFacts(
        listing_complete=listed,
        state=STATES[stored, sealed],
        locked_until=NOW + timedelta(seconds=1) if locked else NOW - timedelta(seconds=1),
        verified_copies=2 if read_back else 1,
        required_copies=2,
        is_quarantined=not unmarked,
        is_contested=not uncontested,
        is_registered=registered,
        lock_proven=proven,
        keep_on_recorder=not to_be_emptied,
    )


def test_of_all_1024_rows_of_the_table_one_lets_a_copy_go_and_each_other_says_exactly_what_does_not_hold():
    decided = {row: decide_release(facts_of_row(*row), NOW) for row in product((True, False), repeat=len(TABLE))}

    assert len(decided) == 1024
    assert [row for row, decision in decided.items() if decision.allowed] == [(True,) * 10]
    for row, decision in decided.items():
        assert [str(reason) for reason in decision.reasons] == [said for said, holds in zip(TABLE, row, strict=True) if not holds]


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
