"""moto inside the process: S3, IAM, KMS, SNS, SQS, CloudWatch and its Logs, ECR.

Its handlers are called directly, without its web server: a call costs a tenth. Accounts are told by the header
`x-moto-account-id`, which moto puts before anything else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import moto.core.responses
import moto.core.utils
import moto.settings
from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict
from werkzeug.exceptions import HTTPException

from harness.clock import Clock
from harness.model import AwsError, HttpRequest, HttpResponse
from harness.wsgi import to_werkzeug

_clock = Clock()


def use(clock: Clock) -> None:
    """Makes this clock moto's."""
    global _clock
    _clock = clock


def _utcnow() -> datetime:
    return _clock.now().replace(tzinfo=None)


# moto's services bind this name when they are imported, which is at the first call to each; this one is already.
moto.core.utils.utcnow = _utcnow
moto.core.responses.utcnow = _utcnow  # type: ignore[attr-defined]

SERVICES = ("s3", "iam", "kms", "sns", "sqs", "logs", "cloudwatch", "ecr")
_HOSTS = {"cloudwatch": "monitoring", "ecr": "api.ecr", "iam": "iam"}

Handler = Callable[[Any, str, Any], tuple[int, Any, Any]]


class MotoBackend:
    """Answers a request as the account that it is sent for."""

    def __init__(self, clock: Clock) -> None:
        """moto is one for the whole process: the latest backend's clock is everyone's."""
        os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
        use(clock)

    def send(self, service: str, request: HttpRequest, account: str, region: str) -> HttpResponse:
        """Raises AwsError where moto lacks the operation: a clear refusal, never a made-up success."""
        host = f"{_HOSTS.get(service, service)}.{region}.amazonaws.com"
        made = to_werkzeug(request, host)
        made.environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
        # Who may do what has been decided by now; without a signature moto would take the caller for the public.
        made.environ["HTTP_AUTHORIZATION"] = (
            f"AWS4-HMAC-SHA256 Credential=HARNESS/0/{region}/{service}/aws4_request"
        )
        handler = _handler(service, f"https://{host}{made.raw_path}")
        try:
            status, headers, body = handler(made, made.raw_url, made.headers)
        except HTTPException as error:
            status, headers, body = error.code or 400, dict(error.get_headers()), error.get_body()
        except ClientError as error:
            raise AwsError(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
        except NotImplementedError as error:
            raise AwsError(
                "UnsupportedOperation", f"The harness does not support {service}: {error}", 501
            ) from error
        return HttpResponse(int(status), _plain(headers), _bytes(body))

    def reset(self) -> None:
        """Empties every account."""
        for service in SERVICES:
            _backends(service).reset()


@cache
def _backends(service: str) -> Any:
    import moto.backends

    found = moto.backends.get_backend(service)  # type: ignore[call-overload]
    _JUDGES.get(service, lambda: None)()
    return found


def _ask_no_bucket_policy() -> None:
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket, FakeDeleteMarker

    # Else a key whose newest version is a delete marker cannot be removed for good: markers have no content to drop.
    FakeDeleteMarker.dispose = lambda _: None  # type: ignore[attr-defined]
    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL  # type: ignore[method-assign]


def _ask_no_key_policy() -> None:
    import moto.kms.responses

    moto.kms.responses.validate_policy = lambda *_: None  # type: ignore[attr-defined]


# moto reads bucket and key policies itself, and without their conditions. Who may do what has been decided by now.
_JUDGES: dict[str, Callable[[], None]] = {"s3": _ask_no_bucket_policy, "kms": _ask_no_key_policy}


@cache
def _routes(service: str) -> list[tuple[re.Pattern[str], Handler]]:
    backends = _backends(service)
    account = backends["123456789012"] if isinstance(backends, BackendDict) else backends
    one = account["us-east-1" if "us-east-1" in account else "aws"]
    return [(re.compile(url), handler) for url, handler in one.urls.items()]


def _handler(service: str, url: str) -> Handler:
    for pattern, handler in _routes(service):
        if pattern.match(url):
            return handler
    raise AwsError("UnsupportedOperation", f"The harness does not support {service} at {url}", 501)


def _plain(headers: Any) -> dict[str, str]:
    pairs = headers.items() if hasattr(headers, "items") else headers
    return {str(k).lower(): str(v) for k, v in pairs if str(k).lower() not in ("status", "transfer-encoding")}


def _bytes(body: Any) -> bytes:
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes):
        return body
    return b"".join(b if isinstance(b, bytes) else str(b).encode() for b in body or ())
