"""Addresses that pages send visitors on to: only ever of this very site."""

from urllib.parse import urlencode, urlsplit

START = "/"
_LONGEST = 2_000


def local_address(text: str | None) -> str:
    """Give an address back when it is a path of this site, else the start page: nobody is sent elsewhere by a link.

    Browsers read a backslash as a slash and drop control characters, so either makes an address a stranger's.
    """
    if not text or len(text) > _LONGEST or not text.startswith("/") or text.startswith("//"):
        return START
    if "\\" in text or any(ord(sign) < 0x21 or ord(sign) == 0x7F for sign in text):
        return START
    return text


def sign_in_address(wanted: str) -> str:
    """Address of the sign-in page that leads on to what was wanted."""
    target = local_address(wanted)
    return "/sign-in" if target == START else f"/sign-in?{urlencode({'next': target})}"


def path_of(url: str) -> str:
    """Path and query of a full address."""
    parts = urlsplit(url)
    return local_address(f"{parts.path}?{parts.query}" if parts.query else parts.path)
