from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest

from evidence_store.object_store.memory import MemoryObjectStore
from integrity.checkpoint import verifier_key
from service.cli import coverage, snapshots
from service.coverage.freeze import freeze_due
from service.coverage.measure import cut_off
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.service_fixtures import running_service

DAY = date(2026, 12, 31)


@pytest.fixture
def service(tmp_path, database, monkeypatch):
    with running_service(tmp_path, database, MemoryObjectStore(), started_at=datetime(2026, 12, 30, 3, tzinfo=UTC)) as made:
        certificate = {"number": "C1", "valid_from": "2024-01-01", "valid_until": "2029-12-31"}
        officer = {"code": "000001", "name": "示范人员 1", "posts": [{"agency": "0", "valid_from": "2024-01-01"}], "certificates": [certificate]}
        import_roster(made.context, Roster.model_validate({"officers": [officer]}), actor=made.administrator)
        made.clock.time = cut_off(DAY) + timedelta(minutes=10)
        freeze_due(made.context)

        @contextmanager
        def opened(_data):
            yield made.context

        monkeypatch.setattr(coverage, "opened_context", opened)
        monkeypatch.setattr(snapshots, "opened_context", opened)
        yield made


def key_of(service):
    return verifier_key(service.context.log_signer.name, service.context.log_signer.public_key)


def report(folder, *more):
    return coverage.main(["report", "--day", str(DAY), "--out", str(folder / "report.json"), *more])


def verify(file, key):
    return coverage.main(["verify", str(file), "--key", key])


def test_a_report_goes_out_as_a_file_with_workbook_and_document_and_is_checked_without_the_installation(service, tmp_path, capsys):
    service.seal()

    status = report(tmp_path, "--names", "--xlsx", str(tmp_path / "r.xlsx"), "--pdf", str(tmp_path / "r.pdf"))

    assert status == 0
    assert (tmp_path / "r.xlsx").read_bytes().startswith(b"PK")
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
    assert verify(tmp_path / "report.json", key_of(service)) == 0
    assert "0 of 1" in capsys.readouterr().out


def test_a_figure_that_is_not_sealed_yet_is_not_reported(service, tmp_path, capsys):
    assert report(tmp_path) == 1
    assert "not sealed yet" in capsys.readouterr().err
    assert not (tmp_path / "report.json").exists()


def test_another_key_a_changed_file_and_no_report_are_told_apart(service, tmp_path, capsys):
    service.seal()
    report(tmp_path)
    file, other = tmp_path / "report.json", verifier_key("other.example/log", bytes(32))

    assert verify(file, other) == 3
    file.write_bytes(file.read_bytes().replace(b'"denominator":1', b'"denominator":2'))
    assert verify(file, key_of(service)) == 3
    file.write_bytes(file.read_bytes()[:-1])
    assert verify(file, key_of(service)) == 2
    assert verify(tmp_path / "nothing.json", key_of(service)) == 2


def test_an_unknown_sub_command_is_told(capsys):
    assert coverage.main(["nonsense"]) == 2
    assert "report" in capsys.readouterr().err


def test_a_snapshot_freezes_what_is_due_and_proves_all_of_them(service, capsys):
    service.clock.advance(days=1)

    assert coverage.main(["snapshot", "--prove"]) == 0

    made, *proved = capsys.readouterr().out.splitlines()
    assert made.startswith("2027-01-01 (daily, first): 0 of 1, roster sha256:")
    assert [line.rpartition(": ")[2] for line in proved] == ["proved"] * 3


def test_a_figure_whose_file_is_gone_is_named(service, capsys):
    service.context.objects._versions.clear()

    assert coverage.main(["snapshot", "--prove"]) == 1
    assert "ITS FILE IS GONE" in capsys.readouterr().out
