"""A small AWS for these tests: moto over HTTP, with the accounts told apart and the calls it lacks."""

import json
import re
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import botocore.session
import pytest
from moto.iam.models import get_account_id_from
from moto.moto_api._internal import moto_api_backend
from moto.sagemaker import sagemaker_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from fake_accounts.accounts import load_accounts


@pytest.fixture(autouse=True)
def moto_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """With AWS's managed policies, which infra/ attaches."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")


class SmallAws:
    """Moto, told each caller's account by its access key, with the model registry's calls that moto lacks."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._ids = {account.access_key_id: account.id for account in load_accounts().values()}
        self._policies: dict[tuple[str, str], str] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        key = re.search(r"Credential=([^/]+)", environ.get("HTTP_AUTHORIZATION", ""))
        account = self._account(key[1]) if key else "123456789012"
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
        operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")[2]
        if operation.endswith("ModelPackageGroupPolicy") or operation == "DeleteModelPackageGroup":
            return self._registry(operation, account, environ)(environ, start_response)
        return self._moto(environ, start_response)

    def _account(self, key: str) -> str:
        """An administrator's account, or that of the role whose session has the key."""
        return self._ids.get(key) or get_account_id_from(key)

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


@pytest.fixture
def endpoint() -> Iterator[str]:
    """The URL of an AWS with nothing in it."""
    moto_api_backend.reset()
    server = make_server("127.0.0.1", 0, SmallAws(), threaded=True, request_handler=_Quiet)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(endpoint: str) -> Callable[[str, str], Any]:
    """Makes the client of an account's administrator: `client("prod", "iam")`."""

    def make(account: str, service: str) -> Any:
        who = load_accounts()[account]
        return botocore.session.Session().create_client(
            service,
            who.region,
            endpoint_url=endpoint,
            aws_access_key_id=who.access_key_id,
            aws_secret_access_key=who.secret_access_key,
        )

    return make
