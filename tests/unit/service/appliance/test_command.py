import signal
import sys

import pytest

from service.appliance import command
from service.appliance.command import main
from service.appliance.errors import UnsafeListeningError
from tests.certificates import make_certificate


class ClosedPipe:
    def write(self, text):
        raise BrokenPipeError

    def flush(self):
        raise BrokenPipeError


@pytest.fixture
def certificate(tmp_path):
    return make_certificate(tmp_path, "127.0.0.1")


def options(*arguments):
    return command._parser().parse_args(["--data", "x", "--port", "8443", *arguments])


def test_nobody_reading_the_progress_ends_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stdout", ClosedPipe())

    assert command._report("starting") is None


def test_certificate_and_key_of_one_server_are_taken(certificate):
    taken = command._tls(options("--tls-certificate", str(certificate.certificate), "--tls-key", str(certificate.key)))

    assert taken.certificate == certificate.certificate.resolve()
    assert taken.authority is None


@pytest.mark.parametrize("arguments", [("--tls-certificate", "{certificate}"), ("--tls-key", "{key}")])
def test_one_of_certificate_and_key_is_not_enough(certificate, arguments):
    given = [argument.format(certificate=certificate.certificate, key=certificate.key) for argument in arguments]

    with pytest.raises(UnsafeListeningError, match="belong together"):
        command._tls(options(*given))


@pytest.mark.parametrize("broken", ["certificate", "key"])
def test_files_that_are_no_certificate_and_key_are_refused_before_anything_starts(certificate, broken):
    getattr(certificate, broken).write_text("not PEM")

    with pytest.raises(UnsafeListeningError, match="PEM"):
        command._tls(options("--tls-certificate", str(certificate.certificate), "--tls-key", str(certificate.key)))


def test_the_key_of_another_certificate_is_refused(certificate, tmp_path):
    (tmp_path / "other").mkdir()
    other = make_certificate(tmp_path / "other", "127.0.0.1")

    with pytest.raises(UnsafeListeningError, match="KEY_VALUES_MISMATCH"):
        command._tls(options("--tls-certificate", str(certificate.certificate), "--tls-key", str(other.key)))


def test_a_missing_file_is_named(certificate):
    with pytest.raises(UnsafeListeningError, match=r"gone\.pem"):
        command._tls(options("--tls-certificate", "gone.pem", "--tls-key", str(certificate.key)))


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_what_is_no_port_is_refused(port, tmp_path, capsys):
    with pytest.raises(SystemExit) as refusal:
        main(["--data", str(tmp_path / "data"), "--port", port])

    assert refusal.value.code == 2
    assert "--port" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_a_directory_that_cannot_be_made_ends_with_one_line(tmp_path, capsys):
    (tmp_path / "file").touch()

    assert main(["--data", str(tmp_path / "file"), "--port", "8000"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
