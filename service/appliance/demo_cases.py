"""Cases of the demonstration, opened and filled as its reviewer would do it, through the use cases."""

from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from evidence_store.actor import Actor
from service.accounts.errors import SignInLockedError, SignInRefusedError
from service.accounts.sessions import who_holds
from service.accounts.sign_in import sign_in, sign_out
from service.appliance.demo_people import MARK
from service.bootstrap import build_context
from service.cases.errors import CaseNumberTakenError
from service.cases.link_clips import link_clip
from service.cases.open_case import open_case, search_cases
from service.context import ServiceContext
from service.settings import read_settings

CASE_AFTER = {8: 1, 20: 2, 40: 3}
"""After which docking which case is opened, with the clips of that docking."""
_PURPOSE = f"调取现场执法记录{MARK}"


def open_demo_case(number: int, clip_ids: Iterable[str], *, username: str, password: str) -> bool:
    """Open a case as a person and link clips to it; done again it changes nothing.

    Args:
        number: The case's.
        clip_ids: What is linked.
        username: The reviewer's.
        password: The one drawn at the first start.

    Returns:
        Whether it was done; not when the reviewer has another password by now.
    """
    context = build_context(read_settings())
    try:
        token = sign_in(context, username, password).token
        try:
            _open(context, number, clip_ids, actor=who_holds(context, token))
        finally:
            sign_out(context, token)
    except (SignInRefusedError, SignInLockedError):
        return False
    finally:
        context.dispose()
    return True


def _open(context: ServiceContext, number: int, clip_ids: Iterable[str], *, actor: Actor) -> None:
    name = f"演示案〔{context.clock.now().year}〕{number}号"
    with suppress(CaseNumberTakenError):  # an earlier try got this far
        open_case(context, number=name, title=f"示范案件 {number}{MARK}", actor=actor)
    (case_id,) = (case.id for case, _, _ in search_cases(context, actor=actor, text=name) if case.number == name)
    for clip_id in clip_ids:
        link_clip(context, case_id, UUID(clip_id), purpose=_PURPOSE, actor=actor)
