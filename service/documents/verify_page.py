"""The verifier's page: one HTML file that the service serves and that every package carries."""

from functools import cache
from importlib import resources


@cache
def verify_page() -> bytes:
    """The page, the same bytes everywhere; put together by ``tools/build_verify_page.py`` before the service is installed.

    Returns:
        HTML in UTF-8 that loads nothing and can be opened from a file.
    """
    return resources.files(__package__).joinpath("verify.html").read_bytes()
