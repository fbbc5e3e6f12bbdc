import pytest

from service.cli.serve import main


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "evidence.example"])
def test_beyond_loopback_nothing_is_served_in_the_clear(host, capsys):
    assert main(["--host", host]) == 1

    assert "takes --tls-certificate and --tls-key" in capsys.readouterr().err


def test_an_option_that_does_not_exist_is_a_usage_error(capsys):
    assert main(["--nonsense"]) == 2


def test_missing_settings_are_said_before_anything_starts(capsys, monkeypatch):
    monkeypatch.setenv("BODYCAM_NONSENSE", "1")

    assert main([]) == 1

    assert "BODYCAM_NONSENSE is not a setting" in capsys.readouterr().err
