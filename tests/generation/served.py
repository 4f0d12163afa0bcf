"""A small OpenAI-compatible server that obeys, for tests of whole commands and runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        user = body["messages"][1]["content"]
        wanted = user.split("must be:\n\n")[1].split("\n\n")[0]
        self.server.asked.append(user)  # type: ignore[attr-defined]
        number = len(self.server.asked)  # type: ignore[attr-defined]
        text = f"Visit {number} to table {number**5 % 9973}, {wanted.replace(chr(10), ', ')}."
        said = f"### Text\n{text}\n\n### Answer\n{wanted}"
        answer = json.dumps({"choices": [{"message": {"content": said}, "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def obedient_server() -> Iterator[tuple[str, list[str]]]:
    """Yields the address, and what was asked so far."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.asked = []  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", server.asked  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
