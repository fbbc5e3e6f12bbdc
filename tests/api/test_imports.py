"""Footage that no dock read: opened, stated, brought, recognised, judged, categorised."""

from uuid import UUID, uuid4

import pytest

from evidence_store.actor import Role
from evidence_store.object_store.keys import manifest_key
from integrity.hashing import Digests, sha256_hex
from integrity.listing import RecorderIdentity
from integrity.manifest import open_manifest
from service.accounts.manage_accounts import NewAccount, add_account
from service.docks.credentials import which_dock
from service.ingest.announce_files import announce_files
from service.ingest.end_session import end_session
from service.ingest.open_session import PluggingIn, open_session
from service.ingest.reread_clip import Reread, reread_clip
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.builders import make_file, make_listing
from tests.service_fixtures import PASSWORD

BODY = {"kind": "vendor_export", "received_from": "某公司", "document": "调取证据通知书 2026-7"}
A, B = b"first film", b"other film"


class Import:
    """One import, brought by hand through the dock protocol's use cases."""

    def __init__(self, api, *, role=Role.REVIEWER, headers=None, **changes) -> None:
        self.api, self.service = api, api.service
        self.headers = headers
        answer = self.ask("POST", "/api/v1/imports", role=role, json={**BODY, **changes})
        assert answer.status_code == 201, answer.text
        self.id = answer.json()["id"]
        self.dock = which_dock(self.service.context, answer.json()["token"])
        self.identity = RecorderIdentity("import", volume_label=self.id)

    def ask(self, method, path, *, role=Role.REVIEWER, **options):
        return self.api.ask(method, path, role=None if self.headers else role, headers=self.headers, **options)

    def state(self, file, **stated):
        return self.ask("PUT", f"/api/v1/imports/{self.id}/statements", json={"files": [{"path_raw_base64": file.path_raw_base64, "stated": stated}]})

    def bring(self, *files_and_contents):
        """Announce, compare or upload as the service says, read back and seal; gives the clips."""
        session_id = uuid4()
        self.service.dock, before = self.dock, self.service.dock
        try:
            open_session(self.service.context, session_id, PluggingIn("folder", "test", 1, self.identity, None), dock=self.dock)
            listing = make_listing(*[file for file, _ in files_and_contents], identity=self.identity)
            answers = announce_files(self.service.context, session_id, listing, dock=self.dock)
            clips = [self._send(session_id, answer, content) for answer, (_, content) in zip(answers, files_and_contents, strict=True)]
            end_session(self.service.context, session_id, "finished", dock=self.dock)
            self.service.seal(*clips)
        finally:
            self.service.dock = before
        return clips

    def _send(self, session_id, answer, content):
        if answer.action == "reread":
            reread = Reread(len(content), Digests.of(content))
            answer = reread_clip(self.service.context, session_id, answer.clip_id, reread=reread, dock=self.dock)
        if answer.action == "upload":
            self.service.upload(session_id, answer.clip_id, content)
        return answer.clip_id


@pytest.fixture
def footage_import(api):
    return Import(api)


def test_imported_footage_says_where_it_comes_from_in_answer_chain_and_manifest(api, footage_import):
    (clip_id,) = footage_import.bring((make_file("DCIM/20260102_030405.MP4", A), A))

    item = api.ask("GET", f"/api/v1/clips/{clip_id}").json()
    assert (item["state"], item["imported"]["document"], item["imported"]["importer"]) == ("sealed", BODY["document"], "reviewer")
    assert item["flags"] == ["imported", "unknown_officer"]
    assert item["recorded_at"] == "2026-01-01T19:04:05Z"
    assert (item["clock_offset_s"], item["corrected_at"]) == (None, None)
    events = api.ask("GET", f"/api/v1/clips/{clip_id}/custody").json()["events"]
    assert events[0]["details"]["imported"]["received_from"] == BODY["received_from"]
    clip, objects = api.service.clip(clip_id), api.service.context.objects
    written = b"".join(objects.read(manifest_key(clip_id), clip.manifest_version))
    manifest = open_manifest(written, api.service.context.manifest_signer.public_key)
    assert manifest.imported.import_id == footage_import.id


