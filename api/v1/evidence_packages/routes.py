"""Hand evidence over, and give out again what was handed over."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from api.dependencies import Context, CurrentActor
from api.package_response import entity_tag, package_response
from api.ranges import RangeNotSatisfiable, parse_range
from api.v1.evidence_packages.schemas import (
    FileItem,
    PackageAnswer,
    PackagedClipItem,
    PackageList,
    PackageRequest,
    VolumeItem,
    VolumeList,
    package_item,
)
from service.evidence_packages.list_packages import MOST_LISTED, list_packages, read_package
from service.evidence_packages.make_package import HandingOver, make_package
from service.evidence_packages.open_package import Cut, enter_download, open_package

router = APIRouter(prefix="/evidence-packages", tags=["evidence packages"])

_MOST_BYTES = 2**53 - 1


def _cut(
    volume_bytes: Annotated[int | None, Query(ge=1, le=_MOST_BYTES)] = None,
    piece_bytes: Annotated[int | None, Query(ge=1, le=_MOST_BYTES)] = None,
) -> Cut:
    return Cut(volume_bytes, piece_bytes)


_Cut = Annotated[Cut, Depends(_cut)]


@router.post("", response_class=Response)
def post_package(request: PackageRequest, context: Context, actor: CurrentActor) -> Response:
    """Hand clips over: enter it in their chains, have it time-stamped, and answer with the package as a ZIP file."""
    wanted = HandingOver(request.recipient, request.purpose, request.clip_ids, request.case_id)
    package_id = make_package(context, wanted, actor=actor)
    return package_response(open_package(context, package_id, Cut(), actor=actor).volume(1))


@router.get("")
def get_packages(
    context: Context, actor: CurrentActor, case: UUID | None = None, limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = MOST_LISTED
) -> PackageList:
    """List what was handed over, newest first."""
    return PackageList(items=[package_item(row) for row in list_packages(context, actor=actor, case_id=case, limit=limit)])


@router.get("/{package_id}")
def get_package(package_id: UUID, context: Context, actor: CurrentActor) -> PackageAnswer:
    """Tell a package with its clips."""
    row, clips = read_package(context, package_id, actor=actor)
    items = [
        PackagedClipItem(
            clip_id=clip.clip_id,
            original_name=clip.facts["original_name"],
            size_bytes=clip.facts["size_bytes"],
            sha256=clip.facts["sha256"],
            sm3=clip.facts["sm3"],
            events=clip.events,
        )
        for clip in clips
    ]
    return PackageAnswer(**package_item(row).model_dump(), clips=items)


@router.get("/{package_id}/volumes")
def get_volumes(package_id: UUID, cut: _Cut, context: Context, actor: CurrentActor) -> VolumeList:
    """Tell the volumes of a package that is cut this way, and what lies in each."""
    opened = open_package(context, package_id, cut, actor=actor)
    volumes = [opened.volume(number) for number in range(1, opened.volume_count + 1)]
    return VolumeList(
        volumes=[
            VolumeItem(
                number=volume.number,
                root=volume.root,
                size_bytes=volume.size_bytes,
                files=[FileItem(path=file.path, size_bytes=file.size_bytes, offset=file.offset) for file in volume.files()],
            )
            for volume in volumes
        ]
    )


@router.get("/{package_id}/content", response_class=Response)
def get_content(
    package_id: UUID, cut: _Cut, request: Request, context: Context, actor: CurrentActor, volume: Annotated[int, Query(ge=1)] = 1
) -> Response:
    """Give a package out again, whole or one volume of it: the same bytes every time; the rest of an answer that broke off by Range."""
    opened = open_package(context, package_id, cut, actor=actor)
    wanted = opened.volume(volume)
    header = request.headers.get("range") if request.headers.get("if-range") in {None, entity_tag(wanted)} else None
    try:
        span = parse_range(header, wanted.size_bytes)
    except RangeNotSatisfiable:
        return Response(status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers={"Content-Range": f"bytes */{wanted.size_bytes}"})
    enter_download(context, opened, volume, cut, actor=actor, is_resumed=span is not None and span.first > 0)
    return package_response(wanted, span=span)
