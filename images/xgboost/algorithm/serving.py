"""`serve`: the inference server, with the routes and answers of AWS's image."""

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import Any

import xgboost as xgb

from .data import CSV, content_kind, cpu_count, csv_rows, libsvm_rows
from .failure import CustomerError
from .training import MODEL

MAX_PAYLOAD = 6 * 1024 * 1024
ACCEPTED = ("text/csv", "application/json", "application/jsonlines")


class Refused(Exception):
    """A request that is answered with `status` and a message."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Predictor:
    """A trained model, JSON or UBJSON, that answers one request at a time, as XGBoost's prediction wants."""

    def __init__(self, path: Path) -> None:
        self._booster = xgb.Booster()
        self._booster.load_model(bytearray(path.read_bytes()))
        self._booster.set_param({"nthread": 1})
        self._lock = threading.Lock()
        self.features = self._booster.num_features()

    def predict(self, body: bytes, content_type: str | None) -> list[Any]:
        """Predictions, one for each row of `body`: numbers, or lists of them for multi:softprob.

        Raises Refused with 415 for a content type or a row that cannot be read, as AWS's image does, and with
        400 for a wrong number of features.
        """
        try:
            text = body.decode("utf-8")
            csv = content_kind(content_type) == CSV
            rows = csv_rows(text, "The request") if csv else libsvm_rows(text, "The request", self.features)
        except (CustomerError, UnicodeDecodeError) as error:
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, str(error)) from error
        if rows.shape[1] != self.features:
            raise Refused(
                HTTPStatus.BAD_REQUEST,
                "Unable to evaluate payload provided: "
                f"{rows.shape[1]} columns in a row where the model expects {self.features}",
            )
        with self._lock:
            predictions = self._booster.predict(xgb.DMatrix(rows, nthread=1), validate_features=False)
        return list(predictions.tolist())


class Handler(BaseHTTPRequestHandler):
    """The routes /ping, /execution-parameters and /invocations."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Server"

    def do_GET(self) -> None:
        """Health, and what a batch transform may ask at once."""
        if self.path == "/ping":
            self._answer(HTTPStatus.OK, "", "text/plain")
        elif self.path == "/execution-parameters":
            parameters = {
                "MaxConcurrentTransforms": cpu_count(),
                "BatchStrategy": "MULTI_RECORD",
                "MaxPayloadInMB": MAX_PAYLOAD // 1024**2,
            }
            self._answer(HTTPStatus.OK, json.dumps(parameters), "application/json")
        else:
            self._answer(HTTPStatus.NOT_FOUND, f"No route {self.path}", "text/plain")

    def do_POST(self) -> None:
        """Predictions for the rows in the body; an empty body is answered 204."""
        try:
            body = self._body()
            if self.path != "/invocations":
                raise Refused(HTTPStatus.NOT_FOUND, f"No route {self.path}")
            if not body.strip():
                self._answer(HTTPStatus.NO_CONTENT, "", "text/csv")
                return
            accept = self._accept()
            predictions = self.server.predictor.predict(body, self.headers.get("Content-Type", "text/csv"))
        except Refused as refused:
            self._answer(refused.status, str(refused), "text/plain")
            return
        self._answer(HTTPStatus.OK, _encode(predictions, accept), accept)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            self.close_connection = True
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "The request has no Content-Length")
        if int(length) > self.server.max_payload:
            self.close_connection = True
            raise Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The request has {length} bytes, more than {self.server.max_payload}",
            )
        return self.rfile.read(int(length))

    def _accept(self) -> str:
        accept = self.headers.get("Accept", "").partition(";")[0].strip().lower()
        if accept in ("", "*/*"):
            return self.server.default_accept
        if accept not in ACCEPTED:
            raise Refused(
                HTTPStatus.NOT_ACCEPTABLE,
                f"Accept type {accept} is not supported. "
                f"Please use supported accept types: {list(ACCEPTED)}.",
            )
        return accept

    def _answer(self, status: HTTPStatus, text: str, content_type: str) -> None:
        body = text.encode()
        self.send_response(status)
        if status is not HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """One line for each request but /ping, which comes every few seconds."""
        if getattr(self, "path", "") != "/ping":
            print(format % args, file=sys.stderr, flush=True)


class Server(ThreadingTCPServer):
    """Keeps connections open; stops without waiting for idle ones.

    Not http.server's own server class, which looks its host's name up in DNS before it answers.
    """

    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], predictor: Predictor, environ: Mapping[str, str]) -> None:
        super().__init__(address, Handler)
        self.predictor = predictor
        self.default_accept = environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "text/csv")
        self.max_payload = int(environ.get("MAX_CONTENT_LENGTH", MAX_PAYLOAD))


def main(root: Path = Path("/opt/ml"), environ: Mapping[str, str] = os.environ) -> int:
    """Serve `root`/model/xgboost-model until SIGTERM, then return 0; 1 when there is no such model.

    Address from SAGEMAKER_BIND_TO_HOST (0.0.0.0) and SAGEMAKER_BIND_TO_PORT (8080).
    """
    model = root / "model" / MODEL
    try:
        predictor = Predictor(model)
    except (OSError, xgb.core.XGBoostError) as error:
        print(f"Unable to load model {model}: {str(error).splitlines()[0]}", file=sys.stderr, flush=True)
        return 1
    host = environ.get("SAGEMAKER_BIND_TO_HOST", "0.0.0.0")
    port = int(environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    with Server((host, port), predictor, environ) as server:
        # shutdown() waits for the loop below, which the handler interrupts: it must run beside it.
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        print(f"Serving {model} on {host}:{server.server_address[1]}", flush=True)
        server.serve_forever(poll_interval=0.05)
    return 0


def _encode(predictions: list[Any], accept: str) -> str:
    """Predictions as `accept` says; CSV has one row a line, and the values of multi:softprob side by side."""
    if accept == "text/csv":
        rows = (p if isinstance(p, list) else [p] for p in predictions)
        return "".join(",".join(map(str, row)) + "\n" for row in rows)
    scores = [{"score": prediction} for prediction in predictions]
    if accept == "application/jsonlines":
        return "".join(json.dumps(score) + "\n" for score in scores)
    return json.dumps({"predictions": scores})
