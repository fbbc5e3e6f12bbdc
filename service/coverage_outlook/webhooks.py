"""Tells webhooks of alarms, signed, until they have taken it: after 1, 5 and 30 minutes, 2 and 6 hours, then daily, for seven days."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from evidence_store.models import WebhookDelivery
from service.context import ServiceContext
from service.elsewhere import WebhookElsewhere
from service.jobs import job
from service.outgoing import OutgoingFailedError, OutgoingRefusedError, OutgoingRequest

SIGNATURE_HEADER = "Bodycam-Signature"
DELIVERY_HEADER = "Bodycam-Delivery"
MOST_AT_ONCE = 200
"""Tellings that one run of the job takes on; the next follows a minute later."""
REMEMBERED = timedelta(days=30)
"""How long what was given up is shown."""
_MOST_SHOWN = 50
_WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))
_DAILY = timedelta(days=1)
_LONGEST_FAILURE = 300


@dataclass(frozen=True, slots=True)
class WebhookState:
    """How the tellings of all webhooks are.

    Attributes:
        waiting: How many have not been taken yet.
        oldest_at: When the oldest of them was made, UTC.
        given_up: Those of the last 30 days that nobody took in seven days, newest first, 50 at most.
    """

    waiting: int
    oldest_at: datetime | None
    given_up: tuple[WebhookDelivery, ...]


@job("coverage.webhooks")
def deliver_webhooks(context: ServiceContext) -> None:
    """Send every telling that is due; a webhook that fails is left alone until the next run."""
    failing: set[str] = set()
    for _ in range(MOST_AT_ONCE):
        delivery_id = _take_on(context, failing)
        if delivery_id is None:
            return
        webhook = _send(context, delivery_id)
        if webhook is not None:
            failing.add(webhook)


def read_webhooks(context: ServiceContext) -> WebhookState:
    """Tell how the tellings are."""
    with context.unit_of_work() as work:
        waiting, oldest_at = work.webhooks.waiting()
        given_up = work.webhooks.given_up(since=context.clock.now() - REMEMBERED, most=_MOST_SHOWN)
    return WebhookState(waiting, oldest_at, tuple(given_up))


def sign(secret: bytes, moment: datetime, body: bytes) -> str:
    """The signature header of a body: HMAC-SHA-256 over its time in whole seconds since 1970, a full stop, and the body."""
    seconds = int(moment.timestamp())
    return f"t={seconds},v1={hmac.digest(secret, f'{seconds}.'.encode() + body, 'sha256').hex()}"


def next_try(attempts: int, now: datetime) -> datetime:
    """When a telling is tried again that was tried so many times, UTC."""
    return now + (_WAITS[attempts - 1] if attempts <= len(_WAITS) else _DAILY)


def _take_on(context: ServiceContext, failing: set[str]) -> UUID | None:
    """Count a try before it is made, so that one that dies on the way is tried again at its time and by nobody before."""
    now = context.clock.now()
    with context.unit_of_work() as work:
        delivery = work.webhooks.next_due(now, but_not=failing)
        if delivery is None:
            return None
        delivery.attempts += 1
        delivery.next_try_at = next_try(delivery.attempts, now)
        return delivery.id


def _send(context: ServiceContext, delivery_id: UUID) -> str | None:
    """Send one telling; the webhook's name when it was not taken."""
    with context.unit_of_work() as work:
        delivery = work.webhooks.get(delivery_id)
        if delivery is None:
            return None
        name, body = delivery.webhook, delivery.body.encode()
    failure = _post(context, name, delivery_id, body)
    with context.unit_of_work() as work:
        done = work.webhooks.get(delivery_id)
        if done is not None:
            done.failure = failure
            done.delivered_at = None if failure else context.clock.now()
    return name if failure else None


def _post(context: ServiceContext, name: str, delivery_id: UUID, body: bytes) -> str | None:
    """Why a webhook did not take it; ``None`` when it did."""
    webhook = next((one for one in context.settings.webhooks if one.name == name), None)
    if webhook is None:
        return "not among the settings any more"
    try:
        answer = context.outgoing.post(_request(context, webhook, delivery_id, body))
    except (OutgoingFailedError, OutgoingRefusedError, OSError) as error:
        return str(error)[:_LONGEST_FAILURE]
    return None if answer.status // 100 == 2 else f"answered {answer.status}"


def _request(context: ServiceContext, webhook: WebhookElsewhere, delivery_id: UUID, body: bytes) -> OutgoingRequest:
    secret = webhook.secret_file.read_bytes().strip()
    headers = {
        "Content-Type": "application/json",
        SIGNATURE_HEADER: sign(secret, context.clock.now(), body),
        DELIVERY_HEADER: str(delivery_id),
    }
    return OutgoingRequest(webhook.url, body, headers, ca_file=webhook.ca_file)