def test_a_files_own_time_is_that_of_a_copy_and_counts_for_nothing(api, footage_import):
    (clip_id,) = footage_import.bring((make_file("clip.MP4", A, modified="2026-11-01T00:00:00+00:00"), A))

    item = api.ask("GET", f"/api/v1/clips/{clip_id}").json()
    assert item["recorded_at"] is None
    assert "implausible_time" not in item["flags"]


def test_on_the_image_of_a_card_it_is_the_recorders(api):
    (clip_id,) = Import(api, kind="card_image").bring((make_file("card.img/DCIM/A.MP4", A, modified="2026-11-01T08:00:00"), A))

    assert api.ask("GET", f"/api/v1/clips/{clip_id}").json()["recorded_at"] == "2026-11-01T00:00:00Z"


def test_what_the_source_states_gives_recorder_officer_and_time(api, footage_import):
    facts = {
        "officers": [{"code": "000001", "name": "示范人员", "posts": [{"agency": "0", "valid_from": "2024-01-01"}]}],
        "recorders": [{"serial": "ZF1", "agency": "0", "assignments": [{"officer": "000001", "valid_from": "2024-01-01"}]}],
    }
    import_roster(api.service.context, Roster.model_validate(facts), actor=api.service.administrator)
    file = make_file("a.mp4", A)
    assert footage_import.state(file, serial="ZF1", recorded_at="2026-03-04T05:06:07").status_code == 204

    (clip_id,) = footage_import.bring((file, A))

    item = api.ask("GET", f"/api/v1/clips/{clip_id}").json()
    assert item["recorder"] == {"serial": "ZF1", "is_registered": True}
    assert item["officer"]["code"] == "000001"
    assert item["recorded_at"] == "2026-03-03T21:06:07Z"
    assert item["flags"] == ["imported"]


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sm3"])
def test_a_stated_digest_that_differs_puts_the_clip_in_quarantine_and_it_is_kept(api, footage_import, algorithm):
    file = make_file("a.mp4", A)
    digits = {"md5": 32, "sha1": 40, "sha256": 64, "sm3": 64}[algorithm]
    footage_import.state(file, digest_algorithm=algorithm, digest="0" * digits)

    (clip_id,) = footage_import.bring((file, A))

    item = api.ask("GET", f"/api/v1/clips/{clip_id}").json()
    assert (item["state"], item["quarantine"]) == ("sealed", "stated_digest_differs")
    (event,) = [event for event in api.ask("GET", f"/api/v1/clips/{clip_id}/custody").json()["events"] if event["action"] == "clip.quarantined"]
    assert event["details"]["stated"] == "0" * digits
    (row,) = api.ask("GET", "/api/v1/imports").json()["items"]
    assert row["differing"] == 1


def test_a_stated_digest_that_agrees_leaves_no_mark(api, footage_import):
    file = make_file("a.mp4", A)
    footage_import.state(file, digest_algorithm="sha256", digest=sha256_hex(A))

    (clip_id,) = footage_import.bring((file, A))

    assert api.ask("GET", f"/api/v1/clips/{clip_id}").json()["quarantine"] is None


def test_what_a_recorder_gave_already_is_recognised_by_its_content_and_not_stored_twice(api, footage_import, clip_id):
    content = bytes(range(256)) * 4096

    (found,) = footage_import.bring((make_file("export/renamed.mp4", content), content))

    assert found == clip_id
    events = api.ask("GET", f"/api/v1/clips/{clip_id}/custody").json()["events"]
    assert events[-1]["action"] == "clip.recognised"
    assert events[-1]["details"]["file"]["path"] == "export/renamed.mp4"
    (row,) = api.ask("GET", "/api/v1/imports").json()["items"]
    assert (row["states"], row["recognised"]) == ({}, 1)


