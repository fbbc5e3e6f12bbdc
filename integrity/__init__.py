"""How we prove that nothing changed: pure functions and the values that are signed.

Stands on the standard library and ``cryptography`` alone, so that it can be handed to the other side of a case as the
verifier. Nothing here opens a socket, a database or a clock; times are arguments.

Rooms: ``hashing`` (SHA-256 and SM3 in one pass), ``canonical`` (RFC 8785), ``plain`` (values to JSON and back), ``signing`` (Ed25519), ``der``;
``listing`` (what a recorder said), ``receipt`` (what the store got), ``manifest`` (both, signed), ``custody_event``, ``merkle`` (RFC 9162),
``checkpoint`` (C2SP), ``timestamp_token`` and ``timestamp_authority`` (RFC 3161).
"""
