"""The verifier's findings for people, in their language, and for programs, as JSON. Values in, text out.

Texts that came with a package are shown with every control, format and direction character spelled out, so that they cannot rearrange the report.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence

from integrity.canonical import JsonValue
from integrity.verify.checking import Check, Status
from integrity.verify.texts import TEXTS, Language
from integrity.verify.verdicts import GOOD, Completeness, FileVerdict, VolumeReport

EXIT_GOOD, EXIT_NOT_GOOD, EXIT_USAGE, EXIT_UNREADABLE = 0, 1, 2, 3

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LONGEST_VALUE = 1000
_TRADITIONAL = ("tw", "hk", "mo", "hant", "traditional")


def choose_language(wanted: str) -> Language:
    """The language that a locale's name or a language tag asks for (``zh_TW.UTF-8``, ``zh-CN``, ``Chinese (Traditional)_Taiwan``); else English."""
    folded = wanted.casefold()
    if not folded.startswith(("zh", "chinese")):
        return Language.EN
    return Language.ZH_TW if any(mark in folded for mark in _TRADITIONAL) else Language.ZH_CN


def exit_status(volumes: Sequence[VolumeReport], packages: Sequence[Completeness]) -> int:
    """What the program ends with: 0, 1 or 3 (docs/formats/evidence-package.md)."""
    if not all(volume.is_read for volume in volumes):
        return EXIT_UNREADABLE
    fine = all(check.status is not Status.FAILS for volume in volumes for check in volume.checks)
    known = all(file.verdict in GOOD for volume in volumes for file in volume.files)
    whole = bool(packages) and all(each.is_complete for each in packages)
    return EXIT_GOOD if fine and known and whole else EXIT_NOT_GOOD


def say(language: Language, code: str, values: Mapping[str, JsonValue] | None = None) -> str:
    """A text in a language, its values made harmless."""
    shown = {name: visible(value if isinstance(value, str) else _compact(value)) for name, value in (values or {}).items()}
    return TEXTS[code][language].format_map(shown).strip()


def visible(text: str) -> str:
    """A text without characters that hide or rearrange others; very long ones are cut."""
    short = text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
    return "".join(f"\\u{{{ord(each):x}}}" if unicodedata.category(each) in _HIDDEN else each for each in short)


def check_line(check: Check, language: Language) -> str:
    """One line for one check."""
    status, step = say(language, f"status_{check.status}"), say(language, f"step_{check.step}")
    return f"[{status}] {step}: {say(language, check.code, check.values)}"


def file_lines(file: FileVerdict, language: Language) -> list[str]:
    """What a file is: its verdict first, then how that can be checked by other means."""
    measured = file.measured
    lines = [f"[{say(language, f'verdict_{file.verdict}')}] {' + '.join(map(visible, file.paths))}: {say(language, file.code, file.values)}"]
    if file.original_name is not None:
        lines.append(f"    {say(language, 'named', {'name': file.original_name})}")
    lines.append(f"    {say(language, 'digest', {'sha256': measured.sha256, 'size_bytes': measured.size_bytes})}")
    if measured.sm3 is not None:
        lines.append(f"    {say(language, 'digest_sm3', {'sm3': measured.sm3})}")
    return lines


def summary_lines(volumes: Sequence[VolumeReport], packages: Sequence[Completeness], language: Language) -> list[str]:
    """Whether all is here, what is not, and the result."""
    lines: list[str] = []
    for package in packages:
        volumes_given = ", ".join(f"{number}/{count}" for number, count in package.volumes)
        values: dict[str, JsonValue] = {"package_id": package.package_id, "volumes": volumes_given}
        lines.append(say(language, "complete" if package.is_complete else "incomplete", values))
        lines += [f"    {say(language, 'missing_clip', {'name': name})}" for name in package.missing_clips]
        lines += [f"    {say(language, 'missing_file', {'name': name})}" for name in package.missing_files]
        if not package.is_vouched:
            lines.append(f"    {say(language, 'list_not_vouched')}")
    lines.append(say(language, f"result_{exit_status(volumes, packages)}"))
    return lines


def to_json(volumes: Sequence[VolumeReport], packages: Sequence[Completeness]) -> str:
    """Everything as one JSON object, ASCII only."""
    document = {
        "format": "bodycam.verification",
        "version": 1,
        "exit_status": exit_status(volumes, packages),
        "volumes": [_volume(volume) for volume in volumes],
        "packages": [
            {
                "package_id": package.package_id,
                "complete": package.is_complete,
                "volumes": package.volumes,
                "missing": package.missing_clips,
                "missing_files": package.missing_files,
                "contents_vouched": package.is_vouched,
            }
            for package in packages
        ],
    }
    return json.dumps(document, indent=1)


def _volume(volume: VolumeReport) -> dict[str, object]:
    return {
        "label": volume.label,
        "read": volume.is_read,
        "checks": [{"step": check.step, "code": check.code, "status": check.status, "values": check.values} for check in volume.checks],
        "files": [
            {
                "paths": file.paths,
                "verdict": file.verdict,
                "code": file.code,
                "values": file.values,
                "clip_id": file.clip_id,
                "original_name": file.original_name,
                "size_bytes": file.measured.size_bytes,
                "sha256": file.measured.sha256,
                "sm3": file.measured.sm3,
            }
            for file in volume.files
        ],
    }


def _compact(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
