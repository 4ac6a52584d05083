"""moto inside the process: S3, IAM, KMS, SNS, SQS, CloudWatch and its Logs, ECR.

Its handlers are called directly, without its web server: a call costs a tenth. Accounts are told by the header
`x-moto-account-id`, which moto puts before anything else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

import moto.core.responses
import moto.core.utils
import moto.settings
from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException

from harness.backends import moto_deliveries, moto_mended
from harness.backends.moto_deliveries import MaySend
from harness.backends.moto_facts import MotoFacts
from harness.backends.moto_models import ModelsLoader
from harness.backends.moto_objects import backends
from harness.clock import Clock
from harness.model import ApiCall, AwsError, HttpRequest, HttpResponse
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
moto.core.utils.create_loader = cache(ModelsLoader)  # type: ignore[attr-defined]

SERVICES = ("s3", "iam", "kms", "sns", "sqs", "logs", "cloudwatch", "ecr")
_HOSTS = {"cloudwatch": "monitoring", "ecr": "api.ecr", "iam": "iam"}

Handler = Callable[[Any, str, Any], tuple[int, Any, Any]]


class MotoBackend:
    """Answers a request as the account that it is sent for."""

    def __init__(self, clock: Clock, may_send: MaySend | None = None) -> None:
        """moto is one for the whole process: the latest backend's clock is everyone's, and so is whom it asks whether
        services may send to queues and topics."""
        os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
        use(clock)
        moto_deliveries.use(may_send)
        # moto's services import one another, some in a circle: two requests that did it at once would wait for each
        # other. So all is imported before the first one.
        for service in SERVICES:
            _routes(service)
        self.facts = MotoFacts()

    def check_supported(self, call: ApiCall) -> None:
        """See below."""
        check_supported(call)

    def check_unused(self, accounts: Iterable[str]) -> None:
        """They are: they are as old as this process."""

    def close(self) -> None:
        """Nothing is open."""

    def send(self, call: ApiCall, request: HttpRequest) -> HttpResponse:
        """Raises AwsError where moto lacks the operation: a clear refusal, never a made-up success."""
        service, account, region = call.service, call.account, call.region
        host = f"{_HOSTS.get(service, service)}.{region}.amazonaws.com"
        made = _read_as_meant(request, host)
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
            # moto: "The simulate_principal_policy action has not been implemented"
            name = re.sub(r"The (\w+) action .*", lambda m: m[1].title().replace("_", ""), str(error))
            raise AwsError(
                "UnsupportedOperation", f"The harness does not support {service}:{name} yet", 501
            ) from error
        except Exception as error:  # whatever an unforeseen parameter makes moto raise
            raise AwsError("InternalFailure", f"The backend of {service} failed: {error!r}", 500) from error
        return HttpResponse(int(status), _plain(headers), _bytes(body))

    def reset(self) -> None:
        """Empties every account."""
        for service in SERVICES:
            _backends(service).reset()


def check_supported(call: ApiCall) -> None:
    """Raises AwsError (501) where a call is not to be sent here. What moto lacks it refuses itself, except in S3,
    where it takes a call for another, and for parameters that it drops in silence."""
    named = f"{call.service}:{call.operation}"
    dropped = [name for name in moto_mended.DROPPED.get(named, ()) if call.params.get(name)]
    taken_for_another = call.service == "s3" and call.operation in moto_mended.S3_TAKEN_FOR_OTHERS
    if call.service not in SERVICES or taken_for_another:
        raise AwsError("UnsupportedOperation", f"The harness does not support {named} yet", 501)
    if named == "sns:Subscribe" and str(call.params.get("Protocol")).startswith("http"):
        # moto would really post there, and nothing here leaves the machine.
        raise AwsError(
            "UnsupportedOperation", "The harness does not deliver to http and https endpoints", 501
        )
    if dropped:
        raise AwsError(
            "UnsupportedOperation", f"The harness does not support {dropped[0]} of {named} yet", 501
        )


def _read_as_meant(request: HttpRequest, host: str) -> Any:
    """As moto reads a request. It looks for an action in the query before it looks into X-Amz-Target, and takes a JSON
    body for a form where there is no query, an object's too where its content type says so."""
    target = request.headers.get("x-amz-target", "")
    if target:
        request = replace(request, query=f"Action={target.rpartition('.')[2]}")
    made = to_werkzeug(request, host)
    if target or host.startswith("s3."):
        made.__dict__.update(form=ImmutableMultiDict(), files=ImmutableMultiDict())
    return made


@cache
def _backends(service: str) -> Any:
    found = backends(service)
    moto_mended.mend(service)
    return found


@cache
def _routes(service: str) -> list[tuple[re.Pattern[str], Handler]]:
    found = _backends(service)
    account = found["123456789012"] if isinstance(found, BackendDict) else found
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
