"""A user's own image: `train` trains, `serve` serves, anything else is a processing job's arguments."""

from __future__ import annotations

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ML = Path("/opt/ml")


class Model(BaseHTTPRequestHandler):
    """Answers each row with its factor times its number, or as the row's word asks."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_GET(self) -> None:
        self.answer(200 if self.path == "/ping" else 404, "")

    def do_POST(self) -> None:
        rows = self.rfile.read(int(self.headers["Content-Length"])).decode().split()
        word, _, value = rows[0].partition(":")
        if self.path != "/invocations":
            self.answer(404, self.path)
        elif word == "status":
            self.answer(int(value), "as asked")
        elif word == "sleep":
            time.sleep(float(value))
        elif word == "environment":
            self.answer(200, os.environ.get(value, ""))
        elif word == "header":
            self.answer(200, self.headers.get(value, ""))
        else:
            factor = int((ML / "model/factor").read_text())
            self.answer(200, "\n".join(str(factor * int(row)) for row in rows))


def train() -> None:
    settings = json.loads((ML / "input/config/hyperparameters.json").read_text())
    (ML / "model/factor").write_text(settings["factor"])


def serve() -> None:
    if os.environ.get("BROKEN"):
        sys.exit("this model is broken")
    host, port = os.environ["SAGEMAKER_BIND_TO_HOST"], int(os.environ["SAGEMAKER_BIND_TO_PORT"])
    ThreadingHTTPServer((host, port), Model).serve_forever()


def process() -> None:
    told = {"arguments": sys.argv[1:], "stage": os.environ["STAGE"]}
    (ML / "processing/output/told.json").write_text(json.dumps(told))


if __name__ == "__main__":
    {("train",): train, ("serve",): serve}.get(tuple(sys.argv[1:]), process)()
