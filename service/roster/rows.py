"""A roster as it is handed over: facts with the days they hold from and until (both included, Asia/Shanghai)."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from evidence_store.models.agency import AgencyLevel
from evidence_store.models.officer import CertificateState, DutyState
from evidence_store.models.recorder import RecorderState

Code = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[^/\x00-\x1f]+$")]
Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]+$")]
FIRST_DAY = date(1950, 1, 1)
"""What is told without a first day holds from this one."""
Day = Annotated[date, Field(ge=FIRST_DAY, le=date(2200, 12, 31))]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AgencyFacts(_Row):
    """An agency and the one above it; without one it hangs below the top agency."""

    code: Code
    name: Name
    level: AgencyLevel
    parent: Code | None = None


class PostFacts(_Row):
    """Where an officer serves."""

    agency: Code
    is_front_line: bool = True
    duty_state: DutyState = DutyState.ON_DUTY
    valid_from: Day
    valid_until: Day | None = None


class StatusFacts(_Row):
    """A change of a certificate's state, with the document that ordered it."""

    state: CertificateState
    since: Day
    reason: Name
    document_number: Name


class CertificateFacts(_Row):
    """A certificate and what became of it."""

    number: Code
    valid_from: Day
    valid_until: Day
    changes: tuple[StatusFacts, ...] = ()


class OfficerCodeFacts(_Row):
    """A number that recorders carry, and the days on which it means this officer."""

    code: Code
    valid_from: Day
    valid_until: Day | None = None


class OfficerFacts(_Row):
    """An officer with posts, certificates and the numbers recorders carried for them; ``code`` is the present one."""

    code: Code
    name: Name
    posts: tuple[PostFacts, ...] = ()
    certificates: tuple[CertificateFacts, ...] = ()
    codes: tuple[OfficerCodeFacts, ...] = ()


class RecorderStatusFacts(_Row):
    """A change of a recorder's state."""

    state: RecorderState
    since: Day


class AssignmentFacts(_Row):
    """Who has a recorder."""

    officer: Code
    is_exclusive: bool = True
    valid_from: Day
    valid_until: Day | None = None


class RecorderFacts(_Row):
    """A recorder, what became of it, and who has it."""

    serial: Code
    model: Annotated[str, Field(max_length=120)] = ""
    agency: Code
    changes: tuple[RecorderStatusFacts, ...] = ()
    assignments: tuple[AssignmentFacts, ...] = ()


class Roster(_Row):
    """Everything that is handed over at once."""

    agencies: tuple[AgencyFacts, ...] = Field(default=(), max_length=20_000)
    officers: tuple[OfficerFacts, ...] = Field(default=(), max_length=500_000)
    recorders: tuple[RecorderFacts, ...] = Field(default=(), max_length=500_000)
