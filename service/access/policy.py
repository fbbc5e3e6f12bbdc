"""Who may do what: one pure table of roles and actions. Whose rows they may do it to is the scope's affair."""

from enum import StrEnum

from evidence_store.actor import Role


class Action(StrEnum):
    """What a person may ask for."""

    FIND_CLIPS = "find_clips"
    VIEW_CLIP = "view_clip"
    READ_CUSTODY = "read_custody"
    OPEN_CASE = "open_case"
    LINK_CLIPS = "link_clips"
    FIND_CASES = "find_cases"
    SEE_BOARD = "see_board"
    READ_COVERAGE = "read_coverage"
    CHANGE_ROSTER = "change_roster"
    MANAGE_ACCOUNTS = "manage_accounts"
    MANAGE_DOCKS = "manage_docks"
    READ_HEALTH = "read_health"
    DECIDE_QUARANTINE = "decide_quarantine"
    CHECK_OUT_RECORDER = "check_out_recorder"
    ADOPT_RECORDER = "adopt_recorder"
    CLAIM_CLIP = "claim_clip"
    IMPORT_FOOTAGE = "import_footage"
    CATEGORISE_CLIP = "categorise_clip"
    MAKE_PACKAGE = "make_package"
    REMOVE_LEFTOVER = "remove_leftover"
    EXCHANGE_REPORTS = "exchange_reports"


_ALLOWED: dict[Role, frozenset[Action]] = {
    Role.DUTY_OFFICER: frozenset(
        {Action.FIND_CLIPS, Action.VIEW_CLIP, Action.READ_CUSTODY, Action.SEE_BOARD, Action.CHECK_OUT_RECORDER, Action.CLAIM_CLIP}
    ),
    Role.REVIEWER: frozenset(
        {
            Action.FIND_CLIPS,
            Action.VIEW_CLIP,
            Action.READ_CUSTODY,
            Action.OPEN_CASE,
            Action.LINK_CLIPS,
            Action.FIND_CASES,
            Action.SEE_BOARD,
            Action.READ_COVERAGE,
            Action.IMPORT_FOOTAGE,
            Action.CATEGORISE_CLIP,
            Action.MAKE_PACKAGE,
        }
    ),
    # An administrator answers for docks, people and the rate, and does not open footage.
    Role.ADMINISTRATOR: frozenset(
        {
            Action.FIND_CLIPS,
            Action.READ_CUSTODY,
            Action.FIND_CASES,
            Action.SEE_BOARD,
            Action.READ_COVERAGE,
            Action.CHANGE_ROSTER,
            Action.MANAGE_ACCOUNTS,
            Action.MANAGE_DOCKS,
            Action.READ_HEALTH,
            Action.DECIDE_QUARANTINE,
            Action.CHECK_OUT_RECORDER,
            Action.ADOPT_RECORDER,
            Action.CLAIM_CLIP,
            Action.IMPORT_FOOTAGE,
            Action.REMOVE_LEFTOVER,
            Action.EXCHANGE_REPORTS,
        }
    ),
}


def is_allowed(role: Role, action: Action) -> bool:
    """Whether a role may do something at all."""
    return action in _ALLOWED[role]
