"""Where a report contradicts those that came before it. Pure.

Codes are frozen: ``same_figure_differs``, ``replaces_unknown``, ``replacement_not_named``, ``roster_changed``, ``agency_gone``, ``agency_moved``.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from integrity.coverage_report import CoverageReport
from integrity.coverage_report_checks import ReportFault

DUE_DAYS = 5
"""Days after the end of a month within which its report is expected."""
EXPECTED_MONTHS = 12
_MOST_OF_A_KIND = 10


def find_contradictions(report: CoverageReport, *, of_the_day: Iterable[CoverageReport], before: CoverageReport | None) -> list[ReportFault]:
    """List where a report contradicts earlier ones.

    Args:
        report: The new report.
        of_the_day: Those that came for the same agency and day, newest first.
        before: The newest of the last day before; ``None`` when there is none.
    """
    known = list(of_the_day)
    return [*_replacement(report, known), *_same_figure(report, known), *([] if before is None else _tree_changes(report, before))]


def _replacement(report: CoverageReport, known: list[CoverageReport]) -> Iterator[ReportFault]:
    newest = known[0].report_id if known else None
    if report.replaces == newest:
        return
    if report.replaces is not None and report.replaces not in {one.report_id for one in known}:
        yield ReportFault("replaces_unknown", report.replaces, "the report that it replaces did not come")
    if newest is not None:
        yield ReportFault("replacement_not_named", newest, "came for this day before, and is not what this one replaces")


def _same_figure(report: CoverageReport, known: list[CoverageReport]) -> Iterator[ReportFault]:
    for one in known:
        if one.snapshot.id == report.snapshot.id and (one.snapshot, one.figures) != (report.snapshot, report.figures):
            yield ReportFault("same_figure_differs", one.report_id, "told of the same frozen figure otherwise")
        elif one.snapshot.edition == report.snapshot.edition != "restated" and one.snapshot.roster_sha256 != report.snapshot.roster_sha256:
            yield ReportFault("roster_changed", one.report_id, f"has another roster behind the same edition ({report.snapshot.edition})")


def _tree_changes(report: CoverageReport, before: CoverageReport) -> Iterator[ReportFault]:
    """Agencies that are no longer there, or hang elsewhere: that may be right, and is for a person to look at."""
    now = {figure.code: figure.parent for figure in report.figures}
    gone = [figure for figure in before.figures if figure.code not in now]
    moved = [figure for figure in before.figures if figure.code in now and now[figure.code] != figure.parent]
    for figure in gone[:_MOST_OF_A_KIND]:
        yield ReportFault("agency_gone", figure.code, f"{figure.name} was reported for {before.snapshot.day}")
    for figure in moved[:_MOST_OF_A_KIND]:
        yield ReportFault("agency_moved", figure.code, f"hung below {figure.parent or 'nobody'}, hangs below {now[figure.code] or 'nobody'}")


def expected_days(today: date, *, first: date | None) -> list[date]:
    """Ends of months whose report should be there by now, newest first.

    Args:
        today: The day under way, Asia/Shanghai.
        first: The first day that was ever reported; before it nothing is expected. Without one only the last month is.
    """
    days: list[date] = []
    day = today.replace(day=1) - timedelta(days=1)
    while len(days) < EXPECTED_MONTHS:
        if today - day > timedelta(days=DUE_DAYS) and (first is None or day >= first):
            days.append(day)
            if first is None:
                break
        elif first is not None and day < first:
            break
        day = day.replace(day=1) - timedelta(days=1)
    return days
