"""Whose rows an actor may see, as SQL."""

from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from evidence_store.actor import Scope
from evidence_store.models import Agency


def within_agencies(column: InstrumentedAttribute[Any], scope: Scope) -> ColumnElement[bool]:
    """Rows whose agency is the scope's or below it."""
    return column.in_(select(Agency.id).where(Agency.path.startswith(scope.agency_path, autoescape=True)))
