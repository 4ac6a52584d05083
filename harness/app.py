"""The composition root: what the harness is made of, and the life of a request from its bytes to its answer."""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from botocore.parsers import create_parser

from harness.access.accounts import AccountsFacts, OwnFacts
from harness.access.context import Organization
from harness.access.decide import INTERNAL, Decider, Mode
from harness.access.inventory import Inventory
from harness.access.putting import check_put
from harness.backends.choice import choose
from harness.clock import Clock
from harness.events.bus import Bus
from harness.events.rules import Rules
from harness.events.schedules import Schedules
from harness.gateway import chunked, protocol, s3, signature, waiters
from harness.gateway.addressing import owner, service_unsigned
from harness.gateway.identity import Identities
from harness.gateway.keys import AccessKeys, about_caller
from harness.gateway.remaking import remade
from harness.gateway.wire import InProcessWire, new_request_id
from harness.jobs.contract import Workshop
from harness.jobs.run import run_job
from harness.jobs.runners import RUNNERS
from harness.journal import Journal
from harness.model import (
    DEFAULT_ENGINES,
    ApiCall,
    AwsError,
    Credentials,
    Decision,
    Engines,
    HttpRequest,
    HttpResponse,
    Json,
    Principal,
)
from harness.services import constraints
from harness.services.events import Events
from harness.services.events.facts import EventsFacts
from harness.services.functions import Functions
from harness.services.mail import Mail
from harness.services.sagemaker import SageMaker
from harness.services.sagemaker.context import Context
from harness.services.sagemaker.facts import SageMakerFacts
from harness.services.simulator import OPERATIONS as SIMULATIONS
from harness.services.simulator import Simulator
from harness.services.sts import Sts