def test_content_that_only_looks_alike_is_brought(api, footage_import):
    footage_import.bring((make_file("a.mp4", A), A))
    other = make_file("b.mp4", B, fingerprint=sha256_hex(A))

    (clip_id,) = footage_import.bring((other, B))

    assert api.service.clip(clip_id).sha256 == sha256_hex(B)
    assert api.service.chain(clip_id)[0] == "clip.announced"


def test_two_files_of_one_content_are_both_kept_and_the_second_says_so(api, footage_import):
    first, second = footage_import.bring((make_file("a.mp4", A), A), (make_file("b.mp4", A), A))

    assert first != second
    assert "duplicate_content" in api.service.clip(second).flags
    assert "clip.duplicate_found" in api.service.chain(second)


def test_a_second_run_of_an_import_brings_nothing_twice(api, footage_import):
    first = footage_import.bring((make_file("a.mp4", A), A), (make_file("b.mp4", B), B))
    token = footage_import.ask("POST", f"/api/v1/imports/{footage_import.id}/credential").json()["token"]
    footage_import.dock = which_dock(api.service.context, token)

    assert footage_import.bring((make_file("a.mp4", A), A), (make_file("b.mp4", B), B)) == first


def test_another_agencys_footage_is_neither_recognised_nor_told_of(api, clip_id):
    content = bytes(range(256)) * 4096
    import_roster(
        api.service.context,
        Roster.model_validate({"agencies": [{"code": "01", "name": "示范市甲", "level": "city"}]}),
        actor=api.service.administrator,
    )
    add_account(api.service.context, NewAccount("city", PASSWORD, Role.REVIEWER, "01", None), actor=api.service.administrator)
    token = api.client.post("/api/v1/tokens", json={"username": "city", "password": PASSWORD}).json()["access_token"]
    of_the_city = Import(api, headers={"Authorization": f"Bearer {token}"})

    (brought,) = of_the_city.bring((make_file("x.mp4", content), content))

    assert brought != clip_id
    assert "duplicate_content" not in api.service.clip(brought).flags
    assert of_the_city.ask("GET", f"/api/v1/clips/{clip_id}").status_code == 404


def test_an_officer_of_another_agency_does_not_carry_footage_out_of_the_imports(api):
    facts = {
        "agencies": [{"code": "01", "name": "示范市甲", "level": "city"}, {"code": "02", "name": "示范市乙", "level": "city"}],
        "officers": [{"code": "000002", "name": "示范人员", "posts": [{"agency": "02", "valid_from": "2024-01-01"}]}],
    }
    import_roster(api.service.context, Roster.model_validate(facts), actor=api.service.administrator)
    of_the_city = Import(api, agency="01")
    file = make_file("a.mp4", A)
    of_the_city.state(file, officer_code="000002", recorded_at="2026-03-04T05:06:07")

    (clip_id,) = of_the_city.bring((file, A))

    assert api.ask("GET", f"/api/v1/clips/{clip_id}").json()["agency"]["code"] == "01"


def test_statements_are_not_exchanged(footage_import):
    file = make_file("a.mp4", A)

    assert footage_import.state(file, serial="A1").status_code == 204
    assert footage_import.state(file, serial="A1").status_code == 204
    answer = footage_import.state(file, serial="A2")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/statement-conflict")


@pytest.mark.parametrize(
    "stated",
    [
        {"recorded_at": "yesterday"},
        {"digest_algorithm": "md5"},
        {"digest": "0" * 32},
        {"digest_algorithm": "md5", "digest": "0" * 31},
        {"digest_algorithm": "crc32", "digest": "0" * 8},
        {"serial": "x" * 600},
        {"colour": "red"},
    ],
)
def test_statements_that_make_no_sense_are_refused(footage_import, stated):
    assert footage_import.state(make_file("a.mp4", A), **stated).status_code == 422


