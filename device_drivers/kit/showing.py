"""What the kit found out, as lines for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def family_lines(told: Mapping[str, Any]) -> Sequence[str]:
    """Show one installed family, as ``InstalledFamily.to_plain`` gives it."""
    level = told["quality"] if told["quality_fault"] is None else f"{told['quality']} ({told['quality_fault']})"
    lines = [f"{told['family']}  [{level}]  from {told['package'] or 'an unnamed package'}"]
    lines.extend(f"  to do: {name} ({reason})" for name, reason in told["to_do"].items())
    lines.extend(f"  {line}" for match in told["matches"] for line in _match_lines(match))
    return lines


def found_lines(told: Mapping[str, Any]) -> Sequence[str]:
    """Show one device that is plugged in, as ``probing.describe_found`` gives it."""
    lines = [f"port {told['port']}  {told['vendor_id']}:{told['product_id']}  interfaces {', '.join(told['interfaces']) or 'none'}"]
    if told["refusal"] is not None:
        lines.append(f"  refused: {told['refusal']}")
    if told["asks_inquiry"]:
        lines.append("  one of these families, which its INQUIRY decides when it is opened:")
    for match in told["matches"]:
        lines.extend(f"  {line}" for line in (f"{match['family']}:", *_match_lines(match)))
    if "opened" in told:
        lines.extend(f"  {line}" for line in _opened_lines(told["opened"]))
    return lines


def _match_lines(match: Mapping[str, Any]) -> Sequence[str]:
    ids = "any device" if match["vendor_id"] is None else f"{match['vendor_id']}:{match['product_id']}"
    asked = "" if match["inquiry"] is None else f", INQUIRY {match['inquiry']!r}"
    quirks = f", quirks {', '.join(match['quirks'])}" if match["quirks"] else ""
    return (f"{match['interface']} of {ids}{asked}{quirks}: {match['title']}", f"  known by: {match['verified_by']}")


def _opened_lines(opened: Mapping[str, Any]) -> Sequence[str]:
    lines = []
    for part in ("identity", "clock", "status", "capabilities"):
        if part in opened:
            facts = opened[part] or {}
            lines.append(f"{part}: " + (", ".join(f"{name}={value}" for name, value in facts.items() if value is not None) or "not told"))
    if "files" in opened:
        lines.append(f"files: {opened['files']}, {opened['size_bytes']} bytes")
    if opened["failure"] is not None:
        lines.append(f"failed: {opened['failure']}")
    return lines
