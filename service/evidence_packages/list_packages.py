"""What was handed to whom."""

from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.models import PackagedClip, PackageRow
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.evidence_packages.errors import PackageNotFoundError

MOST_LISTED = 200


def list_packages(context: ServiceContext, *, actor: Actor, case_id: UUID | None = None, limit: int = MOST_LISTED) -> list[PackageRow]:
    """List the packages that the actor may see, newest first.

    Raises:
        NotPermittedError: This role may not.
    """
    require(Action.MAKE_PACKAGE, actor)
    with context.unit_of_work() as work:
        return work.evidence_packages.newest(actor, limit=max(1, min(limit, MOST_LISTED)), case_id=case_id)


def read_package(context: ServiceContext, package_id: UUID, *, actor: Actor) -> tuple[PackageRow, list[PackagedClip]]:
    """Read one package with its clips.

    Raises:
        NotPermittedError: This role may not.
        PackageNotFoundError: No such package, or none the actor may see.
    """
    require(Action.MAKE_PACKAGE, actor)
    with context.unit_of_work() as work:
        row = work.evidence_packages.find(package_id, actor)
        if row is None:
            raise PackageNotFoundError(package_id)
        return row, work.evidence_packages.clips(package_id)
