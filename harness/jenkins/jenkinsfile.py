"""A declarative Jenkinsfile as plain data. What is not known here is an error with its line, never passed over.

What there may be, and where: https://www.jenkins.io/doc/book/pipeline/syntax/ and, where that does not say, the sources
of the plugins pipeline-model-definition, pipeline-aws and pipeline-utility-steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.jenkins.groovy import (
    Assignment,
    Call,
    JenkinsfileError,
    Reference,
    Statement,
    Text,
    Value,
    Word,
    parse,
)


@dataclass(frozen=True)
class Parameter:
    """A build's parameter. Without `choices` it is a string's; `default` is None where the Jenkinsfile gives none."""

    name: str
    default: str | None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A step: `sh`, `echo`, `error`, `dir`, `tee` or `withAWS`; the last three have steps within."""

    name: str
    arguments: Mapping[str, Text | int]
    steps: tuple[Step, ...]
    line: int


@dataclass(frozen=True)
class Stage:
    """A stage: it has either steps or stages. `branch`: the only one that it runs on; None for any."""

    name: str
    branch: str | None
    environment: Mapping[str, Text]
    steps: tuple[Step, ...]
    stages: tuple[Stage, ...]
    post: Mapping[str, tuple[Step, ...]]
    line: int


@dataclass(frozen=True)
class Jenkinsfile:
    """A pipeline. `timeout`: the seconds that a build may take; None for any. `post`: steps by condition."""

    parameters: tuple[Parameter, ...]
    environment: Mapping[str, Text]
    timeout: int | None
    stages: tuple[Stage, ...]
    post: Mapping[str, tuple[Step, ...]]


POST_CONDITIONS = ("always", "aborted", "success", "unsuccessful", "failure", "cleanup")
"""In the order in which Jenkins runs them."""

_SECONDS = {"SECONDS": 1, "MINUTES": 60, "HOURS": 3600}


@dataclass(frozen=True)
class _Signature:
    """A step's arguments with their types. `unnamed`: the one that may come without its name; it has to be there."""

    unnamed: str
    arguments: Mapping[str, type]
    block: bool


_STEPS = {
    "sh": _Signature("script", {"script": Text, "label": Text}, False),
    "echo": _Signature("message", {"message": Text}, False),
    "error": _Signature("message", {"message": Text}, False),
    "dir": _Signature("path", {"path": Text}, True),
    "tee": _Signature("file", {"file": Text}, True),
    "withAWS": _Signature(
        "",
        {"role": Text, "roleAccount": Text, "region": Text, "roleSessionName": Text, "duration": int},
        True,
    ),
}


def read_jenkinsfile(text: str) -> Jenkinsfile:
    """Reads a Jenkinsfile's text. Raises JenkinsfileError."""
    statements, references = parse(text)
    told = _sections(_pipeline(statements), _PIPELINE, required=("agent", "stages"))
    parameters = told.get("parameters", ())
    _check_references(references, parameters)
    _check_names(told["stages"])
    return Jenkinsfile(
        parameters, told.get("environment", {}), told.get("options"), told["stages"], told.get("post", {})
    )


def _pipeline(statements: tuple[Statement, ...]) -> Call:
    match statements:
        case [Call("pipeline") as pipeline]:
            return pipeline
    line = next((s.line for s in statements if s.name != "pipeline"), 1)
    raise JenkinsfileError(line, "only one `pipeline { … }` is known here")


def every_stage(stages: Iterable[Stage]) -> Iterable[Stage]:
    """The stages and those within them, in the order in which they run."""
    for stage in stages:
        yield stage
        yield from every_stage(stage.stages)


def _check_references(references: Iterable[Reference], parameters: Iterable[Parameter]) -> None:
    declared = {parameter.name for parameter in parameters}
    for reference in references:
        if reference.scope == "params" and reference.name not in declared:
            raise JenkinsfileError(reference.line, f"params.{reference.name} is not among the parameters")


