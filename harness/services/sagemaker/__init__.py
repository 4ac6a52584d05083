"""The SageMaker API: jobs, models, the model registry, pipelines and tags."""

from __future__ import annotations

from moto.core.utils import get_service_model

from harness.model import ApiCall, AwsError, Json
from harness.services.sagemaker import executions, groups, jobs, models, packages, pipelines, tags
from harness.services.sagemaker.context import Context, Operation
from harness.services.sagemaker.validation import Validator

OPERATIONS: dict[str, Operation] = (
    jobs.OPERATIONS
    | models.OPERATIONS
    | groups.OPERATIONS
    | packages.OPERATIONS
    | tags.OPERATIONS
    | pipelines.OPERATIONS
    | executions.OPERATIONS
)


class SageMaker:
    """Answers calls that the gateway has authenticated and allowed."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._validator = Validator(get_service_model("sagemaker"))

    def handle(self, call: ApiCall) -> Json:
        """The operation's answer: the members of its output shape, times as datetimes.

        Raises AwsError: UnsupportedOperation (501), ValidationException, SerializationException, and the
        operation's own.
        """
        operation = OPERATIONS.get(call.operation)
        if operation is None:
            raise AwsError(
                "UnsupportedOperation", f"The harness does not support sagemaker:{call.operation} yet", 501
            )
        self._validator.check(call.operation, call.params)
        return operation(self._ctx, call)
