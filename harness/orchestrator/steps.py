"""What each step type does: calls of the pipeline's role, through the gateway like anyone's.

A step function answers how the step ended. It raises StepFailure with the reason that the step shall show.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from harness.model import Json
from harness.orchestrator.conditions import holds
from harness.orchestrator.job_steps import PROCESSING, TRAINING, TRANSFORM, job_step
from harness.orchestrator.quality_check import quality_check
from harness.orchestrator.resolving import ReferenceFailure, as_text, resolve
from harness.orchestrator.step import StepContext, StepFailure, StepResult, described


def run(context: StepContext) -> StepResult:
    """Raises StepFailure."""
    try:
        return _RUN[context.step.type](context)
    except ReferenceFailure as error:
        raise StepFailure(f"ClientError: {error}") from error
    except ClientError as error:
        # Seen on AWS: "ClientError: Failed to invoke sagemaker:CreateTrainingJob. Error Details: <message>", and then
        # a sentence on retries ("... No retry policy configured for the exception type SAGEMAKER_RESOURCE_LIMIT."),
        # which is left out: its types are known for that one fault only.
        service = "lambda" if context.step.type == "Lambda" else "sagemaker"
        message = error.response["Error"].get("Message", "")
        reason = f"ClientError: Failed to invoke {service}:{error.operation_name}. Error Details: {message}"
        raise StepFailure(reason) from error


def _model(context: StepContext) -> StepResult:
    sagemaker = context.caller.client("sagemaker")
    name = context.new_name()
    arn = sagemaker.create_model(**{**context.arguments(), "ModelName": name})["ModelArn"]
    return StepResult(described(sagemaker.describe_model(ModelName=name)), {"Model": {"Arn": arn}})


def _register_model(context: StepContext) -> StepResult:
    sagemaker = context.caller.client("sagemaker")
    arn = sagemaker.create_model_package(**context.arguments())["ModelPackageArn"]
    made = described(sagemaker.describe_model_package(ModelPackageName=arn))
    return StepResult(made, {"RegisterModel": {"Arn": arn}})


def _condition(context: StepContext) -> StepResult:
    outcome = all(holds(c, context.scope) for c in context.step.arguments["Conditions"])
    return StepResult({"Outcome": outcome}, {"Condition": {"Outcome": str(outcome)}})


def _fail(context: StepContext) -> StepResult:
    """Without a message the step has no failure reason (aws/sagemaker-python-sdk, test_fail_steps.py)."""
    message = as_text(context.arguments().get("ErrorMessage", ""))
    raise StepFailure(message, {"Fail": {"ErrorMessage": message}})


def _lambda(context: StepContext) -> StepResult:
    """AWS's words for a function that fails or leaves an output out are not known: these are ours."""
    function = context.resolved("FunctionArn")
    payload = json.dumps(resolve(context.step.arguments, context.scope))
    shown: Json = {"Arn": function, "OutputParameters": []}
    context.started({"Lambda": shown})
    answer = context.caller.client("lambda").invoke(
        FunctionName=function, InvocationType="RequestResponse", Payload=payload
    )
    said = _json(answer["Payload"].read())
    given = said if isinstance(said, dict) else {}
    if answer.get("FunctionError"):
        error = ": ".join(str(given[key]) for key in ("errorType", "errorMessage") if given.get(key))
        raise StepFailure(
            f"ClientError: Lambda function {function} failed: {error or said}", {"Lambda": shown}
        )
    declared = [output["OutputName"] for output in context.step.body.get("OutputParameters") or []]
    missing = [name for name in declared if given.get(name) is None]
    if missing:
        raise StepFailure(
            f"ClientError: Lambda function {function} did not answer the output parameters {', '.join(missing)}",
            {"Lambda": shown},
        )
    outputs = {name: given[name] for name in declared}
    listed = [{"Name": name, "Value": as_text(value)} for name, value in outputs.items()]
    return StepResult({"OutputParameters": outputs}, {"Lambda": {**shown, "OutputParameters": listed}})


def _json(text: bytes) -> Any:
    try:
        return json.loads(text or b"null")
    except ValueError:
        return text.decode("utf-8", "replace")


_RUN: dict[str, Callable[[StepContext], StepResult]] = {
    "Processing": job_step(PROCESSING),
    "Training": job_step(TRAINING),
    "Transform": job_step(TRANSFORM),
    "Model": _model,
    "RegisterModel": _register_model,
    "QualityCheck": quality_check,
    "Lambda": _lambda,
    "Condition": _condition,
    "Fail": _fail,
}
