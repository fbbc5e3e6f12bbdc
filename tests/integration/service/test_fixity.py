"""Clips are read again for years: by turns, within bounds, and what is no longer itself is found."""

from datetime import timedelta

import pytest

from evidence_store.errors import StoreUnavailableError
from integrity.custody_event import parse_event
from integrity.merkle import leaf_hash, node_hash
from service.ingest.errors import QuarantineFinalError
from service.ingest.quarantine import QuarantineDecision, decide_quarantine
from service.safekeeping import check_fixity as module
from service.safekeeping.check_fixity import check_fixity, check_fixity_daily, root_of_checked
from service.safekeeping.reconcile import reconcile
from tests.builders import make_file


@pytest.fixture
def kept(service):
    """A service with five sealed clips of 7 bytes, verified an hour apart."""
    service.clip_ids = []
    for number in range(5):
        content = b"clip %02d" % number
        service.clip_ids.append(service.dock_one(make_file(f"DCIM/{number}.MP4", content), content))
        service.clock.advance(hours=1)
    return service


def damage(service, clip_id, content=b"clip ?!"):
    versions = service.context.objects._versions[f"clips/{clip_id}/original"]
    before, versions[0].data = versions[0].data, content
    return before


def test_a_share_is_read_each_day_and_those_unread_longest_come_first(kept):
    order = []
    for _ in range(5):
        result = check_fixity(kept.context, percent=20)
        again = check_fixity(kept.context, percent=20)
        assert (result.run.checked, result.is_over, again.run) == (1, True, None)
        with kept.context.unit_of_work() as work:
            order += [check.clip_id for check, _ in work.fixity.checks_of(result.run.id)]
        kept.clock.advance(days=1)

    assert order == kept.clip_ids


def test_every_clip_is_read_within_ninety_days_whatever_is_set(kept):
    for _ in range(90):
        check_fixity(kept.context, percent=1)
        kept.clock.advance(days=1)

    with kept.context.unit_of_work() as work:
        assert work.fixity.count_due(kept.clock.now() - timedelta(days=90)) == 0


def test_the_budget_of_bytes_ends_a_day_and_one_clip_is_read_all_the_same(kept):
    object.__setattr__(kept.context.settings, "fixity_budget_gib", 15 / 1024**3)
    two = check_fixity(kept.context, percent=100)
    kept.clock.advance(days=1)
    object.__setattr__(kept.context.settings, "fixity_budget_gib", 1 / 1024**3)
    one = check_fixity(kept.context, percent=100)

    assert (two.run.checked, two.is_over) == (2, True)
    assert (one.run.checked, one.is_over) == (1, True)


def test_reading_is_held_to_its_rate(kept):
    object.__setattr__(kept.context.settings, "fixity_mib_per_s", 7 / 1024**2)
    began_at = kept.clock.now()

    check_fixity(kept.context, percent=100)

    assert kept.clock.now() - began_at == timedelta(seconds=5)


def test_a_changed_clip_is_put_into_quarantine_and_no_person_lifts_it(kept):
    damage(kept, kept.clip_ids[2])

    result = check_fixity(kept.context, percent=100)

    clip = kept.clip(kept.clip_ids[2])
    assert (result.failed, result.run.failed, clip.quarantine) == ((clip.id,), 1, "fixity_failed")
    assert kept.chain(clip.id)[-1] == "fixity.failed"
    with pytest.raises(QuarantineFinalError):
        decide_quarantine(kept.context, clip.id, QuarantineDecision.LIFT, reason="it looks right", actor=kept.administrator)
    assert reconcile(kept.context).new == []


@pytest.mark.parametrize(("content", "found"), [(b"short", "5 bytes"), (None, "missing")])
def test_it_is_said_what_was_found(kept, content, found):
    key = f"clips/{kept.clip_ids[0]}/original"
    if content is None:
        kept.context.objects._versions.pop(key)
    else:
        damage(kept, kept.clip_ids[0], content)

    result = check_fixity(kept.context, percent=100)

    with kept.context.unit_of_work() as work:
        assert [check.found for check, _ in work.fixity.checks_of(result.run.id) if not check.is_good] == [found]


