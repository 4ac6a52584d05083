"""What every SageMaker operation is given besides its call."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.clock import Clock
from harness.journal import Journal
from harness.model import ApiCall, Caller, Event, JobResult, JobSpec, Json, Stop, Wire
from harness.services.sagemaker.store import Store, Stores

Log = Callable[[str], None]
RunJob = Callable[[JobSpec, Caller, Stop, Log], JobResult]


@dataclass(frozen=True)
class Context:
    """The service's surroundings. `run_job` runs a job to its end and answers how it ended; it raises nothing
    but AwsError (the job's role was refused something) and HarnessError."""

    clock: Clock
    journal: Journal
    bus_publish: Callable[[Event], None]
    wire: Wire
    run_job: RunJob
    stores: Stores = field(default_factory=Stores)

    def store(self, account: str, region: str) -> Store:
        return self.stores.of(account, region)

    def here(self, call: ApiCall) -> Store:
        """The store of the account and region that the call acts on."""
        return self.stores.of(call.account, call.region)

    def publish(self, store: Store, detail_type: str, arn: str, detail: Json) -> None:
        """Sends an `aws.sagemaker` event to the bus of the account that has the resource `arn`."""
        self.bus_publish(
            Event(
                id=str(uuid.uuid4()),
                source="aws.sagemaker",
                detail_type=detail_type,
                account=store.account,
                region=store.region,
                time=self.clock.now(),
                detail=detail,
                resources=(arn,),
            )
        )


Operation = Callable[[Context, ApiCall], Json]