NOBODY = Principal("", "anonymous", "anonymous")
_NOT_REACHED = Decision(False, "not reached")


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

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        endpoint: str,
        warn: Callable[[str], None],
        mode: Mode = "enforce",
        organization: Organization | None = None,
        engines: Engines = DEFAULT_ENGINES,
    ) -> None:
        self.folder = folder
        self.clock = clock
        self.endpoint = endpoint
        self.engines = engines
        self.journal = Journal(clock, folder / "journal.jsonl")
        self.identities = Identities(clock)
        self.wire = InProcessWire(self._enter, self.identities, clock, endpoint, self._may_assume)
        self._backend = choose(engines.backend, clock, self._may_send, warn)
        self._work = folder / "jobs"
        self._work.mkdir(parents=True, exist_ok=True)
        self.inbox = folder / "inbox"
        self._runner = RUNNERS[engines.runner](engines, folder, endpoint, warn)
        workshop = Workshop(self._runner, clock, self._work, endpoint)
        rules = Rules(clock)
        self._bus = Bus(rules, self.wire, self.journal, self.clock)
        self._schedules = Schedules(rules, self._bus)
        context = Context(self.clock, self.journal, self._bus.publish, self.wire, partial(run_job, workshop))
        functions = Functions(self.wire, self._runner, self.journal, self.clock, self._work)
        self._services: dict[str, Service] = {
            "sagemaker": SageMaker(context),
            "events": Events(rules, self._bus, self.clock),
            "lambda": functions,
            "sts": Sts(self.identities, self.wire, self.clock),
        }
        own: dict[str, OwnFacts] = {
            "events": EventsFacts(rules),
            "lambda": functions.facts,
            "sagemaker": SageMakerFacts(context.stores),
        }
        self._facts = AccountsFacts(self._backend.facts, own)
        self.decider = Decider(self._facts, clock, mode, organization)
        simulator = Simulator(self._facts, organization)
        self._operations: dict[tuple[str, str], Service] = {("iam", name): simulator for name in SIMULATIONS}
        self._inventory = Inventory(self._facts, self.journal)
        self._around: dict[str, Around] = {
            "sns": Mail(self.inbox, self.journal, self.clock, endpoint),
            "iam": AccessKeys(self.identities, self.wire),
        }

    def add_administrators(self, accounts: Iterable[tuple[str, Credentials]]) -> None:
        """Who may do everything in an account from the start: (account id, credentials).

        Raises HarnessError where an account has something already, left in a backend elsewhere.
        """
        known = dict(accounts)
        self._backend.check_unused(known)
        for account, credentials in known.items():
            arn = f"arn:aws:iam::{account}:user/administrator"
            principal = Principal(account, arn, "user", f"AIDAADMINISTRATOR{account[:4]}")
            self._facts.add_administrator(principal)
            self.identities.add(credentials, principal)

    # The life of a request

    def handle(self, request: HttpRequest) -> HttpResponse:
        """A request from outside: it says by its signature who it is from and for which service and region."""
        # Until the signature has told the service, an error takes the shape of the request itself.
        service, region, principal = "", "us-east-1", NOBODY
        try:
            signed = signature.read(request)
            if signed is not None:
                service, region = protocol.service_of(signed.service), signed.region
                principal = self.identities.authenticate(request, signed)
            else:
                service = service_unsigned(request)
            if service == "s3":
                request = chunked.whole(s3.path_style(request))
        except AwsError as error:
            call = _call(service, "", {}, principal, region)
            response = protocol.error(service, request, error, call.request_id)
            self._record(call, response.status, str(error), _NOT_REACHED)
            return response
        return self._enter(request, service, region, principal)

    def _enter(self, request: HttpRequest, service: str, region: str, principal: Principal) -> HttpResponse:
        """A request whose caller is known; those from inside begin here."""
        call, decision = _call(service, "", {}, principal, region), _NOT_REACHED
        failure: AwsError | None = None
        try:
            operation, params = protocol.parse(service, request)
            call = about_caller(_call(service, operation, params, principal, region))
            self._check_supported(call)
            decision = self.decider.decide(call)
            if decision.error:
                raise decision.error
            check_put(call, self._facts)
            response = self._route(call, request)
        except AwsError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - a fault of ours is told in the caller's protocol, and journalled
            traceback.print_exc()
            failure = AwsError("InternalFailure", f"The harness failed: {error!r}", 500)
        if failure:
            response = protocol.error(service, request, failure, call.request_id)
        said = str(failure) if failure else protocol.error_text(response)
        self._record(call, response.status, said, decision)
        if response.status < 300:
            self._inventory.after(call)
        return response

    def _record(self, call: ApiCall, status: int, error: str, decision: Decision) -> None:
        if decision is INTERNAL:
            return  # nobody's call: the harness looked something up for itself
        self.journal.write(
            "call",
            service=call.service,
            operation=call.operation,
            principal=call.principal.arn,
            identity=call.principal.identity_arn,
            account=call.principal.account,
            region=call.region,
            request_id=call.request_id,
            status=status,
            error=error,
            decision=decision.reason,
            permissions=decision.used,
            denial=decision.denial,
        )

    def _may_assume(self, service: Principal, role_arn: str, session_name: str, region: str) -> None:
        """Raises AWS's AccessDenied where the role is not there or does not trust the service."""
        params = {"RoleArn": role_arn, "RoleSessionName": session_name}
        error = self._ask(_call("sts", "AssumeRole", params, service, region)).error
        if error:
            raise error

    def _may_send(self, sender: Principal, arn: str) -> bool:
        """Whether a service may send to a queue or topic; the journal tells, as of any call."""
        parts = arn.split(":", 5)
        if len(parts) < 6:
            return False  # SNS takes any text for a queue's ARN
        _, _, service, region, account, name = parts
        place = {"QueueUrl": f"https://{service}/{account}/{name}"} if service == "sqs" else {"TopicArn": arn}
        operation = "SendMessage" if service == "sqs" else "Publish"
        return self._ask(_call(service, operation, place, sender, region)).allowed

    def _ask(self, call: ApiCall) -> Decision:
        """Decided and journalled as any call, though nobody is sent it."""
        try:
            decision = self.decider.decide(call)
        except AwsError as unknown:  # what is asked for is not there, or nobody knows what it needs
            decision = Decision(False, "not known", unknown)
        error = decision.error
        self._record(call, error.status if error else 200, str(error or ""), decision)
        return decision

    def _check_supported(self, call: ApiCall) -> None:
        if call.service not in self._services:
            self._backend.check_supported(call)

    def _route(self, call: ApiCall, request: HttpRequest) -> HttpResponse:
        own = self._services.get(call.service) or self._operations.get((call.service, call.operation))
        if own:
            return self._answer(
                call, request, waiters.hold(request, call, self.journal, partial(own.handle, call))
            )
        around = self._around.get(call.service)
        if around and call.operation in around.operations:
            return self._answer(call, request, around.handle(call, partial(self._forward, call, request)))
        return self._send(call, request)

    def _send(self, call: ApiCall, request: HttpRequest) -> HttpResponse:
        """The backend gets the call that was decided on, whatever else the request says. In IAM it takes any name, also
        one that makes another's ARN (`path/ann`)."""
        if call.service == "iam":
            constraints.check(call, "ValidationError")
        return self._backend.send(call, remade(call, request))

    def _answer(self, call: ApiCall, request: HttpRequest, result: Json) -> HttpResponse:
        return protocol.answer(call.service, call.operation, request, result, call.request_id)

    def _forward(self, call: ApiCall, request: HttpRequest) -> Json:
        """The backend's answer, parsed. Raises AwsError where it is an error."""
        response = self._send(call, request)
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
        self._backend.close()
        self.journal.close()
        shutil.rmtree(self._work, ignore_errors=True)


def _call(service: str, operation: str, params: Json, principal: Principal, region: str) -> ApiCall:
    account = owner(service, params) or principal.account
    return ApiCall(service, operation, params, principal, account, region, new_request_id())
