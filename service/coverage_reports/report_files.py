"""Coverage of an agency as XLSX, CSV and PDF, in one of the three languages; the PDF in Chinese."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from service.coverage.rate import GapReason
from service.coverage_reports.figure_report import FigureReport
from service.documents.pdf import set_pdf, shown
from service.documents.sheet import Column, Sheet, Value, share, write_csv, write_workbook
from service.language import DISPLAY_ZONE, Language, Texts, format_number, format_rate, format_time, texts_in

MOST_NAMES_SET = 2_000
"""Names that a PDF lists; the table has all of them."""
_MOST_AGENCIES_SET = 400


class FileFormat(StrEnum):
    """What kind of file."""

    XLSX = "xlsx"
    PDF = "pdf"
    CSV = "csv"


class CsvTable(StrEnum):
    """Which of the tables a CSV holds."""

    AGENCIES = "agencies"
    GAP = "gap"


MEDIA_TYPES = {
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.PDF: "application/pdf",
    FileFormat.CSV: "text/csv; charset=utf-8",
}


def file_name(report: FigureReport, kind: FileFormat, table: CsvTable = CsvTable.AGENCIES) -> str:
    """Name of the file, of plain characters only."""
    code = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in report.figure.code)
    part = f"-{table}" if kind is FileFormat.CSV and table is CsvTable.GAP else ""
    return f"coverage-{code}-{report.snapshot.day}{part}.{kind}"


def make_file(report: FigureReport, kind: FileFormat, *, language: Language = Language.ZH_CN, table: CsvTable = CsvTable.AGENCIES) -> bytes:
    """Make a file of an agency's coverage.

    Raises:
        FontMissingError: For a PDF: the font is not installed.
        DocumentFailedError: For a PDF: it could not be set.
    """
    texts = texts_in(language)
    if kind is FileFormat.PDF:
        return set_pdf(("coverage-report", pdf_values(report)))[0]
    if kind is FileFormat.CSV:
        return write_csv(_gap(report, texts) if table is CsvTable.GAP else _agencies(report, texts))
    return write_workbook([_overview(report, texts), _agencies(report, texts), _gap(report, texts)])


def _overview(report: FigureReport, t: Texts) -> Sheet:
    figure, snapshot = report.figure, report.snapshot
    rows: list[Sequence[Value]] = [
        (t("coverage.agency"), figure.name),
        (t("coverage_file.day"), snapshot.day),
        (t("reports.edition_name"), t.of_code("reports.edition", snapshot.edition)),
        (t("coverage.rate"), _rate(figure.numerator, figure.denominator, t)),
        (t("coverage.numerator"), figure.numerator),
        (t("coverage.denominator"), figure.denominator),
        (t("coverage.missing"), figure.denominator - figure.numerator),
        *((f"{t('coverage.missing')}: {t.of_code('coverage.gap_reason', reason)}", count) for reason, count in _by_reason(figure.gap)),
        *((t.of_code("coverage_file.beside", name), count) for name, count in sorted(figure.beside.items()) if isinstance(count, int)),
        (t("coverage.method"), snapshot.method),
        (t("coverage_file.known_until"), format_time(snapshot.known_until)),
        (t("reports.frozen_at"), format_time(snapshot.made_at)),
        (t("coverage_file.snapshot"), str(snapshot.id)),
        (t("reports.roster_digest"), f"sha256:{snapshot.roster_sha256}"),
        (t("reports.figures_digest"), f"sha256:{snapshot.figures_sha256}"),
        *((f"{t('coverage.rate')} {point.day}", _rate(point.numerator, point.denominator, t)) for point in report.trend),
    ]
    columns = (Column(t("coverage_file.item"), width=34), Column(t("coverage_file.value"), "mixed", width=48))
    return Sheet(t("coverage_file.overview"), columns, rows)


def _agencies(report: FigureReport, t: Texts) -> Sheet:
    columns = (
        Column(t("coverage_file.code"), width=16),
        Column(t("coverage.agency"), width=36),
        Column(t("coverage_file.level"), width=10),
        Column(t("coverage.rate"), "percent", width=10),
        Column(t("coverage.numerator"), "number", width=10),
        Column(t("coverage.denominator_short"), "number", width=10),
        Column(t("coverage.missing"), "number", width=10),
        *(Column(t.of_code("coverage.gap_reason", reason), "number", width=12) for reason in GapReason),
        Column(t("coverage_file.own_numerator"), "number", width=14),
        Column(t("coverage_file.own_denominator"), "number", width=14),
    )
    rows: list[Sequence[Value]] = [
        (
            figure.code,
            "\u3000" * depth + figure.name,
            t.of_code("coverage_file.level_name", figure.level),
            _rate(figure.numerator, figure.denominator, t),
            figure.numerator,
            figure.denominator,
            figure.denominator - figure.numerator,
            *(figure.gap.get(reason, 0) for reason in GapReason),
            figure.own_numerator,
            figure.own_denominator,
        )
        for depth, figure in report.figures
    ]
    return Sheet(t("coverage_file.agencies"), columns, rows)


def _gap(report: FigureReport, t: Texts) -> Sheet:
    names = (t("coverage_file.officer_code"), t("coverage.officer"), t("coverage_file.code"), t("coverage.agency"), t("coverage.reason"))
    columns = [Column(name, width=width) for name, width in zip(names, (14, 18, 16, 36, 16), strict=True)]
    rows = [
        (
            one.code,
            one.name,
            one.agency.code,
            one.agency.name,
            t.of_code("coverage.gap_reason", one.reason),
            "; ".join(serial for serial, _ in one.recorders),
        )
        for one in report.missing
    ]
    return Sheet(t("coverage_file.gap"), [*columns, Column(t("coverage_file.recorders"), width=20)], rows)


def pdf_values(report: FigureReport) -> dict[str, Any]:
    """What the PDF's template shows (``service/documents/templates/coverage-report.typ``)."""
    figure, snapshot, t = report.figure, report.snapshot, texts_in(Language.ZH_CN)
    made = snapshot.made_at.astimezone(DISPLAY_ZONE)
    return {
        "made": {"year": made.year, "month": made.month, "day": made.day, "hour": made.hour, "minute": made.minute, "second": made.second},
        "package": {"id": str(snapshot.id), "made_at": format_time(snapshot.made_at)},
        "agency": shown(figure.name),
        "day": snapshot.day.isoformat(),
        "edition": t.of_code("reports.edition", snapshot.edition),
        "is_late": snapshot.is_late,
        "rate": _rate_text(figure.numerator, figure.denominator, t),
        "numerator": format_number(figure.numerator),
        "denominator": format_number(figure.denominator),
        "missing": format_number(figure.denominator - figure.numerator),
        "definition": t("coverage.definition"),
        "method": snapshot.method,
        "known_until": format_time(snapshot.known_until),
        "roster_sha256": snapshot.roster_sha256,
        "figures_sha256": snapshot.figures_sha256,
        "trend": [
            {
                "day": point.day.isoformat(),
                "share": point.numerator / point.denominator if point.denominator else 0,
                "rate": _rate_text(point.numerator, point.denominator, t),
            }
            for point in report.trend
        ],
        "reasons": [
            {"reason": t.of_code("coverage.gap_reason", reason), "count": format_number(count), "share": count / max(1, *figure.gap.values())}
            for reason, count in _by_reason(figure.gap)
        ],
        "agencies": [
            {
                "depth": depth,
                "name": shown(one.name),
                "rate": _rate_text(one.numerator, one.denominator, t),
                "share": one.numerator / one.denominator if one.denominator else 0,
                "numerator": format_number(one.numerator),
                "denominator": format_number(one.denominator),
                "missing": format_number(one.denominator - one.numerator),
            }
            for depth, one in report.figures[:_MOST_AGENCIES_SET]
        ],
        "agencies_left_out": format_number(max(0, len(report.figures) - _MOST_AGENCIES_SET)),
        "names": [
            {
                "code": shown(one.code),
                "name": shown(one.name),
                "agency": shown(one.agency.name),
                "reason": t.of_code("coverage.gap_reason", one.reason),
            }
            for one in report.missing[:MOST_NAMES_SET]
        ],
        "names_left_out": format_number(max(0, len(report.missing) - MOST_NAMES_SET)),
    }


def _by_reason(gap: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(gap.items(), key=lambda item: (-item[1], item[0]))


def _rate(numerator: int, denominator: int, t: Texts) -> Value:
    found = share(numerator, denominator)
    return t("app.not_applicable") if found is None else found


def _rate_text(numerator: int, denominator: int, t: Texts) -> str:
    return format_rate(numerator, denominator) if denominator else t("app.not_applicable")
