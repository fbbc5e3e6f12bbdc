"""Serves the verifier's page, to anybody: it holds nothing of the service, and asks nothing of it."""

import re
from functools import cache

from fastapi import APIRouter, Response

from service.documents.verify_page import verify_page

router = APIRouter()

_POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]+)"')


@router.get("/verify.html")
def get_verify_page() -> Response:
    """Give the page under its own policy, which allows its very scripts and no connection at all."""
    return Response(verify_page(), media_type="text/html", headers={"content-security-policy": f"{_policy()}; frame-ancestors 'none'"})


@cache
def _policy() -> str:
    found = _POLICY.search(verify_page().decode())
    if found is None:
        raise ValueError("the verifier's page lacks its policy")
    return found[1]