def _check_names(stages: Iterable[Stage]) -> None:
    known: set[str] = set()
    for stage in every_stage(stages):
        if stage.name in known:
            raise JenkinsfileError(stage.line, f'there is another stage "{stage.name}"')
        known.add(stage.name)


def _sections(
    call: Call, known: Mapping[str, Callable[[Call], Any]], required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """What the handlers make of a block's sections, each of which may be there once."""
    told: dict[str, Any] = {}
    for section in _calls(call):
        if section.name not in known:
            raise JenkinsfileError(
                section.line, f"{section.name} is not known in {call.name}; known are {', '.join(known)}"
            )
        if section.name in told:
            raise JenkinsfileError(section.line, f"{call.name} has a second {section.name}")
        told[section.name] = known[section.name](section)
    for name in required:
        if name not in told:
            raise JenkinsfileError(call.line, f"{call.name} has no {name}")
    return told


def _block(call: Call) -> tuple[Statement, ...]:
    if not call.block:
        raise JenkinsfileError(call.line, f"{call.name} has nothing in it")
    return call.block


def _calls(call: Call) -> Iterable[Call]:
    for statement in _block(call):
        if isinstance(statement, Assignment):
            raise JenkinsfileError(statement.line, f"an assignment is not known in {call.name}")
        yield statement


def _plain(call: Call, value: Value | None, what: str) -> str:
    """A string that refers to nothing."""
    if not isinstance(value, Text) or any(isinstance(part, Reference) for part in value.parts):
        raise JenkinsfileError(call.line, f"{what} has to be a plain string")
    return value.filled({}, {})


def _agent(call: Call) -> None:
    if call.unnamed != (Word("any"),) or call.named or call.block:
        raise JenkinsfileError(call.line, "only `agent any` is known here")


def _flag(call: Call) -> None:
    if call.unnamed or call.named or call.block:
        raise JenkinsfileError(call.line, f"{call.name} has arguments that are not known here")


def _timeout(call: Call) -> int:
    time, unit = call.named.get("time"), call.named.get("unit", Text(("MINUTES",)))
    seconds = _SECONDS.get(_plain(call, unit, "unit"))
    if call.unnamed or set(call.named) - {"time", "unit"} or not isinstance(time, int) or not seconds:
        raise JenkinsfileError(call.line, "timeout is known as timeout(time: 2, unit: 'HOURS')")
    return time * seconds


def _options(call: Call) -> int | None:
    """One build at a time is all that an agent of ours does; only the time that one may take is told."""
    return _sections(call, {"disableConcurrentBuilds": _flag, "timeout": _timeout}).get("timeout")


def _parameters(call: Call) -> tuple[Parameter, ...]:
    return tuple(_parameter(item) for item in _calls(call))


def _parameter(call: Call) -> Parameter:
    known = {"string": {"defaultValue"}, "choice": {"choices"}}
    if call.name not in known or call.unnamed or call.block:
        raise JenkinsfileError(
            call.line, f"only string(name: …) and choice(name: …) are known here, not {call.name}"
        )
    if unknown := set(call.named) - known[call.name] - {"name", "description"}:
        raise JenkinsfileError(call.line, f"{', '.join(sorted(unknown))} is not known of a {call.name}")
    name = _plain(call, call.named.get("name"), "the parameter's name")
    if call.name == "choice":
        choices = _choices(call)
        return Parameter(name, choices[0], choices)
    default = call.named.get("defaultValue")
    return Parameter(name, None if default is None else _plain(call, default, "defaultValue"))


def _choices(call: Call) -> tuple[str, ...]:
    told = call.named.get("choices")
    if not isinstance(told, tuple) or not told:
        raise JenkinsfileError(
            call.line, "choices has to be a list of strings, the first of them the default"
        )
    return tuple(_plain(call, choice, "a choice") for choice in told)


def _environment(call: Call) -> dict[str, Text]:
    told: dict[str, Text] = {}
    for item in _block(call):
        if not isinstance(item, Assignment) or not isinstance(item.value, Text):
            raise JenkinsfileError(item.line, "environment has only NAME = 'string' here")
        if item.name in told:
            raise JenkinsfileError(item.line, f"environment has a second {item.name}")
        told[item.name] = item.value
    return told


def _stages(call: Call) -> tuple[Stage, ...]:
    return tuple(_stage(item) for item in _calls(call))


def _stage(call: Call) -> Stage:
    if call.name != "stage" or len(call.unnamed) != 1 or call.named:
        raise JenkinsfileError(call.line, f"stages has only stage('NAME') {{ … }}, not {call.name}")
    told = _sections(call, _STAGE)
    if ("steps" in told) == ("stages" in told):
        raise JenkinsfileError(call.line, "a stage has either steps or stages")
    return Stage(
        _plain(call, call.unnamed[0], "a stage's name"),
        told.get("when"),
        told.get("environment", {}),
        told.get("steps", ()),
        told.get("stages", ()),
        told.get("post", {}),
        call.line,
    )


def _when(call: Call) -> str:
    return str(_sections(call, {"branch": _branch}, required=("branch",))["branch"])


def _branch(call: Call) -> str:
    """Jenkins takes patterns of Ant's there; here only a branch's whole name is known."""
    if len(call.unnamed) != 1 or call.named or call.block:
        raise JenkinsfileError(call.line, "branch is known as branch 'NAME'")
    name = _plain(call, call.unnamed[0], "a branch's name")
    if set(name) & set("*?{}"):
        raise JenkinsfileError(call.line, f"patterns of branches are not known here: {name}")
    return name


def _post(call: Call) -> dict[str, tuple[Step, ...]]:
    return _sections(call, dict.fromkeys(POST_CONDITIONS, _steps))


def _steps(call: Call) -> tuple[Step, ...]:
    return tuple(_step(item) for item in _calls(call))


def _step(call: Call) -> Step:
    signature = _STEPS.get(call.name)
    if not signature:
        raise JenkinsfileError(call.line, f"the step {call.name} is not known; known are {', '.join(_STEPS)}")
    if signature.block != (call.block is not None):
        raise JenkinsfileError(
            call.line, f"{call.name} has {'no' if signature.block else 'a'} block of steps"
        )
    arguments = _step_arguments(call, signature)
    if call.name == "sh" and _shebang(arguments["script"]):
        raise JenkinsfileError(call.line, "a script with an interpreter of its own (#!) is not known here")
    return Step(call.name, arguments, _steps(call) if signature.block else (), call.line)


def _shebang(script: Text | int) -> bool:
    return isinstance(script, Text) and str(script.parts[0] if script.parts else "").startswith("#!")


def _step_arguments(call: Call, signature: _Signature) -> dict[str, Text | int]:
    """Jenkins takes one argument without its name, where no other is there."""
    if call.unnamed and (call.named or len(call.unnamed) > 1 or not signature.unnamed):
        raise JenkinsfileError(call.line, f"the arguments of {call.name} need their names")
    told = {signature.unnamed: call.unnamed[0]} if call.unnamed else dict(call.named)
    if signature.unnamed and signature.unnamed not in told:
        raise JenkinsfileError(call.line, f"{call.name} has no {signature.unnamed}")
    arguments: dict[str, Text | int] = {}
    for name, value in told.items():
        if name not in signature.arguments:
            raise JenkinsfileError(call.line, f"{name} is not known of {call.name}")
        if not isinstance(value, Text | int) or type(value) is not signature.arguments[name]:
            kind = "a string" if signature.arguments[name] is Text else "a whole number"
            raise JenkinsfileError(call.line, f"{name} of {call.name} has to be {kind}")
        arguments[name] = value
    return arguments


_STAGE: dict[str, Callable[[Call], Any]] = {
    "when": _when,
    "environment": _environment,
    "steps": _steps,
    "stages": _stages,
    "post": _post,
}
_PIPELINE: dict[str, Callable[[Call], Any]] = {
    "agent": _agent,
    "parameters": _parameters,
    "environment": _environment,
    "options": _options,
    "stages": _stages,
    "post": _post,
}
