import json
import logging

from hypothesis import given
from hypothesis import strategies as st

from service.cli.structured_log import JsonFormatter


@given(st.text())
def test_whatever_is_logged_is_one_line_of_json(text):
    record = logging.LogRecord("service", logging.INFO, "", 0, "%s", (text,), None)
    record.clip_id = text

    line = JsonFormatter().format(record)

    assert "\n" not in line
    assert json.loads(line)["event"] == json.loads(line)["clip_id"] == text
