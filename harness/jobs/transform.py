"""Batch transform jobs: the model's server is started, and asked for each object of the input."""

from __future__ import annotations

import gzip
import http.client
import time
from dataclasses import dataclass

from harness.jobs import records
from harness.jobs.contract import Job, JobFailed, JobStopped, Program, single_instance, unsupported
from harness.jobs.records import RecordError
from harness.jobs.s3data import DataError, Location, S3Object, unpack
from harness.model import ContainerResult, JobResult, Json

# AWS gives a server up to half an hour. A program that is not up after this long here never will be.
PING_DEADLINE = 120.0
# What AWS answers, in aws/amazon-sagemaker-examples#852 and aws/deep-learning-containers#586.
NO_PING = (
    "AlgorithmError: Model container failed to respond to ping. "
    "Please ensure /ping endpoint is implemented and responds with an HTTP 200 status code"
)
ALGORITHM_ERROR = "AlgorithmError: See job logs for more information"
CLIENT_ERROR = "ClientError: See job logs for more information"


def run_transform(job: Job) -> JobResult:
    request = job.spec.request
    single_instance(request["TransformResources"]["InstanceCount"])
    plan = Plan.of(request)
    source = request["TransformInput"]["DataSource"]["S3DataSource"]
    if source["S3DataType"] not in ("S3Prefix", "ManifestFile"):
        unsupported(f"S3DataType {source['S3DataType']}")
    container = _model_container(job.spec.model)
    _download_model(job, container)
    try:
        objects = job.data.listed(source["S3Uri"], source["S3DataType"])
    except DataError as error:
        raise JobFailed(f"ClientError: {error}") from error
    port = job.workshop.runner.port()
    server = Server(job, _start(job, container, plan, port), port)
    try:
        server.wait_for_ping()
        _log(job, f"MaxConcurrentTransforms={plan.concurrent}, MaxPayloadInMB={plan.megabytes}, "
                  f"BatchStrategy={plan.strategy_variable}")  # fmt: skip
        for item in objects:
            _transform(job, server, plan, item)
    finally:
        server.end()
    return JobResult("Completed")


@dataclass(frozen=True)
class Plan:
    """The request's choices, with AWS's defaults."""

    concurrent: int
    megabytes: int
    strategy: str
    split_type: str
    assemble_lines: bool
    compressed: bool
    content_type: str
    accept: str
    timeout: float
    input_filter: str
    output_filter: str
    join: bool

    @classmethod
    def of(cls, request: Json) -> Plan:
        given, wanted = request["TransformInput"], request["TransformOutput"]
        processing = request.get("DataProcessing", {})
        plan = cls(
            # Records are sent one batch after the other, whatever the number: the output is the same.
            concurrent=request.get("MaxConcurrentTransforms") or 1,
            megabytes=request.get("MaxPayloadInMB", 6),
            strategy=request.get("BatchStrategy", "MultiRecord"),
            split_type=given.get("SplitType", "None"),
            assemble_lines=wanted.get("AssembleWith", "None") == "Line",
            compressed=given.get("CompressionType", "None") == "Gzip",
            content_type=given.get("ContentType", ""),
            accept=wanted.get("Accept", ""),
            timeout=request.get("ModelClientConfig", {}).get("InvocationsTimeoutInSeconds", 600),
            input_filter=processing.get("InputFilter", "$"),
            output_filter=processing.get("OutputFilter", "$"),
            join=processing.get("JoinSource", "None") == "Input",
        )
        plan.check()
        return plan

    def check(self) -> None:
        if self.split_type not in ("None", "Line"):
            unsupported(f"SplitType {self.split_type}")
        if self.processes_data and (self.content_type != "text/csv" or self.split_type != "Line"):
            unsupported("DataProcessing of anything but text/csv with SplitType Line")
        try:
            records.column_filter(self.input_filter)
            records.column_filter(self.output_filter)
        except RecordError as error:
            unsupported(str(error))

    @property
    def processes_data(self) -> bool:
        return self.join or self.input_filter != "$" or self.output_filter != "$"

    @property
    def strategy_variable(self) -> str:
        return {"MultiRecord": "MULTI_RECORD", "SingleRecord": "SINGLE_RECORD"}[self.strategy]

    def sent(self, batch: list[bytes]) -> bytes:
        """What the model gets for a batch."""
        body = b"".join(batch)
        if self.input_filter == "$":
            return body
        keep = records.column_filter(self.input_filter)
        return records.csv_lines([keep(row) for row in records.rows(body)])

    def written(self, batch: list[bytes], answer: bytes) -> bytes:
        """What goes to the output for a batch and the model's answer to it."""
        if self.join or self.output_filter != "$":
            table = records.rows(answer)
            if self.join:
                table = records.joined(records.rows(b"".join(batch)), table)
            keep = records.column_filter(self.output_filter)
            answer = records.csv_lines([keep(row) for row in table]).removesuffix(b"\n")
        if self.assemble_lines and not answer.endswith(b"\n"):
            answer += b"\n"
        return answer


class Connection(http.client.HTTPConnection):
    """To a program's own loopback, wherever that is."""

    def __init__(self, program: Program, port: int) -> None:
        super().__init__("127.0.0.1", port)
        self._program = program

    def connect(self) -> None:
        self.sock = self._program.connect(self.port, self.timeout or 0)


