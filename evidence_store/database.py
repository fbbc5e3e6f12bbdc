"""The engine, and the translation of its errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import errors as pg_errors
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from evidence_store.errors import ConflictingRowError, StoreUnavailableError, UnstorableValueError

POOL_SIZE = 10
POOL_OVERFLOW = 20
CONNECT_TIMEOUT_S = 5


def make_engine(url: str) -> Engine:
    """Build the engine of one process; connections are checked before use and speak UTC.

    Args:
        url: SQLAlchemy URL, ``postgresql+psycopg://user:password@host:port/database``.
    """
    return create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "options": "-c timezone=UTC -c lock_timeout=30s"},
    )


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn the driver's exceptions into the store's own.

    Raises:
        ConflictingRowError: A constraint or trigger refused a row.
        UnstorableValueError: A value has no form in the database.
        StoreUnavailableError: The database cannot be reached, or gave up on a lock or deadlock; the transaction is gone.
    """
    try:
        yield
    except IntegrityError as error:
        raise ConflictingRowError(_constraint_name(error)) from error
    except DataError as error:
        raise UnstorableValueError(_first_line(error.orig or error)) from error
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise StoreUnavailableError("database", _first_line(error)) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailableError("database", _first_line(error)) from error
        if isinstance(error.orig, pg_errors.RaiseException):
            raise ConflictingRowError(_first_line(error.orig)) from error
        raise


def _constraint_name(error: IntegrityError) -> str:
    if isinstance(error.orig, pg_errors.Error) and error.orig.diag.constraint_name:
        return error.orig.diag.constraint_name
    return _first_line(error)


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0]
