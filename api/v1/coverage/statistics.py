"""A month in numbers."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.coverage_files import table_response
from api.dependencies import Context, CurrentActor
from service.coverage_reports.monthly_statistics import COLUMNS, read_statistics, statistics_sheet
from service.language import Language, texts_in

router = APIRouter(prefix="/coverage/statistics", tags=["coverage"])


class MonthItem(BaseModel):
    """A month of one agency with everything below it; ``footage_hours`` to a tenth."""

    agency_code: str
    agency: str
    depth: int
    dockings: int
    late_dockings: int
    footage_hours: float
    clips: int
    clips_without_case: int
    recorders: int
    recorders_without_footage: int


class MonthAnswer(BaseModel):
    """The agency first, then each below it; ``is_over`` tells whether the month is."""

    month: str
    is_over: bool
    agencies: list[MonthItem]


@router.get("")
def get_statistics(
    context: Context, actor: CurrentActor, agency: Annotated[str | None, Query(max_length=64)] = None, month: Annotated[str, Query(max_length=7)] = ""
) -> MonthAnswer:
    """Count a month (``2026-11``, the present one when not given) of an agency and every one below it."""
    found = read_statistics(context, actor=actor, month=month, agency_code=agency)
    items = [
        MonthItem(agency_code=place.code, agency=place.name, depth=depth, **{name: getattr(counts, name) for name in COLUMNS})
        for depth, place, counts in found.everything
    ]
    return MonthAnswer(month=f"{found.month:%Y-%m}", is_over=found.is_over, agencies=items)


@router.get("/file")
def get_file(
    context: Context,
    actor: CurrentActor,
    file_format: Annotated[Literal["xlsx", "csv"], Query(alias="format")],
    agency: Annotated[str | None, Query(max_length=64)] = None,
    month: Annotated[str, Query(max_length=7)] = "",
    language: Language = Language.ZH_CN,
) -> Response:
    """Give the same as a table."""
    found = read_statistics(context, actor=actor, month=month, agency_code=agency)
    return table_response(statistics_sheet(found, texts_in(language)), file_format, name=f"statistics-{found.month:%Y-%m}")
