"""A package's outer form: BagIt 1.0 (RFC 8493), of which exactly SHA-256 manifests are used, and SM3 as a tag file in their manner."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from integrity.errors import MalformedValueError
from integrity.hashing import sha256_hex
from integrity.verify.checking import Check, Step, fails, holds
from integrity.verify.container import PAYLOAD, Container

DECLARATION = "bagit.txt"
INFORMATION = "bag-info.txt"
PAYLOAD_MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
SM3_LIST = "digests-sm3.txt"

_DECLARED = ["BagIt-Version: 1.0", "Tag-File-Character-Encoding: UTF-8"]
_LINE = re.compile(r"(?P<digest>[0-9a-f]{64})[ \t]+(?P<path>[A-Za-z0-9._/-]{1,1000})")
_OXUM = re.compile(r"^Payload-Oxum: *(?P<size>[0-9]{1,20})\.(?P<count>[0-9]{1,10})$", re.MULTILINE)
_LABEL = re.compile(r"[^\s:][^:]*:( .*)?|[ \t]+\S.*")
_OTHER_PARTS = re.compile(r"(tag)?manifest-(?!sha256\.txt).*\.txt|fetch\.txt")


@dataclass(frozen=True, slots=True)
class Bag:
    """What the tag files of a bag say.

    Attributes:
        sha256: Digest of each payload file, by its path.
        sm3: Likewise.
    """

    sha256: Mapping[str, str]
    sm3: Mapping[str, str]


def parse_digest_list(what: str, data: bytes) -> dict[str, str]:
    """Read a manifest: a digest and a path on each line.

    Raises:
        MalformedValueError: A line is otherwise, or a path stands twice.
    """
    found: dict[str, str] = {}
    for line in _lines(what, data):
        match = _LINE.fullmatch(line)
        if match is None:
            raise MalformedValueError(what, f"a line is no digest and path: {line[:200]!r}")
        if match["path"] in found:
            raise MalformedValueError(what, f"{match['path']} stands twice")
        found[match["path"]] = match["digest"]
    return found


def check_bag(container: Container) -> tuple[list[Check], Bag]:
    """Check everything but the payload's bytes: declaration, lists against files, digests of tag files.

    Raises:
        RefusedPackageError: A tag file is too long, or cannot be read.
    """
    checks: list[Check] = []
    payload, tags = container.payload(), [path for path in container.tag_files() if path != TAG_MANIFEST]
    if other := [path for path in tags if _OTHER_PARTS.fullmatch(path)]:
        checks.append(fails(Step.BAG, "bag_part", names=other))
    checks += _check_declaration(container, payload)
    listed: dict[str, dict[str, str]] = {}
    for name, expected in ((PAYLOAD_MANIFEST, payload), (TAG_MANIFEST, tags), (SM3_LIST, payload)):
        try:
            listed[name] = parse_digest_list(name, container.read_small(name)) if name in container.sizes else {}
        except MalformedValueError as error:
            checks.append(fails(Step.BAG, "bag_list_damaged", list=name, reason=error.reason))
            listed[name] = {}
            continue
        checks += _check_listing(name, listed[name], expected)
    checks += _check_tag_files(container, listed[TAG_MANIFEST])
    return checks, Bag(listed[PAYLOAD_MANIFEST], listed[SM3_LIST])


def _check_listing(name: str, listed: Collection[str], expected: Collection[str]) -> list[Check]:
    missing, unlisted = sorted(set(listed) - set(expected)), sorted(set(expected) - set(listed))
    checks = [fails(Step.BAG, "bag_missing", list=name, name=path) for path in missing]
    checks += [fails(Step.BAG, "bag_unlisted", list=name, name=path) for path in unlisted]
    return checks or [holds(Step.BAG, "bag_list", list=name, count=len(listed))]


def _check_tag_files(container: Container, listed: Mapping[str, str]) -> list[Check]:
    present = [path for path in sorted(listed) if path in container.sizes and not path.startswith(PAYLOAD)]
    wrong = [path for path in present if sha256_hex(container.read_small(path)) != listed[path]]
    return [fails(Step.BAG, "bag_digest", name=path) for path in wrong] or [holds(Step.BAG, "bag_tag_digests", count=len(present))]


def _check_declaration(container: Container, payload: Collection[str]) -> list[Check]:
    try:
        declared = _lines(DECLARATION, container.read_small(DECLARATION)) if DECLARATION in container.sizes else []
        information = _lines(INFORMATION, container.read_small(INFORMATION)) if INFORMATION in container.sizes else []
    except MalformedValueError as error:
        return [fails(Step.BAG, "bag_list_damaged", list=error.what, reason=error.reason)]
    if declared != _DECLARED:
        return [fails(Step.BAG, "bag_version")]
    if not all(map(_LABEL.fullmatch, information)) or (information and information[0][:1].isspace()):
        return [fails(Step.BAG, "bag_list_damaged", list=INFORMATION, reason="a line is no label and value")]
    real = (sum(container.sizes[path] for path in payload), len(payload))
    stated = [(int(match["size"]), int(match["count"])) for match in _OXUM.finditer("\n".join(information))]
    if any(each != real for each in stated):
        return [fails(Step.BAG, "bag_oxum", size_bytes=real[0], count=real[1])]
    return [holds(Step.BAG, "bag_version_1")]


def _lines(what: str, data: bytes) -> list[str]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise MalformedValueError(what, "is not UTF-8") from error
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines
