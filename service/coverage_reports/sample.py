"""A sample of officers for an audit, drawn by a public seed from the roster behind a frozen figure, with every fact behind each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.coverage_facts import FactsAt
from evidence_store.models import Agency, CoverageSnapshot
from evidence_store.repositories.supporting_facts import SupportingFact
from evidence_store.unit_of_work import UnitOfWork
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.coverage.errors import SnapshotNotFoundError
from service.coverage.freeze import roster_lines
from service.coverage.measure import find_agency, tree_at
from service.coverage.rate import figures_by_agency, new_after
from service.coverage.roster_file import RosterLine, digest_roster
from service.coverage_reports.draw import Drawing, rank_of
from service.documents.sheet import Column, Sheet, Value
from service.errors import UnacceptableValueError
from service.language import Texts

MOST_DRAWN = 500
MOST_SEED_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class WantedSample:
    """What is to be drawn.

    Attributes:
        snapshot_id: The frozen figure.
        seed: Any text that nobody could know when the roster was frozen.
        count: How many officers.
        agency_code: Only those who count at it or below; the asker's own agency when not given.
    """

    snapshot_id: UUID
    seed: str
    count: int
    agency_code: str | None = None


@dataclass(frozen=True, slots=True)
class DrawnOfficer:
    """One officer of the sample.

    Attributes:
        line: The officer as the frozen roster has them.
        rank: SHA-256 of seed and number, hexadecimal.
        facts: What was known of them.
    """

    line: RosterLine
    name: str
    rank: str
    facts: tuple[SupportingFact, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """What was drawn.

    Attributes:
        population: Officers that could have been drawn.
        roster_sha256: Digest of the roster as made again from the facts; it is the frozen one when `is_unchanged`.
    """

    snapshot: CoverageSnapshot
    agency: Agency
    seed: str
    population: int
    roster_sha256: str
    drawn: tuple[DrawnOfficer, ...]

    @property
    def is_unchanged(self) -> bool:
        """Whether the facts still give the roster that was frozen, so that the sample is of it."""
        return self.roster_sha256 == self.snapshot.roster_sha256


def draw_sample(context: ServiceContext, wanted: WantedSample, *, actor: Actor) -> Sample:
    """Draw officers from the roster behind a frozen figure.

    Raises:
        NotPermittedError: This role may not.
        UnacceptableValueError: The seed is empty or too long, or too many are asked for.
        SnapshotNotFoundError: There is no such figure.
        UnknownAgencyError: No such agency within the actor's.
    """
    require(Action.READ_COVERAGE, actor)
    if not 0 < len(wanted.seed) <= MOST_SEED_CHARACTERS:
        raise UnacceptableValueError("seed", f"1 to {MOST_SEED_CHARACTERS} characters")
    if not 0 < wanted.count <= MOST_DRAWN:
        raise UnacceptableValueError("count", f"1 to {MOST_DRAWN}")
    with context.unit_of_work() as work:
        agency = find_agency(work, wanted.agency_code, actor=actor)
        snapshot = work.snapshots.get(wanted.snapshot_id)
        if snapshot is None:
            raise SnapshotNotFoundError(str(wanted.snapshot_id))
        at = FactsAt(snapshot.day, snapshot.known_until)
        own = figures_by_agency(work.coverage.groups(at, new_after=new_after(at.day)))
        tree = tree_at(work, at, serving=own.keys(), asked=agency)
        within = {tree.node(one).code for one in tree.within(agency.id)}
        drawing = Drawing(wanted.seed, wanted.count)
        digest = digest_roster(drawing.passing(roster_lines(work, at, tree), within))
        return Sample(snapshot, agency, wanted.seed, drawing.population, digest, _drawn(work, at, drawing.drawn(), wanted.seed))


def _drawn(work: UnitOfWork, at: FactsAt, lines: list[RosterLine], seed: str) -> tuple[DrawnOfficer, ...]:
    codes = [line.officer for line in lines]
    names = work.supporting_facts.names(codes)
    facts: dict[str, list[SupportingFact]] = {code: [] for code in codes}
    for fact in work.supporting_facts.of(codes, at):
        facts[fact.officer].append(fact)
    return tuple(DrawnOfficer(line, names[line.officer], rank_of(seed, line.officer), tuple(facts[line.officer])) for line in lines)


def sample_sheet(sample: Sample, t: Texts) -> Sheet:
    """A sample as a table: one row for each fact, so that each can be compared with its document."""
    kinds = ("number", "text", "text", "text", "text", "text", "text", "text", "day", "day", "text", "text", "instant", "text", "text", "text")
    columns = [Column(t(f"sample.{name}"), kind, width=18) for name, kind in zip(_COLUMNS, kinds, strict=True)]  # type: ignore[arg-type]  # each is a Kind
    rows: list[Sequence[Value]] = []
    for number, one in enumerate(sample.drawn, start=1):
        verdict = t("sample.equipped") if one.line.reason is None else t.of_code("coverage.gap_reason", one.line.reason)
        known = (number, one.line.officer, one.name, one.line.agency, verdict)
        rows += [(*known, *_spelled(fact, t), one.rank) for fact in one.facts]
    return Sheet(t("sample.sheet"), columns, rows)


_COLUMNS = (
    "number",
    "officer",
    "name",
    "agency",
    "verdict",
    "kind",
    "subject",
    "what",
    "valid_from",
    "valid_until",
    "document_number",
    "reason",
    "recorded_at",
    "change",
    "made_by",
    "rank",
)


def _spelled(fact: SupportingFact, t: Texts) -> tuple[Value, ...]:
    change = str(fact.change_id) if fact.change_id else ""
    when = (fact.valid_from, fact.valid_until)
    source = (fact.document_number, fact.reason, fact.recorded_at, change, fact.made_by or "")
    return (t.of_code("sample.fact", fact.kind), fact.subject, what_of(fact, t), *when, *source)


def what_of(fact: SupportingFact, t: Texts) -> str:
    """What a fact says, in words."""
    return " ".join(t.of_code("sample.said", word) for word in fact.what.split())
