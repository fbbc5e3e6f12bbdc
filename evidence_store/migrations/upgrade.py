"""Bring a database to this release's tables, and give the application's role what it may do."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection, create_engine, text

from evidence_store.database import translated_errors
from evidence_store.errors import StoreError

INSERT_ONLY = (
    "custody_event",
    "custody_leaf",
    "merkle_node",
    "checkpoint",
    "timestamp_receipt",
    "log_export",
    "log_key",
    "cosignature",
    "lock_probe_run",
    "log_audit_run",
    "reconcile_run",
    "fixity_run",
    "fixity_check",
    "evidence_package",
    "evidence_package_clip",
    "evidence_package_file",
    "evidence_package_seal",
    "roster_change",
    "roster_confirmation",
    "recorder_use",
    "coverage_snapshot",
    "coverage_figure",
    "report_sent",
    "report_received",
)
"""Tables the application may add to and read, never change."""
ONLY_SUPERSEDED = (
    "agency_place",
    "agency_succession",
    "officer_post",
    "officer_code",
    "certificate_term",
    "certificate_status",
    "recorder_place",
    "recorder_status",
    "assignment",
    "coverage_target",
)
"""Tables of facts: the application may add to them, and say of a row that it is superseded."""
_LOCK = 0x626F6479  # "body": one migration at a time


class SharedRoleError(StoreError):
    """The application would run with the owner's rights, and could then rewrite the custody log."""

    def __init__(self, role: str) -> None:
        super().__init__(f"the application's database role must not be the owner {role!r}; give it a role of its own")
        self.role = role


def upgrade(owner_url: str, application_role: str) -> str:
    """Apply every migration that is missing, then set the application role's rights anew.

    Args:
        owner_url: SQLAlchemy URL of the role that owns the tables.
        application_role: Existing role that API and worker connect as.

    Returns:
        The revision the database is at.

    Raises:
        SharedRoleError: Both roles are the same.
        StoreUnavailableError: The database cannot be reached.
    """
    engine = create_engine(owner_url)
    try:
        with translated_errors(), engine.connect() as connection:
            owner = connection.execute(text("SELECT current_user")).scalar_one()
            if owner == application_role:
                raise SharedRoleError(application_role)
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            connection.commit()
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            _grant(connection, application_role)
            connection.commit()
            return str(MigrationContext.configure(connection).get_current_revision())
    finally:
        engine.dispose()


def newest_revision() -> str:
    """Name of the last migration of this release."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def _grant(connection: Connection, role: str) -> None:
    name = sql.Identifier(role)
    statements = [
        sql.SQL(statement).format(role=name)
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}",
            "REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}",
        )
    ]
    statements += [
        sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}").format(table=sql.Identifier(table), role=name)
        for table in (*INSERT_ONLY, *ONLY_SUPERSEDED)
    ]
    statements += [
        sql.SQL("GRANT UPDATE (superseded_at, superseded_by) ON {table} TO {role}").format(table=sql.Identifier(table), role=name)
        for table in ONLY_SUPERSEDED
    ]
    for statement in statements:
        connection.exec_driver_sql(statement.as_string())
