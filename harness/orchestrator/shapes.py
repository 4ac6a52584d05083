"""What SageMaker's own model says of a step: the call that it makes, and the properties that it has afterwards."""

from __future__ import annotations

from typing import Any

from botocore.model import OperationModel, Shape
from moto.core.utils import get_service_model

from harness.model import Json
from harness.orchestrator.parts import DefinitionError
from harness.orchestrator.references import expression_kind

# What a step of each type hands to its Create call (checked as far as it is literal), and whose output its
# properties are. None: the type has its own rules.
CALLS: dict[str, tuple[str, str] | None] = {
    "Processing": ("CreateProcessingJob", "DescribeProcessingJob"),
    "Training": ("CreateTrainingJob", "DescribeTrainingJob"),
    "Transform": ("CreateTransformJob", "DescribeTransformJob"),
    "Model": ("CreateModel", "DescribeModel"),
    "RegisterModel": ("CreateModelPackage", "DescribeModelPackage"),
    "QualityCheck": ("CreateProcessingJob", "DescribeProcessingJob"),
    "Condition": None,
    "Fail": None,
    "Lambda": None,
}
# The service names what a step makes.
_NAMED_BY_THE_SERVICE = frozenset({"ProcessingJobName", "TrainingJobName", "TransformJobName", "ModelName"})
_SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
}


def check_arguments(step: str, kind: str, arguments: Json) -> None:
    """Compares what is literal with the Create call's own shape. Raises DefinitionError."""
    call = CALLS[kind]
    if call:
        # A Transform step's ModelName is the model that it uses, not what it makes.
        unnamed = _NAMED_BY_THE_SERVICE - ({"ModelName"} if kind == "Transform" else set())
        _check(step, _operation(call[0]).input_shape, arguments, "Arguments", unnamed)


def has_property(kind: str, path: tuple[str | int, ...]) -> bool:
    """Whether what a step of this type makes has such a property, as its Describe call answers it."""
    call = CALLS[kind]
    shape: Shape | None = _operation(call[1]).output_shape if call else None
    for segment in path:
        shape = _member(shape, segment)
    return shape is not None


def _member(shape: Any, segment: str | int) -> Shape | None:
    if shape is None:
        return None
    if shape.type_name == "structure":
        return shape.members.get(segment)
    if shape.type_name == "list":
        return shape.member
    return shape.value if shape.type_name == "map" else None


def _check(step: str, shape: Any, value: Any, path: str, unnamed: frozenset[str] = frozenset()) -> None:
    if value is None or expression_kind(value):  # the SDK writes null for what is not given
        return
    if shape.type_name == "structure":
        _check_structure(step, shape, value, path, unnamed)
    elif shape.type_name == "list":
        if not isinstance(value, list):
            # AWS's own words, as far as the colon (aws/sagemaker-python-sdk#2345).
            raise DefinitionError(
                f"Expecting start of Json Array: step {step!r}, {path} takes list, not {value!r}"
            )
        for i, inner in enumerate(value):
            _check(step, shape.member, inner, f"{path}[{i}]")
    elif shape.type_name == "map":
        if not isinstance(value, dict):
            raise _wrong(step, path, shape, value)
        for key, inner in value.items():
            _check(step, shape.value, inner, f"{path}.{key}")
    elif shape.type_name in _SCALARS:
        _check_scalar(step, shape, value, path)


def _check_structure(step: str, shape: Any, value: Any, path: str, unnamed: frozenset[str]) -> None:
    if not isinstance(value, dict):
        raise _wrong(step, path, shape, value)
    for key, inner in value.items():
        if key not in shape.members:
            raise DefinitionError(
                f"Step {step!r}: {path}.{key} is unknown; known are {', '.join(shape.members)}"
            )
        _check(step, shape.members[key], inner, f"{path}.{key}")
    missing = [name for name in shape.required_members if value.get(name) is None and name not in unnamed]
    if missing:
        raise DefinitionError(f"Step {step!r}: {path} has no {missing[0]}")


def _check_scalar(step: str, shape: Any, value: Any, path: str) -> None:
    types = _SCALARS[shape.type_name]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise _wrong(step, path, shape, value)
    choices = getattr(shape, "enum", None)
    if choices and value not in choices:
        # AWS's own words, as users have recorded them for ProcessingS3InputMode; the place is ours.
        raise DefinitionError(
            f"Model Validation failed: Value '{value}' for '{shape.name}' failed to satisfy enum value set: "
            f"[{', '.join(choices)}] (step {step!r}, {path})"
        )


def _wrong(step: str, path: str, shape: Any, value: Any) -> DefinitionError:
    return DefinitionError(f"Step {step!r}: {path} takes {shape.type_name}, not {value!r}")


def _operation(name: str) -> OperationModel:
    return get_service_model("sagemaker").operation_model(name)
