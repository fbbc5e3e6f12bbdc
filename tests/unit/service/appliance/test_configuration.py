import pytest

from service.appliance.configuration import configure, read_environment
from service.appliance.data_directory import DataDirectory
from service.appliance.errors import ApplianceError, UnreadableDirectoryError
from service.appliance.listening import Address, Tls, decide_listening


@pytest.fixture
def directory(tmp_path):
    return DataDirectory.open(tmp_path / "data")


@pytest.fixture
def listening():
    return decide_listening(Address("127.0.0.1", 8000))


def test_everything_drawn_is_the_same_at_every_start(directory, listening):
    first = configure(directory, listening, is_demo=False)
    second = configure(directory, listening, is_demo=False)

    assert second == first
    assert second.service_environment() == first.service_environment()


def test_what_is_secret_may_be_read_by_its_owner_only(directory, listening):
    configure(directory, listening, is_demo=False)

    assert {path.stat().st_mode & 0o777 for path in directory.root.glob("*.json")} == {0o600}


def test_the_dock_learns_no_password_of_database_or_store(directory, listening):
    configuration = configure(directory, listening, is_demo=False)

    given = "\n".join(configuration.dock_environment().values())

    for secret in (*directory_secrets(configuration), configuration.credentials.administrator.password):
        assert secret not in given
    assert configuration.credentials.dock.token in given


def test_the_service_does_not_learn_the_owners_password(directory, listening):
    configuration = configure(directory, listening, is_demo=False)

    assert configuration.postgresql.passwords.owner not in "\n".join(configuration.service_environment().values())
    assert configuration.postgresql.passwords.owner in configuration.migration_environment()["BODYCAM_MIGRATION_DATABASE_URL"]


def test_passwords_do_not_show_when_a_configuration_is_printed(directory, listening):
    configuration = configure(directory, listening, is_demo=False)

    for secret in (*directory_secrets(configuration), configuration.credentials.dock.token, configuration.credentials.reviewer.password):
        assert secret not in repr(configuration)


def test_the_operators_other_settings_reach_the_service_and_the_docks_reach_the_dock(directory, listening, monkeypatch):
    monkeypatch.setenv("BODYCAM_SITE_NAME", "North station")
    monkeypatch.setenv("BODYCAM_DOCK_UPLOADS", "8")
    configuration = configure(directory, listening, is_demo=False)

    assert configuration.service_environment()["BODYCAM_SITE_NAME"] == "North station"
    assert "BODYCAM_DOCK_UPLOADS" not in configuration.service_environment()
    assert configuration.dock_environment()["BODYCAM_DOCK_UPLOADS"] == "8"
    assert "BODYCAM_SITE_NAME" not in configuration.dock_environment()


def test_a_setting_that_the_appliance_decides_is_refused(directory, listening, monkeypatch):
    monkeypatch.setenv("BODYCAM_DATABASE_URL", "postgresql+psycopg://elsewhere/bodycam")

    with pytest.raises(ApplianceError, match="BODYCAM_DATABASE_URL"):
        configure(directory, listening, is_demo=False)


def test_nothing_else_of_the_environment_reaches_a_child(directory, listening, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "1")

    assert "SECRET_OF_THE_SHELL" not in configure(directory, listening, is_demo=False).service_environment()


@pytest.mark.parametrize("was_demo", [True, False])
def test_a_demonstration_and_real_evidence_never_share_a_directory(directory, listening, was_demo):
    configure(directory, listening, is_demo=was_demo)

    with pytest.raises(ApplianceError, match="choose another directory"):
        configure(directory, listening, is_demo=not was_demo)


def test_docks_elsewhere_reach_the_store_by_its_public_address_over_tls(directory, tmp_path):
    tls = Tls(tmp_path / "certificate.pem", tmp_path / "key.pem", tmp_path / "authority.pem")
    listening = decide_listening(Address("192.0.2.7", 8443), tls=tls)
    configuration = configure(directory, listening, is_demo=False)

    environment = configuration.service_environment()

    assert environment["BODYCAM_STORE_PUBLIC_ENDPOINT"] == "192.0.2.7:8444"
    assert environment["BODYCAM_STORE_PUBLIC_SECURE"] == "true"
    assert environment["BODYCAM_STORE_SECURE"] == "false"
    assert configuration.dock_environment()["BODYCAM_DOCK_CA_FILE"] == str(tls.authority)


def test_a_command_finds_the_settings_of_an_installation(directory, listening):
    configuration = configure(directory, listening, is_demo=False)

    environment = read_environment(directory.root)

    assert environment["BODYCAM_DATABASE_URL"] == configuration.postgresql.application_url
    assert all(name.startswith("BODYCAM_") for name in environment)


def test_a_directory_without_an_installation_is_named(tmp_path):
    with pytest.raises(ApplianceError, match="bodycam up"):
        read_environment(tmp_path)


@pytest.mark.parametrize("content", ["{", '{"administrator": {}}', '{"administrator": {}, "reviewer": {}, "dock": {}}'])
def test_broken_credentials_are_named(directory, listening, content):
    directory.credentials.write_text(content)

    with pytest.raises(UnreadableDirectoryError, match=r"credentials\.json"):
        configure(directory, listening, is_demo=False)


def directory_secrets(configuration):
    passwords = configuration.postgresql.passwords
    return passwords.superuser, passwords.owner, passwords.application, configuration.seaweedfs.secret_key
