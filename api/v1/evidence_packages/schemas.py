"""Packages as they are told to programs."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.v1.clips.schemas import AgencyRef
from evidence_store.models import PackageRow
from service.evidence_packages.make_package import LONGEST_TEXT, MOST_CLIPS

_Text = Annotated[str, Field(max_length=LONGEST_TEXT, pattern=r"^[^\x00]*$")]


class PackageRequest(BaseModel):
    """What is handed over: named clips or those of a case; to whom, and for what."""

    model_config = ConfigDict(extra="forbid")

    clip_ids: list[UUID] = Field(default=[], max_length=MOST_CLIPS)
    case_id: UUID | None = None
    recipient: _Text
    purpose: _Text


class CaseRef(BaseModel):
    """The case whose clips were handed over."""

    id: UUID
    number: str
    title: str


class PackageItem(BaseModel):
    """A package in a list; ``size_bytes`` is that of its originals. Without a checkpoint its events wait for their time-stamp."""

    id: UUID
    recipient: str
    purpose: str
    maker: str
    made_at: datetime
    agency: AgencyRef
    case: CaseRef | None
    clip_count: int
    size_bytes: int
    contents_sha256: str
    checkpoint_size: int | None


class PackageList(BaseModel):
    """Packages, newest first."""

    items: list[PackageItem]


class PackagedClipItem(BaseModel):
    """A clip of a package."""

    clip_id: UUID
    original_name: str
    size_bytes: int
    sha256: str
    sm3: str
    events: int


class PackageAnswer(PackageItem):
    """A package with its clips."""

    clips: list[PackagedClipItem]


class FileItem(BaseModel):
    """A file of a volume; its bytes stand at ``offset`` of the volume's ZIP file."""

    path: str
    size_bytes: int
    offset: int


class VolumeItem(BaseModel):
    """A volume: the folder that everything lies in, and the length of its ZIP file."""

    number: int
    root: str
    size_bytes: int
    files: list[FileItem]


class VolumeList(BaseModel):
    """The volumes of a package that is cut this way."""

    volumes: list[VolumeItem]


def package_item(row: PackageRow) -> PackageItem:
    """Tell a package."""
    package, case = row.package, row.case
    return PackageItem(
        id=package.id,
        recipient=package.recipient,
        purpose=package.purpose,
        maker=package.maker,
        made_at=package.made_at,
        agency=AgencyRef(code=row.agency.code, name=row.agency.name),
        case=None if case is None else CaseRef(id=case.id, number=case.number, title=case.title),
        clip_count=package.clip_count,
        size_bytes=package.size_bytes,
        contents_sha256=package.contents_sha256,
        checkpoint_size=row.seal.checkpoint_size if row.seal else None,
    )
