import psycopg
import pytest

from evidence_store.embedded.errors import EmbeddedServerError
from evidence_store.embedded.postgresql import APPLICATION_ROLE, OWNER_ROLE


def query(url, statement):
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return connection.execute(statement).fetchone()


def test_owner_and_application_are_different_roles(postgresql):
    assert query(postgresql.server.owner_url, "SELECT current_user") == (OWNER_ROLE,)
    assert query(postgresql.server.application_url, "SELECT current_user") == (APPLICATION_ROLE,)


def test_the_application_cannot_make_tables(postgresql):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        query(postgresql.server.application_url, "CREATE TABLE smuggled (id int)")


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes", "data_checksums"])
def test_what_keeps_committed_rows_through_a_power_cut_is_on(postgresql, setting):
    assert query(postgresql.server.owner_url, f"SHOW {setting}") == ("on",)


def test_a_wrong_password_is_refused(postgresql):
    url = postgresql.server.application_url.replace(postgresql.server.passwords.application, "wrong")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        query(url, "SELECT 1")


def test_provisioning_again_changes_nothing(postgresql):
    postgresql.server.provision()

    assert query(postgresql.server.application_url, "SELECT 1") == (1,)


def test_a_second_server_on_the_same_data_is_refused(postgresql):
    with pytest.raises(EmbeddedServerError, match="already runs"):
        postgresql.server.program({})


def test_text_is_unicode_and_sorts_by_code_point(postgresql):
    assert query(postgresql.server.owner_url, "SELECT current_setting('server_encoding'), 'B' COLLATE \"default\" < 'a'") == ("UTF8", True)
