"""The reason a person gives for what they decide; it is entered in the chain of custody."""

from service.errors import UnacceptableValueError

LONGEST_REASON = 500


def given_reason(text: str) -> str:
    """Take the reason a person gave, without the blanks around it.

    Raises:
        UnacceptableValueError: There is none, or it is longer than 500 characters.
    """
    text = text.strip()
    if not 0 < len(text) <= LONGEST_REASON:
        raise UnacceptableValueError("reason", f"1 to {LONGEST_REASON} characters")
    return text
