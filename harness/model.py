"""The plain data that crosses rooms. A leaf: it imports nothing of ours."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

Json = dict[str, Any]

# The gateway's own calls, beside AWS's: everything under this path.
CONTROL = "/_harness/"
# Where the gateway listens for containers, below the harness's folder.
GATEWAY_SOCKET = Path("gateway", "gateway.sock")


class AwsError(Exception):
    """An error as AWS answers it: its code, its message, its HTTP status.

    `members` holds the modelled members of the error's shape beyond the message, if it has any.
    """

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = members


class HarnessError(Exception):
    """A mistake of the user's, or of the machine's, told in one line; never shown with a traceback."""


class ImageNotFound(HarnessError):
    """A container image that is not to be had. The text names it and says what to do."""


@dataclass(frozen=True)
class Credentials:
    """What signs a request. `session_token` is empty for a user's or root's long-lived keys."""

    access_key: str
    secret_key: str
    session_token: str = ""


@dataclass(frozen=True)
class Session:
    """What came with temporary credentials. `policies`: session policies, as JSON texts; None: none was given.

    `tags` are (key, value); `issued` is when the session began; `federated` names the identity provider, if any;
    `issuer` is the ARN of the user who got a federated user its session, and whose policies bound it.
    """

    policies: tuple[str, ...] | None = None
    tags: tuple[tuple[str, str], ...] = ()
    transitive: tuple[str, ...] = ()
    issued: datetime | None = None
    source_identity: str = ""
    federated: str = ""
    issuer: str = ""


@dataclass(frozen=True)
class Principal:
    """Who calls. `arn` is what STS GetCallerIdentity says; `role_arn` is set for a role's session.

    `kind` is one of `root`, `user`, `assumed-role`, `federated-user`, `service`, `harness`, `anonymous`; for a service
    `arn` is its name (`events.amazonaws.com`), `account` the account for whose resource `source_arn` it acts.
    """

    account: str
    arn: str
    kind: str
    user_id: str = ""
    role_arn: str = ""
    source_arn: str = ""
    session: Session | None = None

    @property
    def identity_arn(self) -> str:
        """The IAM user or role whose policies the caller has."""
        issuer = self.session.issuer if self.session else ""
        return self.role_arn or issuer or self.arn

    @property
    def name(self) -> str:
        """The principal as people say it: `dev-account's role/session`, a user's name, a service."""
        return self.arn.split(":", 5)[-1] if self.arn.startswith("arn:") else self.arn


@dataclass(frozen=True)
class ApiCall:
    """One call to an AWS API, parsed: `params` has the names of botocore's model for the operation."""

    service: str
    operation: str
    params: Json
    principal: Principal
    account: str
    region: str
    request_id: str
    source_ip: str = "127.0.0.1"


@dataclass(frozen=True)
class Permission:
    """One permission that a call needs: an IAM action on a resource, which the account `owner` has.

    `resource` is an ARN, or `*` where the action knows no resources. `context` holds condition keys, lower-case, beyond
    the global ones; a tuple is a multivalued key's. `gate` as in iam.model.Request. `why` tells of a permission behind
    the call's own: `to encrypt the object under the bucket's key`. `via`: the service that asks on the caller's behalf
    (`s3`), for aws:ViaAWSService.
    """

    action: str
    resource: str
    owner: str = ""
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    gate: str = ""
    why: str = ""
    via: str = ""


@dataclass(frozen=True)
class Decision:
    """Whether a call may go on, and why.

    `reason` is for the journal: `allowed`, `denied`, `would be denied`, `not enforced`. `error` is what AWS answers
    where it may not. `used`: each permission with the statements that allowed it; `denial`: the lesson, see
    harness.access.denial.
    """

    allowed: bool
    reason: str
    error: AwsError | None = None
    used: tuple[Json, ...] = ()
    denial: Json = field(default_factory=dict)


@dataclass(frozen=True)
class HttpRequest:
    """A request as it came in: `path` and `query` still percent-encoded, header names lower-case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class HttpResponse:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Event:
    """An EventBridge event. `time` is the virtual clock's, in UTC."""

    id: str
    source: str
    detail_type: str
    account: str
    region: str
    time: datetime
    detail: Json
    resources: tuple[str, ...] = ()

    def envelope(self) -> Json:
        """The event as rules match it and targets receive it."""
        return {
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": self.account,
            "time": self.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self.region,
            "resources": list(self.resources),
            "detail": self.detail,
        }


class Caller(Protocol):
    """Somebody who calls AWS through the gateway: a role's session, or a service."""

    @property
    def credentials(self) -> Credentials: ...

    @property
    def principal(self) -> Principal: ...

    def client(self, service: str) -> Any:
        """A boto3 client of this caller. Its calls take the gateway's whole request chain, without a socket."""
        ...


