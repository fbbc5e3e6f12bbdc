"""Whether the service answers that it is ready, asked from this machine."""

import ssl
from dataclasses import dataclass
from http import HTTPStatus

import urllib3

from integrity.hashing import sha256_hex
from service.appliance.listening import Listening

_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class ReadinessProbe:
    """Asks ``GET /readyz``.

    Attributes:
        pool: Connections to the pages.
    """

    pool: urllib3.HTTPConnectionPool

    @classmethod
    def of(cls, listening: Listening) -> "ReadinessProbe":
        """Make a probe; over TLS it accepts the one certificate the service was given, under whatever name.

        Raises:
            OSError: The certificate cannot be read.
        """
        host, port = listening.probe.host, listening.probe.port
        if listening.tls is None:
            return cls(urllib3.HTTPConnectionPool(host, port, timeout=_TIMEOUT_S, retries=False))
        text = listening.tls.certificate.read_text(encoding="ascii")
        end = text.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----")
        leaf = ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN CERTIFICATE-----") : end])
        pinned = sha256_hex(leaf)
        return cls(urllib3.HTTPSConnectionPool(host, port, timeout=_TIMEOUT_S, retries=False, cert_reqs=ssl.CERT_NONE, assert_fingerprint=pinned))

    def is_ready(self) -> bool:
        """Whether it answers 200; never raises."""
        try:
            return self.pool.request("GET", "/readyz").status == HTTPStatus.OK
        except urllib3.exceptions.HTTPError:
            return False
