"""A small issuer of logins (OIDC) on this machine, who says yes to whoever asks."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT = "the-page"


class Issuer:
    """Everybody who is sent here is `email`, at once."""

    def __init__(self, email: str) -> None:
        self.email = email
        self.asked: list[str] = []  # paths
        self._nonce = ""
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            disable_nagle_algorithm = True  # else a body waits 40 ms for the client to acknowledge its head

            def do_GET(self) -> None:
                issuer.asked.append(urlsplit(self.path).path)
                place = urlsplit(self.path)
                if place.path == "/authorize":
                    asked = {k: v[0] for k, v in parse_qs(place.query).items()}
                    issuer._nonce = asked.get("nonce", "")
                    self.send_response(302)
                    answer = urlencode({"code": "yes", "state": asked["state"]})
                    self.send_header("Location", f"{asked['redirect_uri']}?{answer}")
                    self.end_headers()
                else:
                    self._say(issuer.configuration() if "openid" in place.path else issuer.keys())

            def do_POST(self) -> None:
                issuer.asked.append(self.path)
                self.rfile.read(int(self.headers["Content-Length"]))
                self._say({"access_token": "a", "token_type": "Bearer", "id_token": issuer.token(), "expires_in": 600})

            def _say(self, value: dict[str, Any]) -> None:
                body = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
            "id_token_signing_alg_values_supported": ["RS256"], "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
        }  # fmt: skip

    def keys(self) -> dict[str, Any]:
        numbers = self._key.public_key().public_numbers()
        return {
            "keys": [
                {
                    "kty": "RSA",
                    "kid": "1",
                    "use": "sig",
                    "alg": "RS256",
                    "n": _number(numbers.n),
                    "e": _number(numbers.e),
                }
            ]
        }

    def token(self) -> str:
        """Signed: who it is, for whom, until when."""
        now = int(time.time())
        says = {
            "iss": self.url, "aud": CLIENT, "sub": "1", "email": self.email, "email_verified": True, "iat": now,
            "exp": now + 600, "nonce": self._nonce,
        }  # fmt: skip
        text = ".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "1"}, says))
        return f"{text}.{_encoded(self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))
