"""Processing, training and transform jobs: Create, Describe, List and Stop of each."""

from __future__ import annotations

import threading
from functools import partial

from harness.model import ApiCall, AwsError, JobSpec, Json
from harness.services.sagemaker import lifecycle, models
from harness.services.sagemaker.arns import arn, parse
from harness.services.sagemaker.context import Context, Operation
from harness.services.sagemaker.kinds import KINDS, PROCESSING, TRAINING, TRANSFORM, Kind
from harness.services.sagemaker.pagination import listed
from harness.services.sagemaker.roles import assume
from harness.services.sagemaker.tags import put_tags
from harness.services.sagemaker.validation import refused


def create(kind: Kind, ctx: Context, call: ApiCall) -> Json:
    """Starts the job and answers its ARN at once. Its role is assumed first: AWS refuses the call where it
    cannot."""
    store, request = ctx.here(call), call.params
    name = request[f"{kind.noun}Name"]
    job_arn = arn(store, kind.arn, name)
    table = kind.table(store)
    if table.get(name):
        raise _in_use(job_arn)
    model = models.resolved(ctx, call, models.find(store, request["ModelName"])) if kind is TRANSFORM else {}
    role = request.get("RoleArn") or model.get("ExecutionRoleArn", "")
    caller = assume(ctx.wire, role, call.region, job_arn)
    record = {
        **kind.described({key: value for key, value in request.items() if key != "Tags"}),
        f"{kind.noun}Arn": job_arn,
        **lifecycle.created(kind, ctx.clock.now()),
    }
    with store.locked():
        if not table.add(name, record):
            raise _in_use(job_arn)
        store.stops[job_arn] = threading.Event()
        put_tags(store, job_arn, request.get("Tags", []))
    spec = JobSpec(kind.name, name, job_arn, call.account, call.region, request, model)
    lifecycle.launch(ctx, store, kind, spec, caller, record)
    return {f"{kind.noun}Arn": job_arn}


def describe(kind: Kind, ctx: Context, call: ApiCall) -> Json:
    name = call.params[f"{kind.noun}Name"]
    record = kind.table(ctx.here(call)).get(name)
    if record is None:
        raise refused(kind.missing.format(name=name))
    return lifecycle.described(kind, record)


def list_jobs(kind: Kind, ctx: Context, call: ApiCall) -> Json:
    return listed(kind.listing, call.params, kind.table(ctx.here(call)).numbered())


def stop_job(kind: Kind, ctx: Context, call: ApiCall) -> Json:
    store, name = ctx.here(call), call.params[f"{kind.noun}Name"]
    record = kind.table(store).get(name)
    if record is None:
        raise refused(kind.unstoppable.format(name=name))
    if record[kind.status] in lifecycle.ENDED:
        # Recorded for training and transform jobs.
        status = record[kind.status]
        raise refused(f"The request was rejected because the {kind.name} job is in status {status}.")
    lifecycle.stopping(ctx, store, kind, name)
    return {}


def stop(ctx: Context, job_arn: str) -> None:
    """Asks the job with this ARN to stop; nothing where it has ended or is not ours."""
    named = parse(job_arn)
    if named is not None and named.kind in KINDS:
        lifecycle.stopping(ctx, ctx.store(named.account, named.region), KINDS[named.kind], named.name)


def _in_use(job_arn: str) -> AwsError:
    # Recorded for a processing job.
    return AwsError(
        "ResourceInUse",
        "Job name must be unique within an AWS account and region, and a job with this name already exists "
        f"({job_arn})",
    )


def _operations(kind: Kind) -> dict[str, Operation]:
    return {
        f"Create{kind.noun}": partial(create, kind),
        f"Describe{kind.noun}": partial(describe, kind),
        f"List{kind.noun}s": partial(list_jobs, kind),
        f"Stop{kind.noun}": partial(stop_job, kind),
    }


OPERATIONS: dict[str, Operation] = _operations(PROCESSING) | _operations(TRAINING) | _operations(TRANSFORM)
