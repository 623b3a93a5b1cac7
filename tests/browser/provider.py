"""A provider of accounts for tests: OpenID Connect, as small as it goes, on this computer.

It lets everybody in as Ada. https://openid.net/specs/openid-connect-core-1_0.html
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "bnviz"
_ALGORITHM = "RS256"


class _Provider(BaseHTTPRequestHandler):
    """Answers a browser at /authorize, and bnviz at the other addresses."""

    key = RSAKey.generate_key(2048, {"kid": "1", "alg": _ALGORITHM, "use": "sig"})
    #: The nonces of those who were let in, by the code that each was given.
    nonces: dict[str, str]

    @property
    def _issuer(self) -> str:
        host, port = self.server.server_address[:2]
        return f"http://{host!s}:{port}"

    def do_GET(self) -> None:
        """The way in, and what is known of the provider."""
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/authorize":
            code = str(len(self.nonces))
            self.nonces[code] = asked["nonce"]
            self.send_response(302)
            back = urlencode({"code": code, "state": asked["state"]})
            self.send_header("Location", f"{asked['redirect_uri']}?{back}")
            self.end_headers()
        elif parts.path == "/keys":
            self._say({"keys": [self.key.as_dict(private=False)]})
        else:
            ends = {"authorization_endpoint": "authorize", "token_endpoint": "token"}
            ends["jwks_uri"] = "keys"
            known = {name: f"{self._issuer}/{end}" for name, end in ends.items()}
            rules = {"id_token_signing_alg_values_supported": [_ALGORITHM]}
            self._say({"issuer": self._issuer, **known, **rules})

    def do_POST(self) -> None:
        """The token of who was let in, for the code."""
        told = self.rfile.read(int(self.headers["Content-Length"])).decode()
        nonce = self.nonces.pop(parse_qs(told)["code"][0])
        now = int(time.time())
        about: dict[str, str | int] = {"sub": "1", "email": "ada@example.org", "nonce": nonce}
        about |= {"iss": self._issuer, "aud": CLIENT, "iat": now, "exp": now + 600}
        token = jwt.encode({"alg": _ALGORITHM, "kid": "1"}, about, self.key)
        self._say({"access_token": "x", "token_type": "Bearer", "id_token": token})

    def _say(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def provider() -> Iterator[str]:
    """The address of a provider, for the duration of the block."""
    handler = type("Provider", (_Provider,), {"nonces": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
