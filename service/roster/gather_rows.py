"""Rows of sheets, gathered into a roster: each row is a fact of its own, and where it stood is kept for whatever is wrong with it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from service.roster.columns import ASSIGNMENTS, CERTIFICATES, OFFICERS, RECORDERS
from service.roster.faults import About, Fault, Place
from service.roster.read_rows import RowReader, SheetRow
from service.roster.rows import (
    AssignmentFacts,
    CertificateFacts,
    OfficerFacts,
    PostFacts,
    RecorderFacts,
    RecorderStatusFacts,
    Roster,
    StatusFacts,
    WipeFacts,
)

_CODES = {
    "greater_than_equal": "day_out_of_bounds",
    "less_than_equal": "day_out_of_bounds",
    "string_too_long": "text_too_long",
    "string_too_short": "needed",
    "string_pattern_mismatch": "bad_characters",
    "missing": "needed",
}
"""What pydantic calls a fault."""
_COLUMN_OF = {
    "code": "officer",
    "number": "certificate",
    "serial": "recorder",
    "method": "wipe_method",
}
"""Columns whose field has another name."""
Facts = TypeVar("Facts", bound=BaseModel)


class Gathering:
    """A roster in the making.

    Args:
        reader: Keeps what is wrong.
    """

    def __init__(self, reader: RowReader) -> None:
        self._reader = reader
        self._officers: dict[str, OfficerFacts] = {}
        self._posts: dict[str, list[PostFacts]] = {}
        self._terms: dict[tuple[str, str, Any], tuple[CertificateFacts, list[StatusFacts]]] = {}
        self._recorders: dict[str, RecorderFacts] = {}
        self._states: dict[str, list[RecorderStatusFacts]] = {}
        self._assignments: dict[str, list[AssignmentFacts]] = {}
        self._rows: dict[About, SheetRow] = {}

    def add(self, row: SheetRow) -> None:
        """Take one row."""
        {
            OFFICERS.name: self._add_officer,
            CERTIFICATES.name: self._add_certificate,
            RECORDERS.name: self._add_recorder,
            ASSIGNMENTS.name: self._add_assignment,
        }[row.sheet.name](row)

    def roster(self) -> Roster:
        """Everything that was told."""
        certificates: dict[str, list[CertificateFacts]] = {}
        for (_, code, _), (term, changes) in self._terms.items():
            certificates.setdefault(code, []).append(term.model_copy(update={"changes": tuple(changes)}))
        for code in certificates:
            self._officers.setdefault(code, OfficerFacts(code=code))
        for serial in self._assignments:
            self._recorders.setdefault(serial, RecorderFacts(serial=serial))
        officers = (
            one.model_copy(update={"posts": tuple(self._posts.get(code, ())), "certificates": tuple(certificates.get(code, ()))})
            for code, one in self._officers.items()
        )
        recorders = (
            one.model_copy(update={"changes": tuple(self._states.get(serial, ())), "assignments": tuple(self._assignments.get(serial, ()))})
            for serial, one in self._recorders.items()
        )
        return Roster(officers=tuple(officers), recorders=tuple(recorders))

    def located(self, fault: Fault) -> Fault:
        """Say where in the file a fault stands, as near as it can be told."""
        row = self._rows.get(fault.about)
        if row is None or fault.place is not None:
            return fault
        heading = next((heading for name in fault.fields if (heading := row.sheet.heading(name))), "")
        return replace(fault, place=Place(row.title, row.number, heading))

    def place_of(self, about: About) -> Place | None:
        """Where a fact or subject was told last."""
        row = self._rows.get(about)
        return row.place() if row is not None else None

    def _add_officer(self, row: SheetRow) -> None:
        officer = self._build(OfficerFacts, row, {"code": row.values.get("officer"), "name": row.values.get("name")})
        if officer is None:
            return
        known = self._officers.get(officer.code)
        if known is not None and None not in {known.name, officer.name} and known.name != officer.name:
            self._differs(row, "name", About("officer", (officer.code,)))
        if known is None or known.name is None:
            self._officers[officer.code] = officer
        self._rows[About("officer", (officer.code,))] = row
        if row.values.keys() - {"officer", "name"}:
            self._add_post(row, officer.code)
        elif officer.name is None:
            self._reader.blame("row_tells_nothing", row.place())

    def _add_post(self, row: SheetRow, code: str) -> None:
        if not self._needs(row, "agency", "is_front_line", "duty_state", "valid_from"):
            return
        post = self._build(PostFacts, row, {**_taken(row, "officer", "name"), "is_front_line": row.values["is_front_line"] == "yes"})
        if post is not None:
            self._posts.setdefault(code, []).append(post)
            self._rows[About("officer_post", (code, post.valid_from))] = row

    def _add_certificate(self, row: SheetRow) -> None:
        if not self._needs(row, "certificate", "officer", "valid_from", "valid_until"):
            return
        tells_state = bool(row.values.keys() & {"state", "since", "document_number", "reason"})
        holder = self._build(OfficerFacts, row, {"code": row.values["officer"]})
        told = {"number": row.values["certificate"], "valid_from": row.values["valid_from"], "valid_until": row.values["valid_until"]}
        term = self._build(CertificateFacts, row, {**told, "withdrawn": _is_withdrawn(row) and not tells_state})
        if term is None or holder is None:
            return
        key, about = (term.number, holder.code, term.valid_from), About("certificate_term", (term.number, term.valid_from))
        if key in self._terms and not tells_state:
            self._reader.blame("told_twice", row.place("certificate"), about, count="2")
        elif key in self._terms and self._terms[key][0].valid_until != term.valid_until:
            self._differs(row, "valid_until", about)
        self._terms.setdefault(key, (term, []))
        self._rows[about] = self._rows[About("certificate", (term.number,))] = row
        self._rows.setdefault(About("officer", (holder.code,)), row)
        if tells_state and self._needs(row, "state", "since", "document_number", "reason"):
            status = self._build(StatusFacts, row, _taken(row, "certificate", "officer", "valid_from", "valid_until"))
            if status is not None:
                self._terms[key][1].append(status)
                self._rows[About("certificate_status", (term.number, status.since))] = row

    def _add_recorder(self, row: SheetRow) -> None:
        told = {name: value for name, value in row.values.items() if name in {"model", "agency", "agency_since"}}
        recorder = self._build(RecorderFacts, row, {"serial": row.values.get("recorder"), **told})
        if recorder is None:
            return
        about = About("recorder", (recorder.serial,))
        known = self._recorders.get(recorder.serial, recorder)
        for name in told:
            if getattr(known, name) and getattr(known, name) != getattr(recorder, name):
                self._differs(row, name, about)
        self._recorders[recorder.serial] = known.model_copy(update={name: getattr(recorder, name) for name in told})
        self._rows[about] = row
        if row.values.keys() - {"recorder", *told}:
            self._add_state(row, recorder.serial)
        elif not told:
            self._reader.blame("row_tells_nothing", row.place())

    def _add_state(self, row: SheetRow, serial: str) -> None:
        if not self._needs(row, "state", "since"):
            return
        values, wipe = _taken(row, "recorder", "model", "agency", "agency_since", "wipe_method", "wipe_document", "wiped_on"), None
        if row.values.keys() & {"wipe_method", "wipe_document", "wiped_on"}:
            if not self._needs(row, "wipe_method", "wipe_document", "wiped_on"):
                return
            told = {"method": row.values["wipe_method"], "document_number": row.values["wipe_document"], "wiped_on": row.values["wiped_on"]}
            wipe = self._build(WipeFacts, row, told)
            if wipe is None:
                return
        status = self._build(RecorderStatusFacts, row, {**values, "wipe": wipe})
        if status is not None:
            self._states.setdefault(serial, []).append(status)
            self._rows[About("recorder_status", (serial, status.since))] = row

    def _add_assignment(self, row: SheetRow) -> None:
        if not self._needs(row, "recorder", "officer", "is_exclusive", "valid_from"):
            return
        recorder = self._build(RecorderFacts, row, {"serial": row.values["recorder"]})
        values = {**_taken(row, "recorder"), "is_exclusive": row.values["is_exclusive"] == "yes"}
        assignment = self._build(AssignmentFacts, row, values)
        if recorder is not None and assignment is not None:
            self._assignments.setdefault(recorder.serial, []).append(assignment)
            self._rows[About("assignment", (recorder.serial, assignment.officer, assignment.valid_from))] = row
            self._rows.setdefault(About("recorder", (recorder.serial,)), row)
            self._rows.setdefault(About("officer", (assignment.officer,)), row)

    def _build(self, model: type[Facts], row: SheetRow, values: Mapping[str, Any]) -> Facts | None:
        try:
            return model.model_validate({name: value for name, value in values.items() if value is not None})
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_input=False, include_context=False):
                column = str(fault["loc"][0]) if fault["loc"] else ""
                self._reader.blame(_CODES.get(fault["type"], "unacceptable"), row.place(_COLUMN_OF.get(column, column)))
            return None

    def _needs(self, row: SheetRow, *columns: str) -> bool:
        missing = [name for name in columns if name not in row.values]
        for name in missing:
            self._reader.blame("needed", row.place(name))
        return not missing

    def _differs(self, row: SheetRow, column: str, about: About) -> None:
        before = self._rows.get(about)
        self._reader.blame("rows_differ", row.place(column), about, row=str(before.number) if before else "")


def _is_withdrawn(row: SheetRow) -> bool:
    return row.values.get("withdrawn") == "yes"


def _taken(row: SheetRow, *left_out: str) -> dict[str, Any]:
    """A row's values as fields of a fact, but for those that are left out."""
    values: dict[str, Any] = {name: value for name, value in row.values.items() if name not in left_out}
    return {**values, "withdrawn": _is_withdrawn(row)}
