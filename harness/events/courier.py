"""One event to one target: tried, tried again where AWS would, told in the journal, else to the dead-letter queue."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from harness.clock import Clock
from harness.events.inputs import Untransformable, payload
from harness.events.metrics import Metrics
from harness.events.rules import Rule, Target
from harness.events.targets import SERVICE, Delivery, Targets, queue_url
from harness.journal import Journal
from harness.model import AwsError, Event, HarnessError, Json

RETRIES = 2
"""AWS retries for 24 hours and up to 185 times, backing off. Here nothing changes while nobody sleeps, so
that a few retries at once stand for them all; a target's RetryPolicy may ask for fewer."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Failure:
    """Why an attempt failed, in AWS's words, and whether AWS would try again: throttling and 5xx, not refusals."""

    code: str
    message: str
    retriable: bool = False


@dataclass(frozen=True)
class Courier:
    """Delivers. Nothing is raised: what became of a delivery is in the journal and the metrics."""

    targets: Targets
    journal: Journal
    clock: Clock
    metrics: Metrics

    def deliver(self, rule: Rule, target: Target, event: Event) -> None:
        failure, retries = self._attempt(rule, target, event)
        self.journal.write(
            "delivery",
            rule=rule.arn,
            target=target.arn,
            event=event.id,
            status="failed" if failure else "delivered",
            reason=f"{failure.code}: {failure.message}" if failure else "",
            account=rule.account,
        )
        if failure is None:
            self.metrics.count(rule, "Invocations")
            return
        self.metrics.count(rule, "Invocations", "FailedInvocations")
        queue = target.settings.get("DeadLetterConfig", {}).get("Arn")
        if queue:
            self._bury(queue, rule, event, _facts(rule, target, failure, retries))

    def _attempt(self, rule: Rule, target: Target, event: Event) -> tuple[_Failure | None, int]:
        """The last failure, None once it is delivered, and how many retries there were."""
        allowed = min(RETRIES, target.settings.get("RetryPolicy", {}).get("MaximumRetryAttempts", RETRIES))
        retries = 0
        failure = self._once(rule, target, event)
        while failure and failure.retriable and retries < allowed:
            retries += 1
            failure = self._once(rule, target, event)
        return failure, retries

    def _once(self, rule: Rule, target: Target, event: Event) -> _Failure | None:
        try:
            text = payload(rule, target, event, self.clock.now())
            self.targets.send(Delivery(rule, target, event, text))
        except Exception as error:  # noqa: BLE001 - whatever it was, the journal must tell it
            return _failure(error)
        return None

    def _bury(self, queue: str, rule: Rule, event: Event, facts: dict[str, str]) -> None:
        """Source: User Guide, "Using dead-letter queues to process undelivered events"."""
        try:
            sqs = self.targets.wire.as_service(SERVICE, rule.account, rule.region, rule.arn).client("sqs")
            sqs.send_message(
                QueueUrl=queue_url(queue),
                MessageBody=payload(rule, Target("", "", {}), event, self.clock.now()),
                MessageAttributes={name: _text(fact) for name, fact in facts.items()},
            )
        except (AwsError, ClientError, BotoCoreError):
            self.metrics.count(rule, "InvocationsFailedToBeSentToDlq")
        else:
            self.metrics.count(rule, "InvocationsSentToDlq")


def _facts(rule: Rule, target: Target, failure: _Failure, retries: int) -> dict[str, str]:
    exhausted = {"EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts"} if failure.retriable else {}
    return {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": target.arn,
        "ERROR_CODE": failure.code,
        "ERROR_MESSAGE": failure.message,
        "RETRY_ATTEMPTS": str(retries),
        **exhausted,
    }


def _text(value: str) -> Json:
    # SQS takes no empty attribute.
    return {"DataType": "String", "StringValue": value or "-"}


def _failure(error: Exception) -> _Failure:
    if isinstance(error, AwsError):
        return _Failure(error.code, error.message, _retriable(error.code, error.status))
    if isinstance(error, ClientError):
        told = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = told.get("Code", "")
        return _Failure(code, told.get("Message", str(error)), _retriable(code, status))
    if isinstance(error, (BotoCoreError, HarnessError, Untransformable)):
        return _Failure(type(error).__name__, str(error))
    _log.error("a delivery broke off", exc_info=error)
    return _Failure(type(error).__name__, str(error))


def _retriable(code: str, status: int) -> bool:
    # 501 is what the harness answers for what it does not do: trying again will not help.
    return (
        (status >= 500 and status != 501)
        or status == 429
        or "Throttl" in code
        or code == "TooManyRequestsException"
    )
