"""What can be wrong with a proof, a signature or a value that should be signed."""


class IntegrityError(Exception):
    """Something does not prove what it claims to prove."""


class MalformedValueError(IntegrityError):
    """A value is outside the bounds of its format; it is refused whole."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}")
        self.what = what
        self.reason = reason


class SignatureMismatchError(IntegrityError):
    """A signature was not made by the key that should have made it."""

    def __init__(self, signer: str) -> None:
        super().__init__(f"the signature of {signer!r} does not verify")
        self.signer = signer


class ProofMismatchError(IntegrityError):
    """A Merkle proof does not lead to the root it should lead to."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(f"{kind} proof: {reason}")
        self.kind = kind
        self.reason = reason


class TimestampError(IntegrityError):
    """A time-stamp token does not prove what it should prove."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"time-stamp token: {reason}")
        self.reason = reason
