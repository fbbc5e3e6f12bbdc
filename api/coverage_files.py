"""Files of coverage as answers; shared by pages and API."""

from datetime import date
from typing import Literal
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, Field

from evidence_store.actor import Actor
from service.context import ServiceContext
from service.coverage_reports.figure_report import read_figure_report
from service.coverage_reports.report_files import MEDIA_TYPES, CsvTable, FileFormat, file_name, make_file
from service.documents.sheet import Sheet, write_csv, write_workbook
from service.language import Language


class FileQuery(BaseModel):
    """Which file is asked for: of a frozen figure, else of the last frozen day up to one; a CSV holds one ``table``."""

    format: FileFormat
    agency: str | None = Field(default=None, max_length=64)
    day: date | None = None
    snapshot: UUID | None = None
    table: CsvTable = CsvTable.AGENCIES


def file_response(context: ServiceContext, query: FileQuery, *, actor: Actor, language: Language) -> Response:
    """Answer with an agency's coverage as a file to be kept."""
    report = read_figure_report(context, actor=actor, agency_code=query.agency or None, day=query.day, snapshot_id=query.snapshot)
    headers = {"Content-Disposition": f'attachment; filename="{file_name(report, query.format, query.table)}"'}
    data = make_file(report, query.format, language=language, table=query.table)
    return Response(data, media_type=MEDIA_TYPES[query.format], headers=headers)


def table_response(sheet: Sheet, kind: Literal["xlsx", "csv"], *, name: str) -> Response:
    """Answer with one table as a file to be kept."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    data = write_csv(sheet) if kind == "csv" else write_workbook([sheet])
    return Response(data, media_type=MEDIA_TYPES[FileFormat(kind)], headers=headers)
