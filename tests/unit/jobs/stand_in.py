"""An image's program for the tests: trains, serves and processes as its environment says."""

from __future__ import annotations

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

ML = Path("/opt/ml")


class Model(BaseHTTPRequestHandler):
    """Answers each CSV row with its number of columns; misbehaves as the model file or the row asks it to."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.answer(500 if os.environ.get("PING") == "refuse" else 200, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if b"bad" in body:
            self.answer(415, b"I can't read this")
        elif b"broken" in body:
            self.answer(500, b"oops")
        elif b"die" in body:
            os._exit(9)
        elif b"sleep" in body:
            time.sleep(60)
        else:
            print(f"{self.headers['Content-Type']} {len(body.splitlines())} rows", flush=True)
            self.answer(200, "\n".join(str(len(row.split(b","))) for row in body.splitlines()).encode())


def train() -> None:
    for name in ("hyperparameters", "inputdataconfig", "resourceconfig"):
        print((ML / "input/config" / f"{name}.json").read_text())
    print(json.dumps(dict(os.environ)))
    (ML / "model/model.bin").write_text("trained on " + os.environ["SM_CHANNELS"])
    (ML / "output/data/notes.txt").write_text("notes")


def main(purpose: str) -> None:
    if purpose == "train":
        train()
    elif purpose == "process":
        print("processing by the image's own program", *sys.argv[2:])
    else:
        if os.environ.get("PING") == "die":
            sys.exit("no model here")
        print("model:", sorted(path.name for path in (ML / "model").iterdir()), flush=True)
        port = int(os.environ["SAGEMAKER_BIND_TO_PORT"])
        HTTPServer((os.environ["SAGEMAKER_BIND_TO_HOST"], port), Model).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
