"""Runs a Jenkinsfile as an agent of Jenkins does, in a workspace that is checked out already.

The order of things, their words and what follows a failure are those of the plugins' sources: pipeline-model-definition
(ModelInterpreter), pipeline-aws (WithAWSStep) and pipeline-utility-steps (TeeStep).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TextIO
from urllib.parse import quote

from harness.jenkins.assume_role import assume_role
from harness.jenkins.groovy import Text
from harness.jenkins.jenkinsfile import POST_CONDITIONS, Jenkinsfile, Parameter, Stage, Step
from harness.jenkins.shell import run_script
from harness.model import HarnessError

Result = Literal["SUCCESS", "FAILURE", "ABORTED"]
Status = Result | Literal["SKIPPED_FOR_FAILURE", "SKIPPED_FOR_CONDITIONAL"]

_LONGEST = 24 * 3600  # seconds that a build may take where the Jenkinsfile does not say
_GRACE = 60  # seconds for what is to be done after a timeout: as in TimeoutStepExecution
_SKIPPED: dict[Status, str] = {
    "SKIPPED_FOR_FAILURE": "skipped due to earlier failure(s)",
    "SKIPPED_FOR_CONDITIONAL": "skipped due to when conditional",
}
_HOLDS: dict[str, Callable[[Result], bool]] = {
    "always": lambda result: True,
    "aborted": lambda result: result == "ABORTED",
    "success": lambda result: result == "SUCCESS",
    "unsuccessful": lambda result: result != "SUCCESS",
    "failure": lambda result: result == "FAILURE",
    "cleanup": lambda result: True,
}


@dataclass(frozen=True)
class Agent:
    """Where a multibranch job's build runs, and of what.

    `environment` is all that its scripts get, with Jenkins' own variables and the build's parameters; AWS credentials
    that are in it are the Jenkins server's.
    """

    workspace: Path
    environment: Mapping[str, str]
    job: str
    branch: str
    commit: str
    number: int = 1

    def variables(self) -> dict[str, str]:
        """Jenkins' own. Source: https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables"""
        name = f"{self.job}/{quote(self.branch, safe='')}"
        return {
            "BRANCH_NAME": self.branch,
            "BUILD_ID": str(self.number),
            "BUILD_NUMBER": str(self.number),
            "BUILD_TAG": f"jenkins-{name}-{self.number}".replace("/", "-"),
            "GIT_COMMIT": self.commit,
            "JOB_NAME": name,
            "WORKSPACE": str(self.workspace),
        }


@dataclass(frozen=True)
class StageResult:
    """What became of a stage. Statuses are Jenkins' own words."""

    name: str
    status: Status


@dataclass(frozen=True)
class Build:
    """What became of a build: its stages in their order, those within others too; `log` is its console."""

    result: Result
    stages: tuple[StageResult, ...]
    log: str


class _Stopped(Exception):
    """A step failed, or took too long."""

    def __init__(self, why: str, result: Result = "FAILURE") -> None:
        super().__init__(why)
        self.result = result


@dataclass(frozen=True)
class _Place:
    """What holds where a step stands. `copies`: files that get the output too."""

    environment: Mapping[str, str]
    folder: Path
    copies: tuple[TextIO, ...] = ()


def build(
    jenkinsfile: Jenkinsfile,
    agent: Agent,
    parameters: Mapping[str, str] | None = None,
    say: Callable[[str], None] = print,
) -> Build:
    """Runs a Jenkinsfile's stages. `say` gets each line of the console as it comes.

    Raises:
        HarnessError: A parameter has no value, or one that it cannot have; nothing was run.
    """
    return _Run(jenkinsfile, agent, _values(jenkinsfile.parameters, parameters or {}), say).build()


def _values(declared: Iterable[Parameter], given: Mapping[str, str]) -> dict[str, str]:
    """What each parameter is. Jenkins would take '' for a string that is not given; here that is a mistake."""
    values = {p.name: given.get(p.name, p.default) for p in declared}
    if unknown := set(given) - set(values):
        known = ", ".join(values) or "none"
        raise HarnessError(f"the Jenkinsfile has no parameter {', '.join(sorted(unknown))}; it has: {known}")
    for parameter in declared:
        value = values[parameter.name]
        if value is None:
            raise HarnessError(
                f"the Jenkinsfile's parameter {parameter.name} has no default: give it a value"
            )
        if parameter.choices and value not in parameter.choices:
            raise HarnessError(f"{parameter.name} is one of {', '.join(parameter.choices)}, not {value!r}")
    return {name: value for name, value in values.items() if value is not None}


