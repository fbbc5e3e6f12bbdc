"""The files of one volume, in the order in which they go out: what describes it, the originals, and last the lists of digests."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from evidence_store.errors import ObjectNotFoundError, StoreError
from evidence_store.models import PackagedClip, PackageRow, PackageSeal
from evidence_store.repositories.evidence_packages import PackagedEvent
from integrity.hashing import Digests, sha256_hex
from integrity.manifest import MAX_MANIFEST_BYTES
from service.context import ServiceContext
from service.evidence_packages.bag import BAGIT_TXT, bag_info_txt, manifest_bytes, manifest_txt
from service.evidence_packages.index import IndexedClip, PackageHead, event_bytes_at_most, evidence_json, manifest_path
from service.evidence_packages.layout import Piece
from service.evidence_packages.original_reader import OriginalReader, StoredOriginal, Tell, stop
from service.evidence_packages.proofs import prove_many
from service.evidence_packages.zip_stream import END_AT_MOST, StreamedFile, entry_bytes_at_most

_CONTENTS, _INDEX = "contents.json", "evidence.json"
_MANIFEST, _TAG_MANIFEST, _SM3 = "manifest-sha256.txt", "tagmanifest-sha256.txt", "digests-sm3.txt"
_ROOT_CHARACTERS = 72
"""More than the name of the outermost folder takes, with its slash."""
_SMALL_TEXTS = 4_096
"""More than ``bagit.txt``, ``bag-info.txt`` and the index's own members take."""
_LINE = 68
"""A digest, two blanks and a newline in a list of files."""

ClipPieces = tuple[PackagedClip, list[Piece]]


@dataclass(frozen=True, slots=True)
class SealedPackage:
    """A package as it is kept: everything but the originals and the manifests beside them.

    Attributes:
        files: The files made for it, by path, ``contents.json`` among them.
    """

    row: PackageRow
    seal: PackageSeal
    clips: Sequence[PackagedClip]
    events: Sequence[PackagedEvent]
    proofs: dict[int, list[str]]
    files: dict[str, bytes]


def read_sealed(context: ServiceContext, row: PackageRow) -> SealedPackage:
    """Read what is kept of a package that was sealed."""
    package, seal = row.package, row.seal
    if seal is None:
        raise ValueError("the package is not sealed")
    with context.unit_of_work() as work:
        clips = work.evidence_packages.clips(package.id)
        events = work.evidence_packages.events(package.id)
        paths = seal.files | {_CONTENTS: package.contents_sha256}
        kept = work.evidence_packages.read_files(set(paths.values()))
        leaves = [event.leaf_index for event in events if event.leaf_index is not None]
        proofs = prove_many(leaves, tree_size=seal.checkpoint_size, read_nodes=work.evidence_packages.nodes)
    return SealedPackage(row, seal, clips, events, proofs, {path: kept[digest] for path, digest in paths.items()})


def event_bytes_of(package: SealedPackage) -> Counter[UUID | None]:
    """What each clip's events take in the index at most; under ``None`` the package's own."""
    hashes = package.seal.checkpoint_size.bit_length() + 1
    total: Counter[UUID | None] = Counter()
    for event in package.events:
        total[event.clip_id] += event_bytes_at_most(len(event.canonical), proof_hashes=hashes)
    return total


def clip_bytes_at_most(clip: PackagedClip, pieces: Sequence[Piece], *, event_bytes: int) -> int:
    """What a clip takes in a volume at most, with its manifest, its events and its lines in the lists of digests."""
    facts = clip.facts
    manifest = manifest_path(facts["clip_id"])
    total = entry_bytes_at_most(_ROOT_CHARACTERS + len(manifest), facts["manifest"]["size_bytes"]) + _LINE + len(manifest)
    for piece in pieces:
        total += entry_bytes_at_most(_ROOT_CHARACTERS + len(piece.path), piece.size_bytes) + 2 * (_LINE + len(piece.path)) + len(piece.path) + 3
    total += 6 * (len(facts["original_name"]) + len(facts["recorder"] or "") + len(facts["officer"] or "")) + 512
    return total + event_bytes


def overhead_bytes_at_most(package: SealedPackage, *, event_bytes: int) -> int:
    """What every volume takes by itself at most."""
    sizes = {path: len(content) for path, content in package.files.items()}
    sizes |= dict.fromkeys(("bagit.txt", "bag-info.txt", _INDEX, _MANIFEST, _TAG_MANIFEST, _SM3), 0)
    total = sum(entry_bytes_at_most(_ROOT_CHARACTERS + len(path), size) + _LINE + len(path) for path, size in sizes.items())
    tokens = sum(6 * len(token["checkpoint"]) + 70 * len(token["consistency"]) for token in package.seal.tokens)
    return total + event_bytes + tokens + _SMALL_TEXTS + END_AT_MOST


