"""The search form: what its fields say, as a filter and as an address."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from evidence_store.models import ClipFilter
from integrity.receipt import ClipState
from service.errors import UnacceptableValueError
from service.ingest.kinds import ClipKind
from service.language import DISPLAY_ZONE

_LONGEST = 512
_YES_NO = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class ClipForm:
    """The fields as they were typed; empty means any. Times are of Asia/Shanghai unless they carry an offset."""

    officer: str = ""
    recorder: str = ""
    agency: str = ""
    recorded_from: str = ""
    recorded_until: str = ""
    case: str = ""
    state: str = ""
    quarantined: str = ""
    key: str = ""
    kind: str = ""
    imported: str = ""
    text: str = ""

    def address(self, cursor: str | None = None) -> str:
        """Address of this search, or of its page after a cursor."""
        given = {name: value for name, value in asdict(self).items() if value}
        if cursor:
            given["cursor"] = cursor
        return f"/clips?{urlencode(given)}" if given else "/clips"

    def filter(self) -> ClipFilter:
        """What the search asks for; the agency is looked up by the use case.

        Raises:
            UnacceptableValueError: A field makes no sense.
        """
        return ClipFilter(
            officer_code=self.officer or None,
            recorder_serial=self.recorder or None,
            recorded_from=_moment("recorded_from", self.recorded_from),
            recorded_until=_moment("recorded_until", self.recorded_until),
            case_id=_case(self.case),
            state=_state(self.state),
            is_quarantined=_YES_NO.get(self.quarantined),
            is_key=_YES_NO.get(self.key),
            kind=_kind(self.kind),
            is_imported=_YES_NO.get(self.imported),
            text=self.text or None,
        )


def read_form(query: Mapping[str, str]) -> ClipForm:
    """Read the form from an address.

    Raises:
        UnacceptableValueError: A field is too long or holds a NUL, which no database text does.
    """
    values = {name: query.get(name, "").strip() for name in ClipForm.__dataclass_fields__}
    for name, value in values.items():
        if len(value) > _LONGEST or "\0" in value:
            raise UnacceptableValueError(name, f"at most {_LONGEST} characters, and no NUL")
    return ClipForm(**values)


def _moment(field: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnacceptableValueError(field, "expected a date and a time") from error
    return moment.replace(tzinfo=DISPLAY_ZONE) if moment.tzinfo is None else moment


def _case(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise UnacceptableValueError("case", "expected an id") from error


def _kind(text: str) -> ClipKind | None:
    try:
        return ClipKind(text) if text else None
    except ValueError as error:
        raise UnacceptableValueError("kind", "no such kind") from error


def _state(text: str) -> ClipState | None:
    try:
        return ClipState(text) if text else None
    except ValueError as error:
        raise UnacceptableValueError("state", "no such state") from error
