"""A small AWS: moto's own server, and beside it only the calls of a model registry that moto lacks.

    python tests/small_aws.py

serves it until standard input ends, and says where.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import Any

from moto.iam.models import get_account_id_from
from moto.sagemaker import sagemaker_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

LACKING = (
    "PutModelPackageGroupPolicy",
    "GetModelPackageGroupPolicy",
    "DeleteModelPackageGroupPolicy",
    "DeleteModelPackageGroup",
)
"""SageMaker's operations that moto refuses, and this has."""


class SmallAws:
    """The WSGI application. `keys` are access keys whose accounts moto cannot know, for it has not made them."""

    def __init__(self, keys: Mapping[str, str] | None = None) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._keys = keys or {}
        self._policies: dict[tuple[str, str], str] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        key = re.search(r"Credential=([^/]+)", environ.get("HTTP_AUTHORIZATION", ""))
        account = self._account(key[1]) if key else "123456789012"
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
        operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")[2]
        if operation in LACKING:
            return self._registry(operation, account, environ)(environ, start_response)
        return self._moto(environ, start_response)

    def _account(self, key: str) -> str:
        """An account that was told, or that of the user or the role's session that has the key."""
        return self._keys.get(key) or get_account_id_from(key)

    def _registry(self, operation: str, account: str, environ: dict[str, Any]) -> Response:
        request = json.loads(Request(environ).get_data())
        name = request["ModelPackageGroupName"]
        if operation == "DeleteModelPackageGroup":
            sagemaker_backends[account]["us-east-1"].model_package_groups.pop(name)
            return _json({})
        if operation.startswith("Put"):
            self._policies[account, name] = request["ResourcePolicy"]
            return _json({"ModelPackageGroupArn": f"arn:aws:sagemaker:us-east-1:{account}:{name}"})
        if (account, name) not in self._policies:
            return _json({"__type": "ValidationException", "message": "Cannot find resource policy"}, 400)
        if operation.startswith("Delete"):
            del self._policies[account, name]
            return _json({})
        return _json({"ResourcePolicy": self._policies[account, name]})


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/x-amz-json-1.1")


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: Any, **__: Any) -> None:
        """Say nothing."""


@contextmanager
def served(app: Any) -> Iterator[str]:
    """An application's URL, on this machine only."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


if __name__ == "__main__":
    with served(SmallAws()) as url:
        print(url, flush=True)
        sys.stdin.read()