class Wire(Protocol):
    """How everything inside the harness calls AWS: by the same gateway, as somebody."""

    @property
    def endpoint(self) -> str:
        """The gateway's address, for processes outside."""
        ...

    def as_role(
        self, role_arn: str, service: str, session_name: str, region: str, source_arn: str = ""
    ) -> Caller:
        """A session of the role, assumed by the service principal `service` (`sagemaker.amazonaws.com`) for the
        resource `source_arn` (aws:SourceArn and aws:SourceAccount in the role's trust policy).

        Raises AwsError AccessDenied where the role is missing or does not trust the service.
        """
        ...

    def as_service(self, service: str, account: str, region: str, source_arn: str = "") -> Caller:
        """The service itself (`events.amazonaws.com`), acting for a resource of `account`: `source_arn`."""
        ...

    def as_harness(self, account: str, region: str) -> Caller:
        """The harness's own look at an account, which AWS would take without a call: nobody's permission is asked."""
        ...


@dataclass(frozen=True)
class JobSpec:
    """A job as a runner gets it. `request` is the Create call's own (CreateProcessingJob, ...), complete.

    `environment` is what every program of the harness needs: endpoint, credentials, region.
    """

    kind: str  # processing | training | transform
    name: str
    arn: str
    account: str
    region: str
    request: Json
    model: Json = field(default_factory=dict)  # transform: the CreateModel request of the job's model


@dataclass(frozen=True)
class JobResult:
    """How a job ended. `status` is SageMaker's: Completed, Failed or Stopped.

    `exit_message` is what the program wrote to /opt/ml/output/message (processing);
    `failure_reason` is the sentence SageMaker would show; both are cut at 1024 characters as AWS does.
    """

    status: str
    failure_reason: str = ""
    exit_message: str = ""
    exit_code: int = 0
    log_tail: tuple[str, ...] = ()
    started: datetime | None = None
    ended: datetime | None = None
    outputs: Json = field(default_factory=dict)  # training: S3ModelArtifacts; secondary facts for Describe


@dataclass(frozen=True)
class Engines:
    """What works behind the gateway.

    `runner`: `process` or `docker`. `images`, of the docker runner: our `stand-ins`, or the images of `aws` itself.
    `backend`: `moto`, in the process, or `moto-server` or `localstack`, each with `=URL` where it is not the usual one.
    `catalogue`: a file of images beside our own; its entries come first. Empty: none.
    """

    runner: str = "process"
    images: str = "stand-ins"
    backend: str = "moto"
    catalogue: str = ""


DEFAULT_ENGINES = Engines()


@dataclass(frozen=True)
class ContainerSpec:
    """A container to start.

    `image` is the URI that the request names. `purpose` (a key of the image catalogue: processing, train, serve,
    function) asks for the image's own program, with `command` as its further arguments; empty, `command` is run as it
    stands (a processing job's entrypoint and arguments).
    `root` becomes /opt/ml. `folders`: what else the program needs, by the path that a container has it at; see
    Runner.place. It can't write to the `read_only` ones, where mounts can be had. `cwd` is such a path.
    `log` gets each line as it is written. `timeout` is in real seconds.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    root: Path | None
    log: Callable[[str], None]
    image: str = ""
    purpose: str = ""
    timeout: float | None = None
    folders: Mapping[str, Path] = field(default_factory=dict)
    read_only: Collection[str] = ()
    cwd: str = ""


@dataclass(frozen=True)
class ContainerResult:
    """`exit_code` is the program's; a negative one is the signal that killed it, as subprocess says it."""

    exit_code: int
    timed_out: bool = False


class Container(Protocol):
    """A started program."""

    def wait(self) -> ContainerResult: ...

    def connect(self, port: int, timeout: float) -> socket.socket:
        """A connection to a server of the program's, on its own loopback. Raises OSError where none listens."""
        ...

    def stop(self, grace: float = 2.0) -> None:
        """SIGTERM to the whole process group, SIGKILL after `grace` seconds. Returns when it is gone."""
        ...


class Runner(Protocol):
    """The seam between a job's contract and what runs its program: processes, or Docker's containers."""

    def start(self, spec: ContainerSpec) -> Container:
        """Raises ImageNotFound for an image that is not to be had, HarnessError where nothing can run."""
        ...

    def place(self, folder: Path, path: str) -> str:
        """Where a program sees a folder that its spec has at `path`: there, or where it is."""
        ...

    def port(self) -> int:
        """A port for a program to serve on. Containers have a network each, processes share the machine's."""
        ...

    def close(self) -> None:
        """Ends every program; nothing of them is left."""
        ...


class Stop(Protocol):
    """Set when somebody asked for a stop. A threading.Event is one."""

    def is_set(self) -> bool: ...
    def wait(self, timeout: float | None = None) -> bool: ...
