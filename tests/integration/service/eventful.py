"""A life in which everything happens that the records can tell: for those who compare or rebuild them."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from evidence_store.actor import Role
from evidence_store.models import SnapshotEdition
from integrity.hashing import Digests
from integrity.listing import ClockReading, DockClock, RecorderIdentity
from integrity.provenance import SourceKind, StatedFile
from service.accounts.manage_accounts import NewAccount, add_account
from service.accounts.sessions import who_holds
from service.accounts.sign_in import sign_in
from service.cases.link_clips import link_clip, unlink_clip
from service.cases.open_case import open_case
from service.clips.categorise_clip import Category, categorise_clip
from service.clips.claim_clip import claim_clip
from service.clips.view_clip import open_media, view_clip
from service.coverage.freeze import WantedEdition, freeze
from service.coverage.measure import cut_off, day_of
from service.custody.export_log import export_log
from service.docks.adopt_recorder import adopt_recorder, end_adoption
from service.docks.credentials import which_dock
from service.docks.register_dock import set_keep_on_recorder
from service.imports.open_import import Missing, NewImport, close_import, open_import
from service.imports.state_files import state_files
from service.ingest.announce_files import announce_files
from service.ingest.end_session import end_lost_sessions, end_session, report_failure, report_progress
from service.ingest.grant_upload import grant_upload
from service.ingest.open_session import PluggingIn, open_session
from service.ingest.quarantine import QuarantineDecision, decide_quarantine
from service.ingest.release_clip import order_releases, report_releases
from service.ingest.reread_clip import Reread, reread_clip
from service.ingest.set_recorder_clock import ClockSetting, record_clock_setting
from service.roster.apply_import import import_roster
from service.roster.confirm_roster import confirm_roster
from service.roster.pool_checkouts import check_in, check_out
from service.roster.rows import Roster
from service.safekeeping.check_fixity import check_fixity
from service.safekeeping.probe_lock import probe_lock
from tests.builders import IDENTITY, make_file, make_listing
from tests.service_fixtures import PASSWORD

ROSTER = {
    "agencies": [{"code": "01", "name": "示范市", "level": "city"}, {"code": "0101", "name": "示范县", "level": "county", "parent": "01"}],
    "officers": [
        {"code": f"{number:06}", "name": f"示范人员 {number}", "posts": [{"agency": "01", "valid_from": "2024-01-01"}]} for number in (1, 2)
    ],
    "recorders": [
        {"serial": "ZF00001", "agency": "01", "assignments": [{"officer": "000001", "valid_from": "2024-01-01"}]},
        {"serial": "ZF00009", "agency": "0101"},
        {"serial": "ZF00042", "agency": "01"},
    ],
}
NAMELESS = replace(IDENTITY, serial=None, officer_code=None, volume_id="CAFE0001")
POOL = replace(IDENTITY, serial="ZF00009", officer_code=None)
STRANGER = replace(IDENTITY, serial="ZF09999", officer_code="777777")


def live(service):
    """Let everything happen once, then seal it and lay the log into the store."""
    for chapter in (_people, _moves, _docking, _docking_again, _pool, _adoption, _contested, _import, _case, _quarantine, _lost, _figures):
        chapter(service)
        service.clock.advance(minutes=7)
    check_fixity(service.context, percent=100)
    settle(service)


def settle(service):
    """Seal what waits and export the log."""
    service.seal()
    export_log(service.context)


def _people(service):
    import_roster(service.context, Roster.model_validate(ROSTER), actor=service.administrator)
    add_account(service.context, NewAccount("one", PASSWORD, Role.DUTY_OFFICER, "01", "000001"), actor=service.administrator)
    service.officer = who_holds(service.context, sign_in(service.context, "one", PASSWORD).token)


def _moves(service):
    """An agency takes another name, a recorder goes elsewhere and comes back, and the month is confirmed."""
    renamed = [
        {"code": "0101", "name": "示范县", "level": "county", "parent": "01", "valid_until": "2026-01-31"},
        {"code": "0101", "name": "示范新县", "level": "county", "parent": "0", "valid_from": "2026-02-01"},
    ]
    gone = {"serial": "ZF00042", "agency": "0101", "agency_since": "2026-02-01"}
    back = {"serial": "ZF00042", "agency": "01", "agency_since": "2026-03-01"}
    for roster in ({"agencies": renamed, "recorders": [gone]}, {"recorders": [back]}, {"recorders": [{**gone, "agency_since": "2026-04-01"}]}):
        import_roster(service.context, Roster.model_validate(roster), actor=service.administrator)
    confirm_roster(service.context, actor=service.administrator)


def _docking(service):
    """Five files: one sealed, one short, one unreadable, one empty, one begun and never finished; the sealed one is removed from the recorder."""
    set_keep_on_recorder(service.context, service.dock_id, keep=False, actor=service.administrator)
    probe_lock(service.context)
    session_id = uuid4()
    clock = ClockReading("2026-11-24T09:30:05", service.clock.now(), 5.25, 0.5)
    dock_clock = DockClock(service.clock.now(), -0.125, 0.01, is_synchronised=True)
    condition = {"battery_percent": 80, "card_free_bytes": 10**12}
    plugged = PluggingIn("slot 1", "test", 1, IDENTITY, clock, dock_clock, condition, service.clock.now() - timedelta(seconds=9))
    open_session(service.context, session_id, plugged, dock=service.dock)
    names = ("20261124_081500_IMP.MP4", "B.MP4", "C.MP4", "D.MP4", "E.MP4")
    files = [make_file(f"DCIM/{name}", content) for name, content in zip(names, (b"footage", b"too long", b"x", b"", b"half"), strict=True)]
    announced = service.announce(session_id, *files)
    setting = ClockSetting(service.clock.now(), service.clock.now(), ClockReading("2026-11-24T09:30:00", service.clock.now(), 0.25, 0.5))
    record_clock_setting(service.context, session_id, setting, dock=service.dock)
    report_progress(service.context, session_id, {"percent": 50}, dock=service.dock)
    service.upload(session_id, announced[0].clip_id, b"foot", b"age")
    service.upload(session_id, announced[1].clip_id, b"short")
    failure = {"code": "read_error", "detail": "sector 9", "read_bytes": 0}
    report_failure(service.context, session_id, announced[2].clip_id, failure=failure, dock=service.dock)
    service.upload(session_id, announced[3].clip_id)
    grant_upload(service.context, session_id, announced[4].clip_id, dock=service.dock)
    end_session(service.context, session_id, "finished", dock=service.dock)
    service.seal(*(announced[number].clip_id for number in (0, 1, 3)))
    order_releases(service.context, session_id, dock=service.dock)
    gone = announced[0].clip_id
    report_releases(service.context, session_id, {gone: None}, remaining=make_listing(*files[1:]), dock=service.dock)
    service.released, service.short = gone, announced[1].clip_id


def _docking_again(service):
    """The same recorder, compared in full: one file reads the same, the content of another is found to differ."""
    service.kept = service.dock_one(make_file("DCIM/K.MP4", b"kept"), b"kept")
    service.changed = service.dock_one(make_file("DCIM/L.MP4", b"once"), b"once")
    object.__setattr__(service.context.settings, "reread_percent", 100)
    session_id = service.open()
    service.announce(session_id, make_file("DCIM/K.MP4", b"kept"), make_file("DCIM/L.MP4", b"once"))
    reread_clip(service.context, session_id, service.kept, reread=Reread(4, Digests.of(b"kept")), dock=service.dock)
    other = reread_clip(service.context, session_id, service.changed, reread=Reread(4, Digests.of(b"0nce")), dock=service.dock)
    service.upload(session_id, other.clip_id, b"0nce")
    end_session(service.context, session_id, "unplugged", dock=service.dock)
    service.seal(other.clip_id)


def _pool(service):
    check_out(service.context, "ZF00009", officer_code="000002", actor=service.administrator)
    service.dock_one(make_file("DCIM/P.MP4", b"pool", modified="2026-11-24T09:50:00"), b"pool", identity=POOL)
    check_in(service.context, "ZF00009", actor=service.administrator)
    check_out(service.context, "ZF00009", officer_code="000001", actor=service.administrator)


def _adoption(service):
    first = service.open(NAMELESS)
    service.announce(first, make_file("DCIM/N.MP4"), identity=NAMELESS)
    adoption_id = adopt_recorder(service.context, first, "ZF00042", reason="外壳铭牌核对", actor=service.administrator)
    service.dock_one(make_file("DCIM/O.MP4", b"adopted"), b"adopted", identity=NAMELESS)
    end_adoption(service.context, adoption_id, reason="卡已更换", actor=service.administrator)
    adopt_recorder(service.context, first, "ZF00042", reason="换回", actor=service.administrator)


def _contested(service):
    """Two recorders say they are the same, at two docks at one time."""
    first = service.open(STRANGER)
    (one,) = service.announce(first, make_file("DCIM/Q.MP4", b"whose"), identity=STRANGER)
    before, service.dock = service.dock, service.another_dock()
    service.open(STRANGER)
    service.dock = before
    service.upload(first, one.clip_id, b"whose")
    service.seal(one.clip_id)
    service.contested = one.clip_id


def _import(service):
    reviewer = service.people[Role.REVIEWER]
    credential = open_import(service.context, NewImport(SourceKind.VENDOR_EXPORT, "某公司", "调取证据通知书 2026-7"), actor=reviewer)
    files = [make_file("a/20260102_030405.MP4", b"brought"), make_file("a/copy.MP4", b"kept"), make_file("a/wrong.MP4", b"wrong")]
    stated = {
        files[0].path_raw_base64: StatedFile(serial="ZF00001", officer_code="000001", recorded_at="2026-01-02T03:04:05", remark="所附"),
        files[2].path_raw_base64: StatedFile(digest_algorithm="md5", digest="0" * 32),
    }
    state_files(service.context, credential.import_id, stated, actor=reviewer)
    before, service.dock = service.dock, which_dock(service.context, credential.token)
    identity = RecorderIdentity("import", volume_label=str(credential.import_id))
    session_id = uuid4()
    open_session(service.context, session_id, PluggingIn("folder", "test", 1, identity, None), dock=service.dock)
    answers = announce_files(service.context, session_id, make_listing(*files, identity=identity), dock=service.dock)
    for answer, content in zip(answers, (b"brought", b"kept", b"wrong"), strict=True):
        if answer.action == "reread":
            reread = Reread(len(content), Digests.of(content))
            answer = reread_clip(service.context, session_id, answer.clip_id, reread=reread, dock=service.dock)  # noqa: PLW2901 - as a dock does
        if answer.action == "upload":
            service.upload(session_id, answer.clip_id, content)
    end_session(service.context, session_id, "finished", dock=service.dock)
    service.seal(answers[0].clip_id, answers[2].clip_id)
    service.dock = before
    close_import(service.context, credential.import_id, Missing(1, ("b.MP4",)), actor=reviewer)
    service.brought = answers[0].clip_id


def _case(service):
    reviewer = service.people[Role.REVIEWER]
    case_id = open_case(service.context, number="2026-1", title="某案", actor=reviewer, agency_code="01")
    open_case(service.context, number="2026-1", title="同号", actor=reviewer)
    for clip_id in (service.kept, service.changed):
        link_clip(service.context, case_id, clip_id, purpose="证据", actor=reviewer)
    unlink_clip(service.context, case_id, service.kept, reason="无关", actor=reviewer)
    service.clock.advance(seconds=3)
    link_clip(service.context, case_id, service.kept, purpose="有关", actor=reviewer)
    view_clip(service.context, service.kept, actor=reviewer, purpose="核对")
    open_media(service.context, service.kept, actor=reviewer).enter(is_download=True, is_resumed=False)


def _quarantine(service):
    reviewer = service.people[Role.REVIEWER]
    for decision, clip_id in ((QuarantineDecision.KEEP, service.short), (QuarantineDecision.LIFT, service.contested)):
        decide_quarantine(service.context, clip_id, decision, reason="核实", actor=service.administrator)
    claim_clip(service.context, service.contested, officer_code="000002", reason="本人佩戴", actor=service.administrator)
    for category in (Category.OTHER, Category.CASE_EVIDENCE):
        categorise_clip(service.context, service.brought, category, reason="核对", actor=reviewer)


def _lost(service):
    """A dock falls silent with a file that nobody has read back, and speaks again."""
    session_id = service.open(POOL)
    (announced,) = service.announce(session_id, make_file("DCIM/R.MP4", b"late"), identity=POOL)
    service.upload(session_id, announced.clip_id, b"late")
    service.clock.advance(minutes=6)
    end_lost_sessions(service.context)
    end_session(service.context, session_id, "failed", dock=service.dock)


def _figures(service):
    """Yesterday's coverage is frozen, and closed."""
    yesterday = day_of(service.clock.now()) - timedelta(days=1)
    first = freeze(service.context, WantedEdition(yesterday, SnapshotEdition.FIRST, cut_off(yesterday)))
    freeze(service.context, WantedEdition(yesterday, SnapshotEdition.LATE_PAPERWORK, service.clock.now(), first))
