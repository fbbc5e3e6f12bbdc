from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integrity.receipt import ClipState
from service.clips.keeping import KeepingFacts, KeepReason, decide_keeping

NOW = datetime(2026, 11, 24, tzinfo=UTC)
FREE = KeepingFacts(ClipState.SEALED, NOW - timedelta(days=1), is_linked=False, is_quarantined=False, is_imported=True, category="other")


def test_nothing_asks_for_a_clip_that_is_sealed_unlocked_unlinked_and_categorised():
    assert decide_keeping(FREE, NOW).is_disposable


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": ClipState.VERIFIED}, KeepReason.NOT_SEALED),
        ({"retain_until": NOW + timedelta(seconds=1)}, KeepReason.LOCKED),
        ({"retain_until": None}, KeepReason.LOCKED),
        ({"is_linked": True}, KeepReason.LINKED_TO_CASE),
        ({"is_quarantined": True}, KeepReason.QUARANTINED),
        ({"category": None}, KeepReason.UNCATEGORISED),
    ],
)
def test_each_reason_alone_keeps_a_clip(change, reason):
    assert decide_keeping(replace(FREE, **change), NOW).reasons == (reason,)


def test_what_a_dock_read_needs_no_category():
    assert decide_keeping(replace(FREE, is_imported=False, category=None), NOW).is_disposable
