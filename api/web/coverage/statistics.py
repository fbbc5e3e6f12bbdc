"""A month in numbers, as a page and as files."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from api.coverage_files import table_response
from api.dependencies import Context, CurrentActor
from api.web.rendering import render, texts_of
from service.coverage_reports.monthly_statistics import COLUMNS, read_statistics, statistics_sheet

router = APIRouter(prefix="/coverage/statistics")

Agency = Annotated[str, Query(max_length=64)]
Month = Annotated[str, Query(max_length=7)]


@router.get("")
def get_statistics(request: Request, context: Context, actor: CurrentActor, agency: Agency = "", month: Month = "") -> Response:
    """Show a month of an agency and of those directly below it; the present one when none is given."""
    found = read_statistics(context, actor=actor, month=month, agency_code=agency or None)
    most = max((part.footage_hours for _, part in found.parts), default=0)
    return render(request, "coverage/statistics.html", actor=actor, statistics=found, columns=COLUMNS, most=most)


@router.get("/file")
def get_file(
    request: Request,
    context: Context,
    actor: CurrentActor,
    file_format: Annotated[Literal["xlsx", "csv"], Query(alias="format")],
    agency: Agency = "",
    month: Month = "",
) -> Response:
    """Give a month of an agency and of every one below it as a table."""
    found = read_statistics(context, actor=actor, month=month, agency_code=agency or None)
    return table_response(statistics_sheet(found, texts_of(request)), file_format, name=f"statistics-{found.month:%Y-%m}")
