"""Coverage of an agency as a file."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.coverage_files import file_response
from api.dependencies import Context, CurrentActor
from service.coverage_reports.report_files import CsvTable, FileFormat
from service.language import Language

router = APIRouter(prefix="/coverage/files", tags=["coverage"])


@router.get("")
def get_file(
    context: Context,
    actor: CurrentActor,
    file_format: Annotated[FileFormat, Query(alias="format")],
    agency: Annotated[str | None, Query(max_length=64)] = None,
    day: date | None = None,
    table: CsvTable = CsvTable.AGENCIES,
    language: Language = Language.ZH_CN,
) -> Response:
    """Give an agency's coverage on the last frozen day up to one as XLSX, PDF or CSV; a CSV holds one ``table``."""
    return file_response(context, actor=actor, agency=agency, day=day, kind=file_format, table=table, language=language)