class _Run:
    """One build. `_error` is the first failure: what comes after it is skipped."""

    def __init__(
        self,
        jenkinsfile: Jenkinsfile,
        agent: Agent,
        parameters: Mapping[str, str],
        say: Callable[[str], None],
    ) -> None:
        self._jenkinsfile = jenkinsfile
        self._agent = agent
        self._parameters = parameters
        self._say_line = say
        self._until = time.monotonic() + (jenkinsfile.timeout or _LONGEST)
        self._lines: list[str] = []
        self._statuses: dict[str, Status] = {}
        self._error: _Stopped | None = None
        self._do = {
            "sh": self._sh,
            "echo": self._echo,
            "error": self._fail,
            "dir": self._dir,
            "tee": self._tee,
            "withAWS": self._with_aws,
        }

    def build(self) -> Build:
        # A build's parameters are in the environment as well.
        given = {**self._agent.environment, **self._agent.variables(), **self._parameters}
        place = self._within(_Place(given, self._agent.workspace), self._jenkinsfile.environment)
        self._stages(self._jenkinsfile.stages, place, None)
        if any(_HOLDS[condition](self._result) for condition in self._jenkinsfile.post):
            self._say(place, "[Pipeline] { (Declarative: Post Actions)")
            self._post(self._jenkinsfile.post, place)
        if self._error:
            self._say(place, f"ERROR: {self._error}")
        self._say(place, f"Finished: {self._result}")
        stages = tuple(StageResult(name, status) for name, status in self._statuses.items())
        return Build(self._result, stages, "\n".join(self._lines))

    @property
    def _result(self) -> Result:
        return self._error.result if self._error else "SUCCESS"

    def _say(self, place: _Place, line: str) -> None:
        self._lines.append(line)
        self._say_line(line)
        for copy in place.copies:
            print(line, file=copy, flush=True)

    def _within(self, place: _Place, variables: Mapping[str, Text]) -> _Place:
        environment = dict(place.environment)
        for name, text in variables.items():
            environment[name] = text.filled(self._parameters, environment)
        return replace(place, environment=environment)

    def _stages(self, stages: Iterable[Stage], place: _Place, skipped: Status | None) -> None:
        for stage in stages:
            self._say(place, f"[Pipeline] {{ ({stage.name})")
            why = skipped or self._why_skipped(stage)
            self._statuses[stage.name] = why or "SUCCESS"
            if why:
                self._say(place, f'Stage "{stage.name}" {_SKIPPED[why]}')
                self._stages(stage.stages, place, why)
            else:
                self._stage(stage, self._within(place, stage.environment))

    def _why_skipped(self, stage: Stage) -> Status | None:
        if self._error:
            return "SKIPPED_FOR_FAILURE"
        return "SKIPPED_FOR_CONDITIONAL" if stage.branch not in (None, self._agent.branch) else None

    def _stage(self, stage: Stage, place: _Place) -> None:
        try:
            self._steps(stage.steps, place)
        except _Stopped as error:
            self._error = error
        self._stages(stage.stages, place, None)
        self._post(stage.post, place)
        self._statuses[stage.name] = self._result

    def _post(self, post: Mapping[str, tuple[Step, ...]], place: _Place) -> None:
        """A condition that fails keeps none of the others from being looked at, and fails the build."""
        for condition in POST_CONDITIONS:
            if condition in post and _HOLDS[condition](self._result):
                try:
                    self._steps(post[condition], place)
                except _Stopped as error:
                    self._say(place, f"Error when executing {condition} post condition:")
                    self._say(place, str(error))
                    self._error = self._error or error

    def _steps(self, steps: Iterable[Step], place: _Place) -> None:
        for step in steps:
            self._say(place, f"[Pipeline] {step.name}")
            self._do[step.name](step, place)

    def _argument(self, step: Step, name: str, place: _Place) -> str:
        value = step.arguments.get(name, "")
        return value.filled(self._parameters, place.environment) if isinstance(value, Text) else str(value)

    def _sh(self, step: Step, place: _Place) -> None:
        script = self._argument(step, "script", place)
        try:
            place.folder.mkdir(parents=True, exist_ok=True)
            status = run_script(
                script, place.folder, place.environment, self._until, lambda line: self._say(place, line)
            )
        except TimeoutError:
            self._until = time.monotonic() + _GRACE
            raise _Stopped("Timeout has been exceeded", "ABORTED") from None
        if status:
            raise _Stopped(f"script returned exit code {status}")

    def _echo(self, step: Step, place: _Place) -> None:
        self._say(place, self._argument(step, "message", place))

    def _fail(self, step: Step, place: _Place) -> None:
        raise _Stopped(self._argument(step, "message", place))

    def _dir(self, step: Step, place: _Place) -> None:
        self._steps(step.steps, replace(place, folder=place.folder / self._argument(step, "path", place)))

    def _tee(self, step: Step, place: _Place) -> None:
        """It appends: the file is the workspace's, and outlives the build."""
        file = place.folder / self._argument(step, "file", place)
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as copy:
            self._steps(step.steps, replace(place, copies=(*place.copies, copy)))

    def _with_aws(self, step: Step, place: _Place) -> None:
        """Sets the variables that the plugin sets, and takes none away."""
        environment = dict(place.environment)
        if region := self._argument(step, "region", place):
            self._say(place, f"Setting AWS region {region}")
            environment |= {"AWS_DEFAULT_REGION": region, "AWS_REGION": region}
        if self._argument(step, "role", place):
            environment |= self._assumed(step, replace(place, environment=environment))
        self._steps(step.steps, replace(place, environment=environment))

    def _assumed(self, step: Step, place: _Place) -> dict[str, str]:
        names = ("role", "roleAccount", "roleSessionName", "duration")
        role, account, session, duration = (self._argument(step, name, place) for name in names)
        self._say(place, "Requesting assume role")
        try:
            told = assume_role(role, account, session, duration, place.environment)
        except HarnessError as error:
            raise _Stopped(str(error)) from error
        self._say(place, f"Assuming role ARN is {told['RoleArn']}")
        user, credentials = told["AssumedRoleUser"], told["Credentials"]
        self._say(place, f"Assumed role {user['Arn']} with id {user['AssumedRoleId']}")
        return {
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
        }
