"""Files of coverage as answers; shared by pages and API."""

from datetime import date
from typing import Literal

from fastapi import Response

from evidence_store.actor import Actor
from service.context import ServiceContext
from service.coverage_reports.figure_report import read_figure_report
from service.coverage_reports.report_files import MEDIA_TYPES, CsvTable, FileFormat, file_name, make_file
from service.documents.sheet import Sheet, write_csv, write_workbook
from service.language import Language


def file_response(
    context: ServiceContext, *, actor: Actor, agency: str | None, day: date | None, kind: FileFormat, table: CsvTable, language: Language
) -> Response:
    """Answer with an agency's coverage on the last frozen day up to one, as a file to be kept."""
    report = read_figure_report(context, actor=actor, agency_code=agency, day=day)
    headers = {"Content-Disposition": f'attachment; filename="{file_name(report, kind, table)}"'}
    return Response(make_file(report, kind, language=language, table=table), media_type=MEDIA_TYPES[kind], headers=headers)


def table_response(sheet: Sheet, kind: Literal["xlsx", "csv"], *, name: str) -> Response:
    """Answer with one table as a file to be kept."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    data = write_csv(sheet) if kind == "csv" else write_workbook([sheet])
    return Response(data, media_type=MEDIA_TYPES[FileFormat(kind)], headers=headers)
