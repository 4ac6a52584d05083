"""EventBridge's metrics of rules: counted at once, put to CloudWatch in batches, never in a delivery's way."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from harness.clock import Clock
from harness.events.rules import Rule
from harness.model import AwsError, Wire

_Key = tuple[str, str, str, str, datetime]  # account, region, rule, metric, minute
_BATCH = 1000  # PutMetricData takes no more


class Metrics:
    """Namespace AWS/Events, dimension RuleName: MatchedEvents, TriggeredRules, Invocations,
    FailedInvocations, InvocationsSentToDlq. Source: EventBridge User Guide, "Monitoring Amazon
    EventBridge"."""

    def __init__(self, wire: Wire, clock: Clock, soon: Callable[[Callable[[], None]], None]) -> None:
        """`soon` runs something in the background, once."""
        self._wire = wire
        self._clock = clock
        self._soon = soon
        self._lock = threading.Lock()
        self._counts: Counter[_Key] = Counter()

    def count(self, rule: Rule, *names: str) -> None:
        minute = self._clock.now().replace(second=0, microsecond=0)
        with self._lock:
            idle = not self._counts
            self._counts.update((rule.account, rule.region, rule.name, name, minute) for name in names)
        if idle:
            self._soon(self._put)

    def _put(self) -> None:
        with self._lock:
            counts, self._counts = self._counts, Counter()
        for account, region in {key[:2] for key in counts}:
            data = [
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": "RuleName", "Value": rule}],
                    "Timestamp": minute,
                    "Value": count,
                    "Unit": "Count",
                }
                for (owner, place, rule, name, minute), count in counts.items()
                if (owner, place) == (account, region)
            ]
            try:
                cloudwatch = self._wire.as_harness(account, region).client("cloudwatch")
                for start in range(0, len(data), _BATCH):
                    cloudwatch.put_metric_data(
                        Namespace="AWS/Events", MetricData=data[start : start + _BATCH]
                    )
            except (AwsError, ClientError, BotoCoreError):
                # The journal holds the refused call; a metric that was not kept fails nothing, as on AWS.
                continue
