"""Coverage of an agency as a file, in the visitor's language."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.coverage_files import file_response
from api.dependencies import Context, CurrentActor
from api.web.rendering import texts_of
from service.coverage_reports.report_files import CsvTable, FileFormat

router = APIRouter(prefix="/coverage/files")


@router.get("")
def get_file(
    request: Request,
    context: Context,
    actor: CurrentActor,
    file_format: Annotated[FileFormat, Query(alias="format")],
    agency: Annotated[str, Query(max_length=64)] = "",
    day: date | None = None,
    table: CsvTable = CsvTable.AGENCIES,
) -> Response:
    """Give an agency's coverage on the last frozen day up to one."""
    language = texts_of(request).language
    return file_response(context, actor=actor, agency=agency or None, day=day, kind=file_format, table=table, language=language)
