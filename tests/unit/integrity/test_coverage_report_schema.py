import copy
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from integrity.canonical import canonical_bytes
from integrity.coverage_report import parse_report
from integrity.errors import MalformedValueError
from tests.report_builders import NAMES, make_report, signed

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/formats/coverage-report.schema.json").read_text())
DOCUMENT = json.loads(signed(make_report(names=NAMES)))
VALIDATOR = Draft202012Validator(SCHEMA)


def changed(*path, value=None):
    """The document with one member put otherwise, or without it."""
    document = copy.deepcopy(DOCUMENT)
    *way, last = path
    place = document
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return document


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("document", [DOCUMENT, json.loads(signed())], ids=["names", "no names"])
def test_what_is_signed_fits_the_schema(document):
    assert list(VALIDATOR.iter_errors(document)) == []


@pytest.mark.parametrize(
    "document",
    [
        changed("signature"),
        changed("more", value=1),
        changed("report", "format", value="bodycam-coverage-report/2"),
        changed("report", "made_at", value="2026-10-31T16:10:00Z"),
        changed("report", "snapshot", "kind", value="weekly"),
        changed("report", "snapshot", "roster_sha256", value="AB" * 32),
        changed("report", "snapshot", "is_late", value=1),
        changed("report", "figures", value=[]),
        changed("report", "figures", 0, "numerator", value=-1),
        changed("report", "figures", 0, "numerator", value="3"),
        changed("report", "figures", 0, "level", value="village"),
        changed("report", "figures", 0, "gap", value={"No Recorder": 1}),
        changed("report", "figures", 0, "beside"),
        changed("report", "figures", 0, "colour", value="red"),
        changed("report", "replaces", value="1"),
        changed("report", "names", 0, "reason"),
        changed("report", "proof", "path", value=["ab"]),
        changed("report", "reporter", "agency", value=""),
    ],
)
def test_schema_and_reader_refuse_the_same(document):
    assert not VALIDATOR.is_valid(document)
    with pytest.raises(MalformedValueError):
        parse_report(canonical_bytes(document))
