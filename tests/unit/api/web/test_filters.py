from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web.clips.filters import ClipForm, read_form
from integrity.receipt import ClipState
from service.errors import UnacceptableValueError


def test_an_empty_form_asks_for_everything():
    wanted = read_form({"officer": "", "state": "", "text": "  "}).filter()

    assert {getattr(wanted, name) for name in type(wanted).__dataclass_fields__} == {None}
    assert ClipForm().address() == "/clips"


def test_every_field_narrows():
    case_id = UUID("01a20bcd-882d-7940-82a9-da7fe128767d")
    query = {
        "officer": "000001",
        "recorder": "ZF00001",
        "recorded_from": "2026-11-24T08:00",
        "recorded_until": "2026-11-24T08:00:30+09:00",
        "case": str(case_id),
        "state": "sealed",
        "quarantined": "false",
        "text": "a",
    }

    wanted = read_form(query).filter()

    assert (wanted.officer_code, wanted.recorder_serial, wanted.text, wanted.case_id) == ("000001", "ZF00001", "a", case_id)
    assert wanted.recorded_from == datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
    assert wanted.recorded_until == datetime(2026, 11, 23, 23, 0, 30, tzinfo=UTC)
    assert (wanted.state, wanted.is_quarantined) == (ClipState.SEALED, False)


@pytest.mark.parametrize("query", [{"recorded_from": "yesterday"}, {"case": "1"}, {"state": "lost"}, {"text": "a\0b"}, {"officer": "1" * 600}])
def test_a_field_of_no_sense_is_refused_by_name(query):
    with pytest.raises(UnacceptableValueError) as refusal:
        read_form(query).filter()

    assert refusal.value.field == next(iter(query))


TYPED = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=500)


@given(st.dictionaries(st.sampled_from(["officer", "recorder", "text", "agency"]), TYPED))
def test_an_address_leads_back_to_the_same_form(query):
    form = read_form(query)

    assert read_form(dict(parse_qsl(urlsplit(form.address("cursor")).query))) == form
