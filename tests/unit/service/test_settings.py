import pytest

from service.settings import SettingsError, read_settings

VALID = {
    "BODYCAM_DATABASE_URL": "postgresql+psycopg://application:secret-word@127.0.0.1/bodycam",
    "BODYCAM_STORE_ENDPOINT": "127.0.0.1:8333",
    "BODYCAM_STORE_ACCESS_KEY": "access",
    "BODYCAM_STORE_SECRET_KEY": "secret",
    "BODYCAM_KEYS_DIR": "keys",
}


@pytest.fixture
def environment(monkeypatch):
    def set_variables(**changes):
        for name, value in {**VALID, **changes}.items():
            monkeypatch.setenv(name, value)

    return set_variables


def test_settings_come_from_the_environment(environment):
    environment()

    assert read_settings().retention_days == 180


def test_a_name_that_no_setting_has_is_refused(environment):
    environment(BODYCAM_BUKET="evidence")

    with pytest.raises(SettingsError, match="BODYCAM_BUKET is not a setting"):
        read_settings()


def test_a_variable_of_the_dock_is_the_docks_affair(environment):
    environment(BODYCAM_DOCK_TOKEN="token")

    assert read_settings().store_bucket == "evidence"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BODYCAM_RETENTION_DAYS", "179"),
        ("BODYCAM_RETENTION_DAYS", "none"),
        ("BODYCAM_RECORDER_TIME_ZONE", "Mars/Olympus"),
        ("BODYCAM_PUBLIC_URL", "http://evidence.example"),
        ("BODYCAM_PUBLIC_URL", "ftp://127.0.0.1"),
        ("BODYCAM_REREAD_PERCENT", "101"),
        ("BODYCAM_REQUIRED_COPIES", "3"),
        ("BODYCAM_WORKER_CONCURRENCY", "0"),
    ],
)
def test_a_value_out_of_its_bounds_is_refused_by_name(environment, name, value):
    environment(**{name: value})

    with pytest.raises(SettingsError, match=name):
        read_settings()


def test_what_is_missing_is_named_all_at_once(monkeypatch):
    for name in VALID:
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(SettingsError) as refused:
        read_settings()

    assert {problem.partition(":")[0] for problem in refused.value.problems} == set(VALID)


def test_a_secret_stands_in_no_message(environment):
    environment(BODYCAM_RETENTION_DAYS="1")

    with pytest.raises(SettingsError) as refused:
        read_settings()

    assert "secret-word" not in str(refused.value)
    assert "secret-word" not in repr(refused.value.__cause__.__class__)


def test_docks_reach_the_store_as_the_service_does_unless_told_otherwise(environment):
    environment()
    assert read_settings().public_store == ("127.0.0.1:8333", True)

    environment(BODYCAM_STORE_PUBLIC_ENDPOINT="store.example:443", BODYCAM_STORE_SECURE="false", BODYCAM_STORE_PUBLIC_SECURE="true")
    assert read_settings().public_store == ("store.example:443", True)


SECOND = {"BODYCAM_SECOND_STORE_ENDPOINT": "other.example:9000", "BODYCAM_SECOND_STORE_ACCESS_KEY": "a", "BODYCAM_SECOND_STORE_SECRET_KEY": "b"}


def test_two_copies_are_asked_for_as_soon_as_there_is_a_second_store(environment):
    environment()
    assert read_settings().required_copies == 1
    environment(**SECOND)
    assert read_settings().required_copies == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"BODYCAM_REQUIRED_COPIES": "2"}, "needs a second store"),
        ({**SECOND, "BODYCAM_REQUIRED_COPIES": "1"}, "with a second store it is 2"),
        ({"BODYCAM_SECOND_STORE_BUCKET": "elsewhere"}, "BODYCAM_SECOND_STORE_ENDPOINT"),
        ({name: SECOND[name] for name in list(SECOND)[:2]}, "BODYCAM_SECOND_STORE_SECRET_KEY"),
        ({**SECOND, "BODYCAM_SECOND_STORE_ENDPOINT": VALID["BODYCAM_STORE_ENDPOINT"].upper()}, "another failure domain"),
    ],
    ids=["two copies in one store", "one copy in two stores", "a bucket alone", "half a credential", "the same endpoint"],
)
def test_a_second_store_is_whole_and_another_one(environment, changes, reason):
    environment(**changes)

    with pytest.raises(SettingsError, match=reason):
        read_settings()
