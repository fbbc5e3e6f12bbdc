"""Is what lies beside an original its manifest? Signed by this service, about this clip, and about the object that is there."""

from collections.abc import Mapping
from typing import Any

from integrity.errors import IntegrityError
from integrity.hashing import sha256_hex
from integrity.manifest import MAX_MANIFEST_BYTES, Manifest, open_manifest
from service.context import ServiceContext
from service.safekeeping.read_version import UnreadableVersionError, read_version


class UnacceptableManifestError(Exception):
    """A manifest is not accepted; the message says why."""


def read_manifest(context: ServiceContext, key: str, version_id: str) -> tuple[Manifest, bytes]:
    """Read a manifest that this service signed.

    Returns:
        The manifest, and its bytes.

    Raises:
        UnacceptableManifestError: It is gone, damaged, or signed by another key.
    """
    try:
        data = read_version(context, key, version_id, limit=MAX_MANIFEST_BYTES)
        return open_manifest(data, context.manifest_signer.public_key), data
    except (UnreadableVersionError, IntegrityError) as error:
        raise UnacceptableManifestError(str(error)) from error


def check_told(context: ServiceContext, clip: Mapping[str, Any], *, key: str, told_sha256: str | None) -> None:
    """Hold a clip's manifest against the chain of custody: by the digest it tells, or else by what the manifest says.

    Args:
        context: What the service needs.
        clip: Columns of the clip as its chain tells them.
        key: Where the manifest lies.
        told_sha256: Digest of the manifest, where the chain tells it.

    Raises:
        UnacceptableManifestError: It is another.
    """
    try:
        data = read_version(context, key, clip["manifest_version"], limit=MAX_MANIFEST_BYTES)
    except UnreadableVersionError as error:
        raise UnacceptableManifestError(str(error)) from error
    if told_sha256 is not None:
        if sha256_hex(data) != told_sha256:
            raise UnacceptableManifestError("it is another than the chain of custody tells of")
        return
    try:
        manifest = open_manifest(data, context.manifest_signer.public_key)
    except IntegrityError as error:
        raise UnacceptableManifestError(str(error)) from error
    said = (manifest.clip_id, manifest.size_bytes, manifest.digests.sha256, manifest.digests.sm3)
    if said != (str(clip["id"]), clip["size_bytes"], clip["sha256"], clip["sm3"]):
        raise UnacceptableManifestError("it says otherwise than the chain of custody")


def check_object(context: ServiceContext, manifest: Manifest, *, key: str) -> None:
    """Make sure that a manifest is about the object beside it, and that this is there as it says.

    Raises:
        UnacceptableManifestError: It is about another object, or that one is not there, of another size, or not locked.
    """
    stored = manifest.stored
    if f"clips/{manifest.clip_id}/manifest" != key or stored.key != f"clips/{manifest.clip_id}/original":
        raise UnacceptableManifestError(f"it is about {stored.key!r}")
    versions = {one.version_id: one.size_bytes for one in context.objects.list_versions(stored.key)}
    if versions.get(stored.version_id) != manifest.size_bytes:
        raise UnacceptableManifestError(f"version {stored.version_id} of {stored.key!r} has {versions.get(stored.version_id)} bytes")
    lock = context.objects.retention(stored.key, stored.version_id)
    if stored.retain_until > context.clock.now() and (lock is None or lock.mode != "COMPLIANCE"):
        raise UnacceptableManifestError(f"version {stored.version_id} of {stored.key!r} is not locked")