def test_a_clip_that_was_repaired_leaves_the_quarantine_with_the_mark_it_had_before(kept):
    clip_id = kept.clip_ids[1]
    right = damage(kept, clip_id)
    check_fixity(kept.context, percent=20)
    check_fixity(kept.context, percent=100)
    kept.clock.advance(days=1)
    damage(kept, clip_id, right)

    result = check_fixity(kept.context, percent=20)

    with kept.context.unit_of_work() as work:
        assert [check.clip_id for check, _ in work.fixity.checks_of(result.run.id)] == [clip_id]
        assert work.findings.count_open() == {}
    assert kept.clip(clip_id).quarantine is None
    assert kept.chain(clip_id)[-2:] == ["fixity.failed", "fixity.restored"]
    assert reconcile(kept.context).new == []


def test_a_version_that_the_store_never_gives_fails_and_a_store_that_is_away_does_not(kept, monkeypatch):
    objects = kept.context.objects
    read = objects.read
    broken = {f"clips/{kept.clip_ids[0]}/original"}

    def give(key, version_id, **where):
        if key in broken or "all" in broken:
            raise StoreUnavailableError("object store", "read: InternalError")
        return read(key, version_id, **where)

    monkeypatch.setattr(objects, "read", give)
    unreadable = check_fixity(kept.context, percent=20)
    broken.add("all")
    with pytest.raises(StoreUnavailableError):
        check_fixity(kept.context, percent=100)

    assert unreadable.failed == (kept.clip_ids[0],)
    assert [kept.clip(clip_id).quarantine for clip_id in kept.clip_ids[1:]] == [None] * 4


def test_a_run_that_was_killed_is_summed_up_by_the_next_and_nothing_is_read_twice(kept, monkeypatch):
    class KilledError(Exception):
        pass

    check_clip = module.check_clip
    left = [1, 2]

    def dies_at_the_third(*arguments):
        if not left:
            raise KilledError
        left.pop()
        return check_clip(*arguments)

    monkeypatch.setattr(module, "check_clip", dies_at_the_third)
    with pytest.raises(KilledError):
        check_fixity(kept.context, percent=100)
    monkeypatch.setattr(module, "check_clip", check_clip)
    rest = check_fixity(kept.context, percent=100)

    assert rest.run.checked == 3
    with kept.context.unit_of_work() as work:
        assert work.fixity.count_read(kept.clock.now() - timedelta(days=1)) == (5, 35)
        assert work.fixity.unsummed(since=kept.clock.now() - timedelta(days=1)) == []


def test_a_long_share_is_read_in_turns(kept):
    object.__setattr__(kept.context.settings, "fixity_mib_per_s", 7 / 1024**2 / 300)  # five minutes a clip

    result = check_fixity(kept.context, percent=100, most=module.A_TURN)

    assert (result.run.checked, result.is_over) == (2, False)


def test_the_daily_job_goes_on_until_the_share_is_read(kept):
    object.__setattr__(kept.context.settings, "fixity_percent", 100)
    object.__setattr__(kept.context.settings, "fixity_mib_per_s", 7 / 1024**2 / 300)
    waiting = []
    for _ in range(3):
        check_fixity_daily(kept.context)
        with kept.context.unit_of_work() as work:
            waiting.append(work.jobs.count_waiting("store.check_fixity"))
            assert work.findings.newest_fixity_run() is not None

    assert waiting[0] == 1
    with kept.context.unit_of_work() as work:
        assert work.fixity.count_read(kept.clock.now() - timedelta(days=1))[0] == 5


def test_a_run_is_one_event_with_a_root_over_the_clips_it_read(kept):
    result = check_fixity(kept.context, percent=40)

    with kept.context.unit_of_work() as work:
        ((row, _),) = work.custody.chain("fixity", result.run.id)
    event = parse_event(row.canonical)
    first, second = (leaf_hash(clip_id.bytes) for clip_id in kept.clip_ids[:2])
    assert (event.action, event.details["checked"], event.details["failed"]) == ("fixity.checked", 2, 0)
    assert event.details["root"] == node_hash(first, second).hex() == root_of_checked(kept.clip_ids[:2])
