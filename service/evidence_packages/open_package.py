"""Open a package to give it out: the same bytes every time, whole or cut into volumes, without a copy of it anywhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from evidence_store.actor import Actor
from evidence_store.errors import ObjectNotFoundError
from evidence_store.models import PackageRow
from service.access.permission import require
from service.access.policy import Action
from service.context import ServiceContext
from service.errors import UnacceptableValueError
from service.evidence_packages.errors import EvidenceDamagedError, NoSuchVolumeError, PackageNotFoundError
from service.evidence_packages.layout import pieces_of, root_of
from service.evidence_packages.original_reader import Tell
from service.evidence_packages.seal_package import seal_package
from service.evidence_packages.volume_files import (
    ClipPieces,
    SealedPackage,
    clip_bytes_at_most,
    event_bytes_of,
    overhead_bytes_at_most,
    read_sealed,
    volume_files,
)
from service.evidence_packages.volumes import pack
from service.evidence_packages.zip_stream import StoredZip, StreamedFile, frame_of

LEAST_PIECE_BYTES = 1024**2
MOST_FILES = 60_000


@dataclass(frozen=True, slots=True)
class Cut:
    """How a package is cut: volumes of at most so many bytes, files of at most so many bytes; ``None`` means not at all."""

    volume_bytes: int | None = None
    piece_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """A file of a volume, and where its bytes stand in the ZIP file."""

    path: str
    size_bytes: int
    offset: int


class PackageVolume:
    """One volume, ready to be read once.

    Attributes:
        number: From 1.
        count: Volumes there are.
        root: Folder that everything lies in.
    """

    def __init__(self, package: SealedPackage, *, number: int, count: int, files: list[StreamedFile]) -> None:
        self.package = package
        self.number, self.count = number, count
        self.root = root_of(package.row.package.id, number=number, count=count)
        self._files = files
        self._zip = StoredZip(files, root=self.root, at=package.row.package.made_at)

    @property
    def size_bytes(self) -> int:
        """Length of the ZIP file."""
        return self._zip.size_bytes

    def files(self) -> Iterator[PlacedFile]:
        """The files in their order."""
        position = 0
        for file in self._files:
            before, after = frame_of(len(self.root) + 1 + len(file.path), file.size_bytes)
            yield PlacedFile(file.path, file.size_bytes, position + before)
            position += before + file.size_bytes + after

    def chunks(self) -> Iterator[bytes]:
        """The ZIP file.

        Raises:
            EvidenceDamagedError: An original is not what its chain says; what went out has no end. The package's chain tells of it.
        """
        return self._zip.chunks()


class OpenPackage:
    """A package that is sealed, and how it is cut."""

    def __init__(self, context: ServiceContext, package: SealedPackage, plan: list[list[ClipPieces]], tell: Tell) -> None:
        self._context, self.package, self._plan, self._tell = context, package, plan, tell

    @property
    def volume_count(self) -> int:
        """Volumes there are."""
        return len(self._plan)

    def volume(self, number: int) -> PackageVolume:
        """One volume, from 1, ready to be read.

        Raises:
            NoSuchVolumeError: There are not so many.
            UnacceptableValueError: It would hold too many files.
        """
        count = self.volume_count
        if not 1 <= number <= count:
            raise NoSuchVolumeError(number, count)
        files = volume_files(self._context, self.package, self._plan[number - 1], volume=(number, count), tell=self._tell)
        if len(files) > MOST_FILES:
            raise UnacceptableValueError("piece_bytes", f"at most {MOST_FILES} files fit into a volume")
        return PackageVolume(self.package, number=number, count=count, files=files)


def open_package(context: ServiceContext, package_id: UUID, cut: Cut, *, actor: Actor) -> OpenPackage:
    """Open a package that was made; nothing of it is read yet.

    Raises:
        NotPermittedError: This role may not.
        PackageNotFoundError: No such package, or none the actor may see.
        PackageNotSealedError: Its events have no time-stamp yet.
        UnacceptableValueError: Pieces are too small.
        VolumeTooSmallError: A clip does not fit into a volume.
    """
    require(Action.MAKE_PACKAGE, actor)
    if cut.piece_bytes is not None and cut.piece_bytes < LEAST_PIECE_BYTES:
        raise UnacceptableValueError("piece_bytes", f"at least {LEAST_PIECE_BYTES}")
    sealed = read_sealed(context, _sealed(context, package_id, actor))
    cuts = [pieces_of(clip.clip_id, clip.facts["original_name"], clip.facts["size_bytes"], piece_bytes=cut.piece_bytes) for clip in sealed.clips]
    chosen = list(zip(sealed.clips, cuts, strict=True))
    event_bytes = event_bytes_of(sealed)
    sizes = [clip_bytes_at_most(clip, pieces, event_bytes=event_bytes[clip.clip_id]) for clip, pieces in chosen]
    volumes = pack(sizes, capacity=cut.volume_bytes, overhead=overhead_bytes_at_most(sealed, event_bytes=event_bytes[None]))
    plan = [[chosen[index] for index in indexes] for indexes in volumes]
    return OpenPackage(context, sealed, plan, partial(_tell_of_damage, context, package_id, actor))


def enter_download(context: ServiceContext, opened: OpenPackage, number: int, cut: Cut, *, actor: Actor, is_resumed: bool) -> None:
    """Before a volume is given out again: look for its originals, and enter the giving-out in the package's chain.

    Args:
        context: What the service needs.
        opened: The package.
        number: Which volume, from 1.
        cut: How it is cut.
        actor: Who asks.
        is_resumed: The rest of what was given out before; not entered again.

    Raises:
        EvidenceDamagedError: An original is missing; the package's chain tells of it.
    """
    _find_originals(context, opened.package, actor=actor)
    if is_resumed:
        return
    package_id = opened.package.row.package.id
    details = {"volume": number, "volumes": opened.volume_count, "volume_bytes": cut.volume_bytes, "piece_bytes": cut.piece_bytes}
    with context.unit_of_work() as work:
        work.evidence_packages.lock(package_id)
        work.custody.append("package", package_id, "package.downloaded", actor=actor, at=context.clock.now(), details=details)


def _find_originals(context: ServiceContext, package: SealedPackage, *, actor: Actor) -> None:
    """Make sure that every original is there before the first byte goes out."""
    for clip in package.clips:
        try:
            context.objects.retention(clip.facts["object"]["key"], clip.facts["object"]["version"])
        except ObjectNotFoundError as error:
            _tell_of_damage(context, package.row.package.id, actor, clip.clip_id, "missing")
            raise EvidenceDamagedError(clip.clip_id, "missing") from error


def _sealed(context: ServiceContext, package_id: UUID, actor: Actor) -> PackageRow:
    with context.unit_of_work() as work:
        row = work.evidence_packages.find(package_id, actor)
    if row is None:
        raise PackageNotFoundError(package_id)
    return PackageRow(row.package, row.agency, row.case, seal_package(context, row))


def _tell_of_damage(context: ServiceContext, package_id: UUID, actor: Actor, clip_id: UUID, reason: str) -> None:
    details = {"clip_id": str(clip_id), "reason": reason}
    with context.unit_of_work() as work:
        work.evidence_packages.lock(package_id)
        work.custody.append("package", package_id, "package.broken", actor=actor, at=context.clock.now(), details=details)