class Server:
    """The model's program, as an HTTP client sees it."""

    def __init__(self, job: Job, program: Program, port: int) -> None:
        self._job = job
        self._program = program
        self._connection = Connection(program, port)

    def wait_for_ping(self) -> None:
        deadline = time.monotonic() + PING_DEADLINE
        while time.monotonic() < deadline:
            if self._program.ended.is_set():
                raise JobFailed(ALGORITHM_ERROR, self._last_result().exit_code)
            try:
                if self._ask("GET", "/ping", b"", {}, 2.0)[0] == http.HTTPStatus.OK:
                    return
            except OSError:
                pass  # not listening yet
            self._program.ended.wait(0.01)
        raise JobFailed(NO_PING)

    def invoke(self, body: bytes, plan: Plan) -> tuple[int, bytes]:
        headers = {"Content-Type": plan.content_type, "Accept": plan.accept}
        try:
            return self._ask(
                "POST", "/invocations", body, {k: v for k, v in headers.items() if v}, plan.timeout
            )
        except OSError as error:
            if self._program.ended.wait(0.5):
                raise JobFailed(ALGORITHM_ERROR, self._last_result().exit_code) from error
            raise JobFailed(ALGORITHM_ERROR) from error

    def _ask(
        self, method: str, path: str, body: bytes, headers: dict[str, str], timeout: float
    ) -> tuple[int, bytes]:
        if self._job.stop.is_set():
            raise JobStopped
        self._connection.timeout = timeout
        if self._connection.sock is not None:
            self._connection.sock.settimeout(timeout)
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as error:
            self._connection.close()
            raise OSError(f"not an HTTP answer: {error!r}") from error
        except OSError:
            self._connection.close()
            raise

    def _last_result(self) -> ContainerResult:
        """How the program ended; JobStopped when it was asked to."""
        return self._program.result()

    def end(self) -> None:
        self._connection.close()
        self._program.end()


def _model_container(model: Json) -> Json:
    containers = model.get("Containers") or [model["PrimaryContainer"]]
    if len(containers) > 1:
        unsupported("inference pipelines (a model with several containers)")
    container: Json = containers[0]
    if "Image" not in container:
        unsupported("a model without an Image of its own")
    return container


def _download_model(job: Job, container: Json) -> None:
    folder = job.folder("/opt/ml/model")
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    uri = container.get("ModelDataUrl") or source.get("S3Uri")
    if not uri:
        return
    try:
        if source.get("CompressionType", "Gzip") == "None":
            job.data.download(uri, folder)
            return
        archive = job.root / "model.tar.gz"
        archive.write_bytes(job.data.read(Location.of(uri)))
        unpack(archive, folder)
        archive.unlink()
    except DataError as error:
        # The sentence is the one endpoints fail with; the cause behind it is ours.
        raise JobFailed(
            f'ClientError: Failed to download model data for container "container_1" from URL: "{uri}". '
            "Please ensure that there is an object located at the URL and that the role passed to "
            f"CreateModel has permissions to download the object. {error}"
        ) from error


def _start(job: Job, container: Json, plan: Plan, port: int) -> Program:
    batch = {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_BATCH_STRATEGY": plan.strategy_variable,
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(plan.megabytes),
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": str(plan.concurrent),
        # Port 8080, but for processes, which share the machine's network.
        "SAGEMAKER_BIND_TO_HOST": "127.0.0.1",
        "SAGEMAKER_BIND_TO_PORT": str(port),
    }
    model, own = container.get("Environment", {}), job.spec.request.get("Environment", {})
    return job.start(container["Image"], "serve", job.environment(model, own, batch))


def _transform(job: Job, server: Server, plan: Plan, item: S3Object) -> None:
    """One object: batch by batch to the model, the answers put together as `<name>.out`."""
    try:
        body = job.data.read(item.location)
        if plan.compressed:
            body = gzip.decompress(body)
        output = b"".join(
            plan.written(batch, _answer(job, server, plan, item, plan.sent(batch)))
            for batch in records.batches(records.split(body, plan.split_type), plan.strategy, plan.megabytes)
        )
        wanted = job.spec.request["TransformOutput"]
        target = Location.of(wanted["S3OutputPath"]).below(f"{item.relative}.out")
        job.data.put(output, target, wanted.get("KmsKeyId", ""))
    except (DataError, RecordError, gzip.BadGzipFile, UnicodeDecodeError, IndexError) as error:
        _log(job, f"{item.location.bucket}/{item.location.key}: ClientError: {error}")
        raise JobFailed(CLIENT_ERROR) from error


def _answer(job: Job, server: Server, plan: Plan, item: S3Object, body: bytes) -> bytes:
    status, answer = server.invoke(body, plan)
    if status == http.HTTPStatus.OK:
        return answer
    refused = status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    said = f"ClientError: {status}" if refused else f"Bad HTTP status received from algorithm: {status}"
    # As in aws/amazon-sagemaker-examples#1620 and aws/sagemaker-tensorflow-serving-container#93.
    for line in (said, "", "Message:", *answer.decode("utf-8", "replace").splitlines()):
        _log(job, f"{item.location.bucket}/{item.location.key}: {line}")
    raise JobFailed(CLIENT_ERROR if refused else ALGORITHM_ERROR)


def _log(job: Job, line: str) -> None:
    stamp = job.workshop.clock.now().isoformat(timespec="milliseconds").removesuffix("+00:00")
    job.log(f"{stamp}:[sagemaker logs]: {line}")
