import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from service.coverage_outlook.webhooks import next_try, sign

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


def test_the_signature_is_over_the_time_and_the_body():
    expected = hmac.new(b"secret", b'1795483800.{"a":1}', hashlib.sha256).hexdigest()

    assert sign(b"secret", NOW, b'{"a":1}') == f"t=1795483800,v1={expected}"


def test_tries_become_rarer_and_then_daily():
    waits = [next_try(attempts, NOW) - NOW for attempts in range(1, 8)]

    assert waits == [
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=6),
        *[timedelta(days=1)] * 2,
    ]
