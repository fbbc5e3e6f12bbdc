"""What the documents show, ready to be set: in Chinese, with every text of people and recorders made visible."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrity.plain import parse_instant
from service.documents.pdf import shown
from service.language import DISPLAY_ZONE, Language, Texts, format_bytes, format_duration, format_number, format_time, texts_in

_UNKNOWN = "未知"
_SHORT = 60
"""Characters of a name in a table of many clips."""
_DETAILS = ("purpose", "recipient", "reason")


def document_values(report: Mapping[str, Any], *, made_at: datetime) -> dict[str, Any]:
    """Turn a custody report into what templates show.

    Args:
        report: Members of the custody report.
        made_at: When the package was made, aware.
    """
    texts = texts_in(Language.ZH_CN)
    made = made_at.astimezone(DISPLAY_ZONE)
    case, log = report["case"], report["log"]
    return {
        "made": {name: getattr(made, name) for name in ("year", "month", "day", "hour", "minute", "second")},
        "package": {
            "id": report["package_id"],
            "agency": f"{shown(report['agency']['name'])}（{shown(report['agency']['code'])}）",
            "maker": shown(report["maker"]),
            "made_at": format_time(made_at),
            "recipient": shown(report["recipient"]),
            "purpose": shown(report["purpose"]),
            "case": None if case is None else {"number": shown(case["number"]), "title": shown(case["title"])},
            "count": format_number(len(report["clips"])),
            "size": _size(report["size_bytes"]),
            "contents_sha256": report["contents_sha256"],
            "software": report["software"],
        },
        "clips": [_clip(number, clip, texts) for number, clip in enumerate(report["clips"], start=1)],
        "log": {
            "size": format_number(log["size"]),
            "stamped_at": format_time(parse_instant(log["stamped_at"])),
            "checkpoint": "\n".join(shown(line) for line in log["checkpoint"].splitlines()),
            "log_key": shown(log["log_key"]),
        },
    }


def _clip(number: int, clip: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    corrected = _time(clip["corrected_at"])
    if clip["corrected_at"] is not None and clip["corrected_uncertainty_s"] is not None:
        corrected += f"（± {clip['corrected_uncertainty_s']:.1f} 秒）"
    officer = f"{shown(clip['officer_name'] or '')}（{shown(clip['officer'])}）" if clip["officer"] is not None else _UNKNOWN
    recorder = _text(clip["recorder"])
    return {
        "no": number,
        "id": clip["clip_id"],
        "name": shown(clip["original_name"]) or clip["clip_id"],
        "short_name": shown(clip["original_name"], longest=_SHORT) or clip["clip_id"],
        "path": _text(clip["path"]),
        "kind": _of_clip(texts, "kind", clip["kind"]),
        "size": format_bytes(clip["size_bytes"]),
        "size_exact": _size(clip["size_bytes"]),
        "duration": _UNKNOWN if clip["duration_s"] is None else format_duration(clip["duration_s"]),
        "recorder": recorder + (f"（{shown(clip['recorder_model'])}）" if clip["recorder_model"] else ""),
        "source": "外部导入" if clip["imported"] else f"执法记录仪 {recorder}",
        "officer": officer,
        "is_officer_known": clip["officer"] is not None,
        "agency": f"{shown(clip['agency'])}（{shown(clip['agency_code'])}）",
        "recorded_at": _time(clip["recorded_at"]),
        "is_corrected": clip["corrected_at"] is not None,
        "corrected_at": corrected,
        "clock": _offset(clip["clock_offset_s"], clip["clock_uncertainty_s"]),
        "dock_clock": _offset(clip["dock_offset_s"], clip["dock_uncertainty_s"]),
        "gps": None if clip["gps_offset_s"] is None else _offset(clip["gps_offset_s"], clip["gps_uncertainty_s"]),
        **{name: _time(clip[name]) for name in ("received_at", "verified_at", "sealed_at", "retain_until")},
        "sha256": clip["sha256"],
        "sm3": clip["sm3"],
        "quarantine": None if clip["quarantine"] is None else _of_clip(texts, "quarantine", clip["quarantine"]),
        "marks": _marks(clip, texts),
        "imported": None if clip["imported"] is None else _origin(clip["imported"], texts),
        "chain": [_event(event, texts) for event in clip["chain"]],
    }


def _marks(clip: Mapping[str, Any], texts: Texts) -> list[str]:
    marks = [_of_clip(texts, "mark", "key")] if clip["is_key"] else []
    marks += [_of_clip(texts, "flag", flag) for flag in clip["flags"]]
    if clip["category"] is not None:
        marks.append(_of_clip(texts, "category", clip["category"]))
    return marks


def _origin(origin: Mapping[str, Any], texts: Texts) -> list[list[str]]:
    rows = [
        [texts("imports.kind"), texts.of_code("import.kind", origin["kind"])],
        [texts("imports.received_from"), shown(origin["received_from"])],
        [texts("imports.document"), shown(origin["document"])],
        [texts("imports.importer"), shown(origin["importer"])],
    ]
    stated = origin.get("stated") or {}
    if stated.get("recorded_at"):
        rows.append([texts("imports.stated_time"), shown(stated["recorded_at"].replace("T", " "))])
    if stated.get("remark"):
        rows.append([texts("imports.stated_remark"), shown(stated["remark"])])
    digest = f"{stated['digest_algorithm']}:{stated['digest']}" if stated.get("digest") else texts("imports.not_stated")
    return [*rows, [texts("imports.stated_digest"), shown(digest)]]


def _event(event: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    actor = texts.of_code("custody.actor", event["actor"]["kind"])
    name = event["actor"]["name"]
    return {
        "seq": event["seq"],
        "at": format_time(parse_instant(event["at"])),
        "action": texts.of_code("custody.action", event["action"]),
        "actor": actor if name in {None, event["actor"]["kind"]} else f"{actor} {shown(name)}",
        "detail": _detail(event, texts),
        "leaf": _UNKNOWN if event["leaf_index"] is None else format_number(event["leaf_index"]),
    }


def _detail(event: Mapping[str, Any], texts: Texts) -> str:
    told: list[str] = []
    for name in _DETAILS:
        value = event["details"].get(name)
        if isinstance(value, str):
            words = _of_clip(texts, "quarantine", value) if event["action"] == "clip.quarantined" else shown(value)
            told.append(f"{texts.of_code('custody.detail', name)}：{words}")
    return "；".join(told)


def _offset(seconds: float | None, uncertainty_s: float | None) -> str:
    if seconds is None:
        return _UNKNOWN
    around = "" if uncertainty_s is None else f"（± {uncertainty_s:.1f} 秒）"
    return f"{'快' if seconds >= 0 else '慢'} {abs(seconds):.1f} 秒{around}"


def _size(size_bytes: int) -> str:
    return f"{format_bytes(size_bytes)}（{format_number(size_bytes)} 字节）"


def _time(moment: str | None) -> str:
    return _UNKNOWN if moment is None else format_time(parse_instant(moment))


def _of_clip(texts: Texts, family: str, code: str) -> str:
    return texts.of_code(f"clip.{family}", code)


def _text(text: str | None) -> str:
    return shown(text) if text else _UNKNOWN
