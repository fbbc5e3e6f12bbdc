"""Frozen figures of coverage as log and store tell them: the log which there were, and the store what they said of each agency."""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from evidence_store.models import CoverageFigure, CoverageSnapshot
from integrity.canonical import canonical_bytes
from integrity.hashing import sha256_hex
from service.context import ServiceContext
from service.coverage.freeze import SUBJECT
from service.coverage.roster_file import FORMAT
from service.safekeeping.events import read_past_event, told_id, told_time
from service.safekeeping.read_version import UnreadableVersionError, read_version
from service.safekeeping.rebuilt_rows import Rebuild, ToldRow

_MAX_FILE_BYTES = 256 * 1024**2
_TEXTS = ("kind", "edition", "method", "roster_sha256", "figures_sha256", "object_key", "object_version", "object_sha256")
_TIMES = ("cut_off", "known_until", "made_at", "retain_until")


def write_snapshots(context: ServiceContext, under_way: Rebuild) -> None:
    """Write every frozen figure, each after the one it replaces; one whose file is gone or another is listed, and has no figures by agency."""
    under_way.report("writing frozen figures")
    told = [event for _, chain in under_way.chains(SUBJECT) for event in map(read_past_event, chain) if event.action == "snapshot.frozen"]
    agencies = {agency.code: agency.id for agency in under_way.work.roster.agencies()}
    for event in sorted(told, key=lambda one: (one.details["known_until"], one.details["made_at"])):
        row = _snapshot(event.details)
        under_way.write([(CoverageSnapshot, row)])
        try:
            under_way.write(list(_figures(context, row, agencies)))
        except UnreadableVersionError as error:
            under_way.result.reject(f"{row['object_key']}@{row['object_version']}", str(error))


def _snapshot(told: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {name: told[name] for name in (*_TEXTS, "is_late", "numerator", "denominator")}
    row |= {name: told_time(told, name) for name in _TIMES}
    row["day"] = date.fromisoformat(told["day"])
    return {**row, "id": UUID(told["id"]), "agency_id": UUID(told["agency_id"]), "replaces_id": told_id(told, "replaces")}


def _figures(context: ServiceContext, row: Mapping[str, Any], agencies: Mapping[str, UUID]) -> Iterator[ToldRow]:
    """What a snapshot's file says of each agency.

    Raises:
        UnreadableVersionError: It is gone, or is not what the log has the digest of.
    """
    packed = read_version(context, row["object_key"], row["object_version"], limit=_MAX_FILE_BYTES)
    if sha256_hex(packed) != row["object_sha256"]:
        raise UnreadableVersionError("its digest is not the one that the log has")
    try:
        lines = gzip.decompress(packed).split(b"\n")
        header = json.loads(lines[0])
        figures = [json.loads(line) for line in lines[1 : 1 + header["agencies"]]]
    except (OSError, EOFError, zlib.error, ValueError, KeyError) as error:
        raise UnreadableVersionError(f"it is no {FORMAT}: {error}") from error
    if sha256_hex(b"".join(canonical_bytes(figure) + b"\n" for figure in figures)) != row["figures_sha256"]:
        raise UnreadableVersionError("its figures are not those that the log has the digest of")
    for figure in figures:
        own = {name: figure[name] for name in ("code", "name", "level", "numerator", "denominator", "own_numerator", "own_denominator", "gap")}
        parent = agencies[figure["parent"]] if figure["parent"] is not None else None
        placed = {"snapshot_id": row["id"], "agency_id": agencies[figure["code"]], "parent_id": parent, "beside": header["beside"][figure["code"]]}
        yield CoverageFigure, {**own, **placed}
