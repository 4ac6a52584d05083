"""HTTP to a backend that is elsewhere. It tells accounts by the access key that a request is signed with (LocalStack),
or by the header `x-moto-account-id` (moto server); each ignores the other's way, so every request has both."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import botocore.session
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session

from harness.model import AwsError, HttpRequest, HttpResponse

# As many as the gateway has threads. ReceiveMessage waits for 20 s at most.
_CONNECTIONS, _CONNECT, _READ = 64, 5.0, 120.0
_SECRET = "local"
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "server", "date"}
_CONFIG = Config(
    retries={"max_attempts": 0},
    s3={"addressing_style": "path"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    parameter_validation=False,
)


class Connection:
    """Keeps connections open, for any number of threads. What fails is told, and not tried again."""

    def __init__(self, url: str, advice: str) -> None:
        """`advice` is what to do where the backend does not answer."""
        self.url = url
        self._advice = advice
        # Its address is a private one, and LocalStack's certificate is for its own name.
        self._http = URLLib3Session(
            verify=False, proxies={}, timeout=(_CONNECT, _READ), max_pool_connections=_CONNECTIONS
        )
        self._session = botocore.session.Session()
        self._session.set_config_variable("config_file", "/dev/null")
        self._session.set_config_variable("credentials_file", "/dev/null")
        self._making = threading.Lock()
        self.client: Callable[[str, str, str], Any] = lru_cache(maxsize=64)(self._client)

    def send(self, service: str, request: HttpRequest, account: str, region: str) -> HttpResponse:
        """As the account. Raises AwsError ServiceUnavailable (503) where nothing answers."""
        target = f"{request.path}?{request.query}" if request.query else request.path
        # Its length is that of its body here, which came in pieces perhaps.
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        made = AWSRequest(request.method, self.url + target, headers, request.body)
        made.headers["x-moto-account-id"] = account
        signer = S3SigV4Auth if service == "s3" else SigV4Auth
        signer(Credentials(account, _SECRET), service, region).add_auth(made)
        return _plain(self._perform(made.prepare()))

    def get(self, path: str) -> HttpResponse:
        """A page of the backend's own, beside AWS's APIs."""
        return _plain(self._perform(AWSRequest("GET", self.url + path).prepare()))

    def close(self) -> None:
        self._http.close()

    def _client(self, service: str, account: str, region: str) -> Any:
        """A boto3 client, for looks at an account that are nobody's calls."""
        with self._making:
            client = self._session.create_client(
                service,
                region_name=region,
                endpoint_url=self.url,
                aws_access_key_id=account,
                aws_secret_access_key=_SECRET,
                config=_CONFIG,
            )

        def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
            request.headers["x-moto-account-id"] = account
            return self._perform(request)

        client.meta.events.register(f"before-send.{service}", send)
        return client

    def _perform(self, request: AWSPreparedRequest) -> AWSResponse:
        try:
            return self._http.send(request)
        except BotoCoreError as error:
            raise AwsError(
                "ServiceUnavailable",
                f"The backend at {self.url} does not answer ({type(error).__name__}): {self._advice}",
                503,
            ) from error


def _plain(answer: AWSResponse) -> HttpResponse:
    headers = {k.lower(): str(v) for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP}
    return HttpResponse(answer.status_code, headers, answer.content)
