"""The composition root: what the harness is made of, and the life of a request from its bytes to its answer."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from botocore.parsers import create_parser

from harness.backends.moto import SERVICES as BACKEND_SERVICES
from harness.backends.moto import MotoBackend
from harness.clock import Clock
from harness.events.bus import Bus
from harness.events.rules import Rules
from harness.events.schedules import Schedules
from harness.gateway import protocol, s3, signature, waiters
from harness.gateway.identity import Identities, Issued
from harness.gateway.keys import AccessKeys
from harness.gateway.wire import InProcessWire, new_request_id, session_until
from harness.jobs.contract import Workshop
from harness.jobs.images import Catalogue
from harness.jobs.process import ProcessRunner
from harness.jobs.run import run_job
from harness.journal import Journal
from harness.model import (
    ApiCall,
    AwsError,
    Credentials,
    Decision,
    HttpRequest,
    HttpResponse,
    Json,
    Principal,
)
from harness.services.events import Events
from harness.services.functions import Functions
from harness.services.mail import Mail
from harness.services.sagemaker import SageMaker
from harness.services.sagemaker.context import Context
from harness.services.sts import Sts

NOBODY = Principal("", "anonymous", "anonymous")


class Service(Protocol):
    """An API of our own."""

    def handle(self, call: ApiCall) -> Json: ...


class Around(Protocol):
    """Acts around some of the backend's calls: `forward` performs the call and answers its parsed result."""

    @property
    def operations(self) -> frozenset[str]: ...

    def handle(self, call: ApiCall, forward: Callable[[], Json]) -> Json: ...