def volume_files(
    context: ServiceContext, package: SealedPackage, chosen: Sequence[ClipPieces], *, volume: tuple[int, int], tell: Tell
) -> list[StreamedFile]:
    """List the files of a volume.

    Args:
        context: What the service needs.
        package: What is kept of the package.
        chosen: The clips of this volume, and how each is cut.
        volume: Its number, and how many there are.
        tell: Told of damage before a reading stops.
    """
    tags = {"bagit.txt": BAGIT_TXT, "bag-info.txt": _bag_info(package, chosen, volume), **package.files, _INDEX: _index(package, chosen, volume)}
    tag_digests = {path: sha256_hex(content) for path, content in tags.items()}
    tag_digests |= {manifest_path(clip.facts["clip_id"]): clip.facts["manifest"]["sha256"] for clip, _ in chosen}
    payload: dict[str, Digests] = {}
    files = [_small(path, content) for path, content in sorted(tags.items(), key=lambda item: (item[0] != "bagit.txt", item[0]))]
    files += [_manifest_file(context, clip, tell) for clip, _ in chosen]
    files += [file for clip, pieces in chosen for file in _originals(context, clip, pieces, payload, tell)]
    paths = [piece.path for _, pieces in chosen for piece in pieces]
    length = manifest_bytes(paths)

    def lists(path: str) -> bytes:
        """The lists of digests stand at the end, when every byte has gone by."""
        if path == _SM3:
            return manifest_txt({name: digests.sm3 for name, digests in payload.items()})
        if path == _MANIFEST:
            return manifest_txt({name: digests.sha256 for name, digests in payload.items()})
        listed = {name: sha256_hex(lists(name)) for name in (_SM3, _MANIFEST)}
        return manifest_txt(tag_digests | listed)

    tag_length = manifest_bytes([*tag_digests, _SM3, _MANIFEST])
    files += [_late(_SM3, length, lists), _late(_MANIFEST, length, lists), _late(_TAG_MANIFEST, tag_length, lists)]
    return files


def _small(path: str, content: bytes) -> StreamedFile:
    return StreamedFile(path, len(content), lambda: iter([content]))


def _late(path: str, size_bytes: int, make: Callable[[str], bytes]) -> StreamedFile:
    def read() -> Iterator[bytes]:
        yield make(path)

    return StreamedFile(path, size_bytes, read)


def _manifest_file(context: ServiceContext, clip: PackagedClip, tell: Tell) -> StreamedFile:
    kept = clip.facts["manifest"]

    def read() -> Iterator[bytes]:
        try:
            content = b"".join(context.objects.read(kept["key"], kept["version"], length=MAX_MANIFEST_BYTES))
        except ObjectNotFoundError as error:
            stop(clip.clip_id, "missing", tell, error)
        except StoreError as error:
            stop(clip.clip_id, "unreadable", tell, error)
        if sha256_hex(content) != kept["sha256"]:
            stop(clip.clip_id, "altered", tell)
        yield content

    return StreamedFile(manifest_path(clip.facts["clip_id"]), kept["size_bytes"], read)


def _originals(context: ServiceContext, clip: PackagedClip, pieces: list[Piece], payload: dict[str, Digests], tell: Tell) -> list[StreamedFile]:
    facts = clip.facts
    digests = Digests(sha256=facts["sha256"], sm3=facts["sm3"])
    original = StoredOriginal(clip.clip_id, facts["object"]["key"], facts["object"]["version"], facts["size_bytes"], digests)
    reader = OriginalReader(context.objects, original, pieces, tell)

    def read(piece: Piece) -> Iterator[bytes]:
        yield from reader.read(piece)
        payload[piece.path] = reader.digests[piece.path]

    return [StreamedFile(piece.path, piece.size_bytes, partial(read, piece)) for piece in pieces]


def _bag_info(package: SealedPackage, chosen: Sequence[ClipPieces], volume: tuple[int, int]) -> bytes:
    pieces = [piece for _, of_clip in chosen for piece in of_clip]
    made = package.row.package
    oxum = (sum(piece.size_bytes for piece in pieces), len(pieces))
    return bag_info_txt(made.id, bagged_on=made.made_at.date(), software=package.seal.software, payload=oxum, volume=volume)


def _index(package: SealedPackage, chosen: Sequence[ClipPieces], volume: tuple[int, int]) -> bytes:
    made, seal = package.row.package, package.seal
    origin = package.files["log/checkpoint"].partition(b"\n")[0].decode()
    head = PackageHead(made.id, made.made_at, made.maker, seal.software, origin, seal.checkpoint_size, seal.tokens)
    ids: set[UUID | None] = {clip.clip_id for clip, _ in chosen} | {None}
    clips = [IndexedClip(clip.facts, [piece.path for piece in pieces]) for clip, pieces in chosen]
    events = [event for event in package.events if event.clip_id in ids]
    return evidence_json(head, volume=volume, clips=clips, events=events, proofs=package.proofs)