@pytest.mark.parametrize("missing", ["received_from", "document"])
def test_from_whom_and_under_which_document_must_be_said(api, missing):
    answer = api.ask("POST", "/api/v1/imports", json={**BODY, missing: "  "})

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unacceptable-value")


def test_a_closed_import_takes_nothing_more_and_names_what_was_missing(api, footage_import):
    path = f"/api/v1/imports/{footage_import.id}"
    assert footage_import.ask("POST", f"{path}/close", json={"missing_count": 1, "missing": ["gone.mp4"]}).status_code == 204

    assert footage_import.ask("POST", f"{path}/credential").json()["type"] == "/problems/import-closed"
    assert footage_import.state(make_file("a.mp4", A), serial="A1").status_code == 409
    with api.service.context.unit_of_work() as work:
        (_, closed) = [event for event, _ in work.custody.chain("import", UUID(footage_import.id))]
    assert b'"missing":["gone.mp4"]' in closed.canonical


@pytest.mark.parametrize("path", ["credential", "close"])
def test_an_import_that_is_not_there_is_not_found(api, path):
    assert api.ask("POST", f"/api/v1/imports/{uuid4()}/{path}", json={}).json()["type"] == "/problems/import-not-found"


def test_nothing_of_an_import_is_ever_released_or_shown_on_the_board(api, footage_import):
    footage_import.bring((make_file("a.mp4", A), A))

    assert api.ask("GET", "/api/v1/docks/sessions", role=Role.ADMINISTRATOR).json()["items"] == []
    answer = api.ask("PATCH", f"/api/v1/docks/{footage_import.dock.id}", role=Role.ADMINISTRATOR, json={"keep_on_recorder": False})
    assert answer.status_code == 404


def test_a_person_must_categorise_before_anything_may_go(api, footage_import):
    (clip_id,) = footage_import.bring((make_file("a.mp4", A), A))
    api.service.clock.advance(days=400)
    api.service._tokens.clear()  # long expired

    before = api.ask("GET", f"/api/v1/clips/{clip_id}/keeping").json()
    answer = api.ask("POST", f"/api/v1/clips/{clip_id}/category", json={"category": "not_relevant", "reason": "空白录像"})
    after = api.ask("GET", f"/api/v1/clips/{clip_id}/keeping").json()

    assert before == {"disposable": False, "reasons": ["uncategorised"]}
    assert answer.status_code == 204
    assert after == {"disposable": True, "reasons": []}
    assert api.service.chain(clip_id)[-1] == "clip.categorised"


def test_a_category_needs_a_reason_and_a_reviewer(api, footage_import):
    (clip_id,) = footage_import.bring((make_file("a.mp4", A), A))
    body = {"category": "other", "reason": "x"}

    assert api.ask("POST", f"/api/v1/clips/{clip_id}/category", json={**body, "reason": " "}).status_code == 422
    assert api.ask("POST", f"/api/v1/clips/{clip_id}/category", json=body, role=Role.ADMINISTRATOR).status_code == 403
    assert api.ask("POST", f"/api/v1/clips/{uuid4()}/category", json=body).status_code == 404


def test_imports_can_be_searched_for(api, footage_import, clip_id):
    (imported,) = footage_import.bring((make_file("a.mp4", A), A))

    def found(value):
        return [item["id"] for item in api.ask("GET", "/api/v1/clips", params={"imported": value}).json()["items"]]

    assert found("true") == [str(imported)]
    assert found("false") == [str(clip_id)]


def test_a_path_that_is_no_base64_is_refused(footage_import):
    answer = footage_import.ask("PUT", f"/api/v1/imports/{footage_import.id}/statements", json={"files": [{"path_raw_base64": "!", "stated": {}}]})

    assert answer.json()["type"] == "/problems/unacceptable-value"
