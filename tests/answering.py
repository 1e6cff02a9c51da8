"""How the scripted servers of the tests answer: one body with its length, and not a word on the terminal."""

from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler


class Answering(BaseHTTPRequestHandler):
    """A handler of requests that answers whole bodies."""

    disable_nagle_algorithm = True  # else a body waits 40 ms for the client to acknowledge its head

    def send(
        self, status: int, body: bytes, kind: str = "application/json", headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """One answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""
