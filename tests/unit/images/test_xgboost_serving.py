"""The XGBoost image answers over HTTP like AWS's."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
import pytest
import xgboost as xgb

from .conftest import IMAGES
from .xgboost_runs import model_of, train

SERVE = """
import sys
from pathlib import Path
from algorithm.serving import main
sys.exit(main(Path(sys.argv[1])))
"""


def start(root: Path) -> tuple[subprocess.Popen[str], int]:
    environ = {**os.environ, "SAGEMAKER_BIND_TO_PORT": "0", "SAGEMAKER_BIND_TO_HOST": "127.0.0.1"}
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(root)],
        cwd=IMAGES / "xgboost",
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout
    line = server.stdout.readline()
    return server, int(line.rpartition(":")[2] or 0)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ml")
    assert train(root) == (0, "")
    return root


@pytest.fixture(scope="module")
def connection(model: Path) -> Iterator[HTTPConnection]:
    server, port = start(model)
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    yield connection
    connection.close()
    server.terminate()
    server.wait(10)


def post(connection: HTTPConnection, body: str | bytes, **headers: str) -> tuple[int, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", "/invocations", body, {"Content-Type": "text/csv", **named})
    response = connection.getresponse()
    return response.status, response.read().decode()


def test_ping_is_answered_200(connection: HTTPConnection) -> None:
    connection.request("GET", "/ping")
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b"")


def test_execution_parameters_say_what_a_batch_transform_may_do(connection: HTTPConnection) -> None:
    connection.request("GET", "/execution-parameters")
    answer = json.loads(connection.getresponse().read())
    assert answer.keys() == {"MaxConcurrentTransforms", "BatchStrategy", "MaxPayloadInMB"}
    assert (answer["BatchStrategy"], answer["MaxPayloadInMB"]) == ("MULTI_RECORD", 6)


def test_csv_is_answered_with_one_probability_a_line(connection: HTTPConnection, model: Path) -> None:
    status, text = post(connection, "0.9,0.1\n0.1,\n")
    expected = model_of(model).predict(xgb.DMatrix(np.array([[0.9, 0.1], [0.1, np.nan]])))
    assert status == 200
    assert text.endswith("\n")
    assert [float(line) for line in text.splitlines()] == pytest.approx(expected.tolist())


def test_libsvm_and_csv_rows_of_the_same_values_are_answered_alike(connection: HTTPConnection) -> None:
    csv = post(connection, "0.9,0.1")
    assert post(connection, "1:0.9 2:0.1", Content_Type="text/libsvm") == csv
    assert post(connection, "1 1:0.9 2:0.1", Content_Type="text/libsvm") == csv


def test_json_and_json_lines_are_answered_when_asked_for(connection: HTTPConnection) -> None:
    score = float(post(connection, "0.9,0.1")[1])
    assert post(connection, "0.9,0.1", Accept="application/json") == (
        200,
        json.dumps({"predictions": [{"score": score}]}),
    )
    assert post(connection, "0.9,0.1\n0.9,0.1", Accept="application/jsonlines") == (
        200,
        (json.dumps({"score": score}) + "\n") * 2,
    )


@pytest.mark.parametrize(
    ("body", "headers", "status", "message"),
    [
        ("1,2\n3\n", {}, 415, "The request, row 2: 1 columns where 2 were expected"),
        ("1,2\n?,3\n", {}, 415, "The request, row 2: '?' is not a number"),
        (b"\xff,1", {}, 415, "invalid start byte"),
        ("1,2,3\n", {}, 400, "3 columns in a row where the model expects 2"),
        ("1:1 9:2", {"Content_Type": "text/libsvm"}, 400, "9 columns in a row where the model expects 2"),
        ("1,2", {"Content_Type": "text/libsvm"}, 415, "The request, row 1: '1,2' is not a number"),
        ("{}", {"Content_Type": "application/json"}, 415, "is not an accepted ContentType"),
        ("1,2", {"Accept": "image/png"}, 406, "Accept type image/png is not supported"),
        ("", {}, 204, ""),
        ("\n", {}, 204, ""),
    ],
)
def test_a_request_that_cannot_be_answered_is_told_why(
    connection: HTTPConnection, body: str | bytes, headers: dict[str, str], status: int, message: str
) -> None:
    answered, text = post(connection, body, **headers)
    assert answered == status
    assert message in text
    assert post(connection, "0.9,0.1")[0] == 200


def test_a_body_over_the_limit_is_refused(connection: HTTPConnection) -> None:
    connection.putrequest("POST", "/invocations")
    connection.putheader("Content-Length", str(7 * 1024**2))
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 413
    assert "more than 6291456" in response.read().decode()


def test_a_route_that_is_not_there_is_404(connection: HTTPConnection) -> None:
    connection.request("GET", "/models")
    response = connection.getresponse()
    response.read()
    assert response.status == 404


def test_sigterm_stops_the_server_at_once_with_a_connection_open(model: Path) -> None:
    server, port = start(model)
    idle = HTTPConnection("127.0.0.1", port, timeout=10)
    idle.request("GET", "/ping")
    idle.getresponse().read()
    began = time.monotonic()
    server.send_signal(signal.SIGTERM)
    assert server.wait(10) == 0
    assert time.monotonic() - began < 5
    idle.close()


def test_without_a_model_the_server_does_not_start(tmp_path: Path) -> None:
    server, _ = start(tmp_path)
    assert server.wait(10) == 1
