"""A roster as it is handed over: facts with the days they hold from and until (both included, Asia/Shanghai).

A fact that is told again under the same subject and first day, with another content, corrects what was told before; ``withdrawn`` says that it never
was so. docs/roster-exchange.md describes the whole.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from evidence_store.models.agency import AgencyLevel
from evidence_store.models.officer import CertificateState, DutyState
from evidence_store.models.recorder import RecorderState

Code = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[^/\x00-\x1f]+$")]
Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]+$")]
Words = Annotated[str, Field(max_length=120, pattern=r"^[^\x00-\x1f]*$")]
FIRST_DAY = date(1950, 1, 1)
"""What is told without a first day holds from this one."""
Day = Annotated[date, Field(ge=FIRST_DAY, le=date(2200, 12, 31))]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Fact(_Row):
    withdrawn: bool = False


class SuccessorFacts(_Fact):
    """That another agency took this one over (``merge``), or a part of it (``split``)."""

    agency: Code
    kind: Literal["merge", "split"]
    since: Day
    document_number: Name
    reason: Name


class AgencyFacts(_Fact):
    """An agency and where it stands from a day on, without ``parent`` below the top agency; another place is another entry of the same code."""

    code: Code
    name: Name
    level: AgencyLevel
    parent: Code | None = None
    valid_from: Day = FIRST_DAY
    valid_until: Day | None = None
    document_number: Words = ""
    reason: Words = ""
    successors: tuple[SuccessorFacts, ...] = ()


class PostFacts(_Fact):
    """Where an officer serves."""

    agency: Code
    is_front_line: bool = True
    duty_state: DutyState = DutyState.ON_DUTY
    valid_from: Day
    valid_until: Day | None = None
    document_number: Words = ""
    reason: Words = ""


class StatusFacts(_Fact):
    """A change of a certificate's state, with the document that ordered it."""

    state: CertificateState
    since: Day
    reason: Name
    document_number: Name


class CertificateFacts(_Fact):
    """A certificate and what became of it; the same number from another day on is another term of it."""

    number: Code
    valid_from: Annotated[date, Field(ge=date(1990, 1, 1), le=date(2200, 12, 31))]
    valid_until: Day
    changes: tuple[StatusFacts, ...] = ()


class OfficerCodeFacts(_Fact):
    """A number that recorders carry, and the days on which it means this officer."""

    code: Code
    valid_from: Day
    valid_until: Day | None = None


class OfficerFacts(_Row):
    """An officer with posts, certificates and the numbers recorders carried for them; ``code`` is the present one.

    Attributes:
        name: Needed when the officer is told for the first time.
    """

    code: Code
    name: Name | None = None
    posts: tuple[PostFacts, ...] = ()
    certificates: tuple[CertificateFacts, ...] = ()
    codes: tuple[OfficerCodeFacts, ...] = ()


class WipeFacts(_Row):
    """How a recorder's storage was wiped before it was scrapped."""

    method: Name
    document_number: Name
    wiped_on: Day


class RecorderStatusFacts(_Fact):
    """A change of a recorder's state; ``scrapped`` needs a ``wipe``, and no other state takes one."""

    state: RecorderState
    since: Day
    document_number: Words = ""
    reason: Words = ""
    wipe: WipeFacts | None = None


class AssignmentFacts(_Fact):
    """Who has a recorder."""

    officer: Code
    is_exclusive: bool = True
    valid_from: Day
    valid_until: Day | None = None


class UseFacts(_Row):
    """A day on which a recorder was in use, as another platform (``source``) says."""

    used_on: Day
    source: Name


class RecorderFacts(_Row):
    """A recorder, what became of it, and who has it.

    Attributes:
        agency: Needed when the recorder is told for the first time.
        agency_since: Since when it belongs to ``agency``; the agency before ends the day before. A recorder told for the first time without it has
            always belonged there.
    """

    serial: Code
    model: Annotated[str, Field(max_length=120)] = ""
    agency: Code | None = None
    agency_since: Day | None = None
    changes: tuple[RecorderStatusFacts, ...] = ()
    assignments: tuple[AssignmentFacts, ...] = ()
    uses: tuple[UseFacts, ...] = ()


class TargetFacts(_Fact):
    """What share of its officers an agency is to have equipped on a day."""

    agency: Code
    due_on: Day
    share: Annotated[Decimal, Field(gt=0, le=1, max_digits=7, decimal_places=6)]
    document_number: Name


class Roster(_Row):
    """Everything that is handed over at once."""

    agencies: tuple[AgencyFacts, ...] = Field(default=(), max_length=20_000)
    officers: tuple[OfficerFacts, ...] = Field(default=(), max_length=500_000)
    recorders: tuple[RecorderFacts, ...] = Field(default=(), max_length=500_000)
    targets: tuple[TargetFacts, ...] = Field(default=(), max_length=20_000)
