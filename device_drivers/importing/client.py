"""The calls of an import that a person makes: signing in, opening, stating, closing. The files themselves come through the dock protocol."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import urllib3

from device_drivers.dock.addresses import require_protected
from device_drivers.dock.errors import MalformedAnswerError, UnreachableError
from device_drivers.dock.service_client import refusal_of, request
from integrity.plain import to_members
from integrity.provenance import SourceKind, StatedFile

MOST_STATEMENTS = 1_000
MOST_MISSING_NAMED = 100
_LONGEST_NAME = 300
_SERVER_ERROR = 500


class ImportClient:
    """Calls of one person; not repeated when nothing answers, because a person stands by.

    Args:
        url: Address of the service.
        pool: Connections, from ``device_drivers.dock.service_client.connection_pool``.

    Each call raises:
        UnreachableError: Nothing, or only a server's error, answered.
        UntrustedPeerError: The service's certificate is not trusted.
        RefusedError: The service understood and refused.
        MalformedAnswerError: The answer is not what the service promises.
    """

    def __init__(self, url: str, *, pool: urllib3.PoolManager) -> None:
        require_protected(url)
        self._root = f"{url.rstrip('/')}/api/v1/"
        self._pool = pool
        self._headers = {"Accept": "application/json", "Content-Type": "application/json"}

    def sign_in(self, username: str, password: str) -> None:
        """Sign in; later calls are made in this name."""
        answer = self._call("POST", "tokens", {"username": username, "password": password})
        self.use_token(_text(answer, "access_token", "POST tokens"))

    def use_token(self, token: str) -> None:
        """Make later calls with a token that was given out before."""
        self._headers = {**self._headers, "Authorization": f"Bearer {token}"}

    def open_import(self, kind: SourceKind, *, received_from: str, document: str, agency: str | None) -> tuple[str, str]:
        """Begin an import; gives its id and the dock credential that its files come through."""
        body = {"kind": str(kind), "received_from": received_from, "document": document, "agency": agency}
        answer = self._call("POST", "imports", body)
        return _text(answer, "id", "POST imports"), _text(answer, "token", "POST imports")

    def resume_import(self, import_id: str) -> str:
        """Draw a new credential for an import that is open."""
        return _text(self._call("POST", f"imports/{import_id}/credential", {}), "token", "POST credential")

    def state_files(self, import_id: str, stated: Iterable[tuple[str, StatedFile]]) -> None:
        """Say what the source states of files, each by its raw path in base64."""
        items = [{"path_raw_base64": path, "stated": to_members(one)} for path, one in stated]
        for start in range(0, len(items), MOST_STATEMENTS):
            self._call("PUT", f"imports/{import_id}/statements", {"files": items[start : start + MOST_STATEMENTS]})

    def close_import(self, import_id: str, *, missing: Sequence[str]) -> None:
        """Let nothing more come by an import, and say what its source names and was not there."""
        named = [name[:_LONGEST_NAME] for name in missing[:MOST_MISSING_NAMED]]
        self._call("POST", f"imports/{import_id}/close", {"missing": named, "missing_count": len(missing)})

    def _call(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        what = f"{method} {path}"
        data = json.dumps(body, separators=(",", ":")).encode()
        response = request(self._pool, method, self._root + path, headers=self._headers, body=data, what=what)
        if response.status >= _SERVER_ERROR:
            raise UnreachableError(what, f"answered {response.status}")
        if response.status not in {200, 201, 204}:
            raise refusal_of(what, response.status, response.data)
        try:
            return json.loads(response.data) if response.data else None
        except (ValueError, RecursionError) as error:
            raise MalformedAnswerError(what, str(error)) from error


def _text(answer: Any, member: str, what: str) -> str:
    value = answer.get(member) if isinstance(answer, dict) else None
    if not isinstance(value, str):
        raise MalformedAnswerError(what, f"expected {member}")
    return value