class App:
    """Stand-in accounts, their services and their clock. `folder` holds the inbox and the jobs while they run."""

    def __init__(self, folder: Path, clock: Clock, endpoint: str, warn: Callable[[str], None]) -> None:
        self.folder = folder
        self.clock = clock
        self.endpoint = endpoint
        self.journal = Journal(clock, folder / "journal.jsonl")
        self.identities = Identities(clock)
        self.wire = InProcessWire(self._enter, self.identities, clock, endpoint)
        self._backend = MotoBackend(clock)
        self._work = folder / "jobs"
        self._work.mkdir(parents=True, exist_ok=True)
        self.inbox = folder / "inbox"
        self._runner = ProcessRunner(warn)
        workshop = Workshop(self._runner, Catalogue.load(), clock, self._work, endpoint)
        rules = Rules(clock)
        self._bus = Bus(rules, self.wire, self.journal, self.clock)
        self._schedules = Schedules(rules, self._bus)
        context = Context(self.clock, self.journal, self._bus.publish, self.wire, partial(run_job, workshop))
        self._services: dict[str, Service] = {
            "sagemaker": SageMaker(context),
            "events": Events(rules, self._bus, self.clock),
            "lambda": Functions(self.wire, self._runner, self.journal, self.clock, self._work),
            "sts": Sts(self._start_session, self.wire, self.clock),
        }
        self._around: dict[str, Around] = {
            "sns": Mail(self.inbox, self.journal, self.clock, endpoint),
            "iam": AccessKeys(self.identities),
        }

    def add_administrators(self, accounts: Iterable[tuple[str, Credentials]]) -> None:
        """Who may do everything in an account from the start: (account id, credentials)."""
        for account, credentials in accounts:
            arn = f"arn:aws:iam::{account}:user/administrator"
            self.identities.add(
                credentials, Principal(account, arn, "user", f"AIDAADMINISTRATOR{account[:4]}")
            )

    # The life of a request

    def handle(self, request: HttpRequest) -> HttpResponse:
        """A request from outside: it says by its signature who it is from and for which service and region."""
        request_id = new_request_id()
        # Until the signature has told the service, an error takes the shape of the request itself.
        service, region, principal = "", "us-east-1", NOBODY
        try:
            signed = signature.read(request)
            if signed is not None:
                service, region = protocol.service_of(signed.service), signed.region
                principal = self.identities.authenticate(request, signed)
            else:
                service = _unsigned_service(request)
        except AwsError as error:
            response = protocol.error(service, request, error, request_id)
            self._record(service, "", principal, region, request_id, response.status, str(error), None)
            return response
        if service == "s3":
            request = s3.path_style(request)
        return self._serve(request, service, region, principal, request_id)

    def _enter(self, request: HttpRequest, service: str, region: str, principal: Principal) -> HttpResponse:
        """A request from inside, whose caller is known: the same chain from there on."""
        return self._serve(request, service, region, principal, new_request_id())

    def _serve(
        self, request: HttpRequest, service: str, region: str, principal: Principal, request_id: str
    ) -> HttpResponse:
        operation = ""
        decision: Decision | None = None
        failure: AwsError | None = None
        try:
            operation, params = protocol.parse(service, request)
            account = _owner(params) or principal.account
            call = ApiCall(service, operation, params, principal, account, region, request_id)
            decision = self._decide(call)
            if not decision.allowed:
                raise AwsError("AccessDenied", decision.message, 403)
            response = self._route(call, request)
        except AwsError as error:
            failure = error
            response = protocol.error(service, request, error, request_id)
        said = str(failure) if failure else protocol.error_text(response)
        self._record(service, operation, principal, region, request_id, response.status, said, decision)
        return response

    def _record(
        self,
        service: str,
        operation: str,
        principal: Principal,
        region: str,
        request_id: str,
        status: int,
        error: str,
        decision: Decision | None,
    ) -> None:
        self.journal.write(
            "call",
            service=service,
            operation=operation,
            principal=principal.arn,
            account=principal.account,
            region=region,
            request_id=request_id,
            status=status,
            error=error,
            decision=decision.reason if decision else "not reached",
        )

    def _decide(self, call: ApiCall) -> Decision:
        """Whether the call may go on. Everything may for now; enforcement has its place here."""
        if call.principal is NOBODY and call.service != "sns":
            return Decision(False, "anonymous", "Access Denied")
        return Decision(True, "allowed: permissions are not enforced yet")

    def _route(self, call: ApiCall, request: HttpRequest) -> HttpResponse:
        own = self._services.get(call.service)
        if own:
            return self._answer(
                call, request, waiters.hold(request, call, self.journal, partial(own.handle, call))
            )
        if call.service not in BACKEND_SERVICES:
            named = f"{call.service}:{call.operation}"
            raise AwsError("UnsupportedOperation", f"The harness does not support {named} yet", 501)
        around = self._around.get(call.service)
        if around and call.operation in around.operations:
            return self._answer(call, request, around.handle(call, partial(self._forward, call, request)))
        return self._backend.send(call.service, request, call.account, call.region)

    def _answer(self, call: ApiCall, request: HttpRequest, result: Json) -> HttpResponse:
        return protocol.answer(call.service, call.operation, request, result, call.request_id)

    def _forward(self, call: ApiCall, request: HttpRequest) -> Json:
        """The backend's answer, parsed. Raises AwsError where it is an error."""
        response = self._backend.send(call.service, request, call.account, call.region)
        model = protocol.model_of(call.service)
        parsed: Json = create_parser(model.protocol).parse(
            {"status_code": response.status, "headers": response.headers, "body": response.body},
            model.operation_model(call.operation).output_shape,
        )
        if response.status >= 300:
            error = parsed.get("Error", {})
            raise AwsError(error.get("Code", "InternalError"), error.get("Message", ""), response.status)
        parsed.pop("ResponseMetadata", None)
        return parsed

    # What the services are given

    def _start_session(self, principal: Principal, seconds: int) -> Issued:
        return self.identities.start_session(principal, session_until(self.clock, seconds))

    # Time

    def advance_to(self, moment: datetime, settle_timeout: float = 600) -> list[str]:
        """Moves the clock, firing every schedule on the way at its own time and letting it run to its end.

        Answers what still ran when the timeout (real s) passed: [] when all is settled.
        """
        while True:
            due = self._schedules.next_due()
            if due is None or due > moment:
                break
            self._step_clock(due)
            self._schedules.fire(due)
            still = self.journal.settle(settle_timeout)
            if still:
                return still
        self._step_clock(moment)
        return []

    def _step_clock(self, moment: datetime) -> None:
        self.clock.advance_to(moment)
        self.journal.write("clock", to=moment.isoformat())

    def fire_due(self) -> None:
        """Fires what has fallen due by the flow of real time."""
        due = self._schedules.next_due()
        if due is not None and due <= self.clock.now():
            self._schedules.fire(due)

    # Life

    def close(self) -> None:
        """Ends every process and removes every job's files."""
        self._runner.close()
        self._bus.close()
        self.journal.close()
        shutil.rmtree(self._work, ignore_errors=True)


def _unsigned_service(request: HttpRequest) -> str:
    """AWS's links in mails (ConfirmSubscription, Unsubscribe) are not signed; all else unsigned is S3's."""
    return (
        "sns"
        if "Action=ConfirmSubscription" in request.query or "Action=Unsubscribe" in request.query
        else "s3"
    )


def _owner(params: Json) -> str:
    """The account whose resource the call is on, where the call names it by ARN: keys and topics are shared."""
    for name in ("KeyId", "TopicArn", "TargetArn", "SubscriptionArn", "ResourceArn"):
        value = params.get(name)
        if isinstance(value, str) and value.startswith("arn:aws:"):
            parts = value.split(":")
            if parts[2] in ("kms", "sns") and parts[4]:
                return parts[4]
    return ""
