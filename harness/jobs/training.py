"""Training jobs: channels from S3, `train`, the model and its output to S3."""

from __future__ import annotations

from harness.jobs.contract import (
    Job,
    JobFailed,
    JobStopped,
    Program,
    algorithm_error,
    exit_status,
    resource_config,
    single_instance,
    unsupported,
)
from harness.jobs.s3data import DataError, Location, pack
from harness.jobs.toolkit import toolkit_environment
from harness.model import JobResult, Json

CONFIG = "/opt/ml/input/config"
DAY = 86400.0  # MaxRuntimeInSeconds' default


def run_training(job: Job) -> JobResult:
    request = job.spec.request
    resources = request["ResourceConfig"]
    if "InstanceGroups" in resources:
        unsupported("InstanceGroups")
    single_instance(resources.get("InstanceCount", 1))
    if "CheckpointConfig" in request:
        unsupported("CheckpointConfig")
    channels = {channel["ChannelName"]: channel for channel in request.get("InputDataConfig", [])}
    input_config = {name: _input_config(channel, request) for name, channel in channels.items()}
    for name, channel in channels.items():
        _download(job, name, channel)
    hosts = resource_config(resources["InstanceType"])
    hyperparameters = {name: str(value) for name, value in request.get("HyperParameters", {}).items()}
    job.write_json(f"{CONFIG}/hyperparameters.json", hyperparameters)
    job.write_json(f"{CONFIG}/inputdataconfig.json", input_config)
    job.write_json(f"{CONFIG}/resourceconfig.json", hosts)
    for folder in ("model", "output/data", "code"):
        job.folder(f"/opt/ml/{folder}")
    environment = job.environment(
        toolkit_environment(hyperparameters, input_config, hosts),
        {"TRAINING_JOB_NAME": job.spec.name, "TRAINING_JOB_ARN": job.spec.arn},
        request.get("Environment", {}),
    )
    return _end(job, _start(job, request, environment))


def _start(job: Job, request: Json, environment: dict[str, str]) -> Program:
    algorithm = request["AlgorithmSpecification"]
    if "TrainingImage" not in algorithm:
        unsupported("an AlgorithmName in place of a TrainingImage")
    return job.start(
        algorithm["TrainingImage"],
        "train",
        environment,
        entrypoint=algorithm.get("ContainerEntrypoint", []),
        arguments=algorithm.get("ContainerArguments", []),
        timeout=request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", DAY),
    )


def _end(job: Job, program: Program) -> JobResult:
    """A program that is stopped, or out of time, may have saved a model when it got SIGTERM: AWS keeps it."""
    try:
        result = program.result()
    except JobStopped:
        return JobResult("Stopped", outputs=_upload(job))
    if result.timed_out:
        outputs = {**_upload(job), "SecondaryStatus": "MaxRuntimeExceeded"}
        return JobResult("Stopped", exit_code=exit_status(result.exit_code), outputs=outputs)
    if result.exit_code:
        explanation = job.read_text("/opt/ml/output/failure")
        raise JobFailed(algorithm_error(result.exit_code, explanation), exit_status(result.exit_code))
    return JobResult("Completed", outputs=_upload(job))


def _download(job: Job, name: str, channel: Json) -> None:
    mode = channel.get("InputMode") or job.spec.request["AlgorithmSpecification"]["TrainingInputMode"]
    if mode == "Pipe":
        unsupported(f"input mode Pipe (channel {name})")
    if channel.get("CompressionType", "None") != "None":
        unsupported(f"CompressionType {channel['CompressionType']} (channel {name})")
    if channel.get("RecordWrapperType", "None") != "None":
        unsupported(f"RecordWrapperType {channel['RecordWrapperType']} (channel {name})")
    source = channel["DataSource"].get("S3DataSource")
    if source is None or source["S3DataType"] not in ("S3Prefix", "ManifestFile"):
        unsupported(f"the data source of channel {name}: only S3Prefix and ManifestFile")
    try:
        job.data.download(source["S3Uri"], job.folder(f"/opt/ml/input/data/{name}"), source["S3DataType"])
    except DataError as error:
        raise JobFailed(f"ClientError: Data download failed:{error}") from error


def _input_config(channel: Json, request: Json) -> Json:
    config = {
        "TrainingInputMode": channel.get("InputMode")
        or request["AlgorithmSpecification"]["TrainingInputMode"],
        "S3DistributionType": channel["DataSource"]
        .get("S3DataSource", {})
        .get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
    }
    return {"ContentType": channel["ContentType"], **config} if "ContentType" in channel else config


def _upload(job: Job) -> Json:
    """model.tar.gz and output.tar.gz. AWS names the artifact in any case, yet writes none if empty."""
    config = job.spec.request["OutputDataConfig"]
    target = Location.of(config["S3OutputPath"]).below(f"{job.spec.name}/output")
    key = config.get("KmsKeyId", "")
    compressed = config.get("CompressionType", "GZIP") == "GZIP"
    try:
        for folder, name in (("model", "model"), ("output/data", "output")):
            _upload_folder(job, folder, target.below(name), key, compressed)
    except DataError as error:
        raise JobFailed(f"ClientError: Artifact upload failed:{error}") from error
    return {"S3ModelArtifacts": f"{target.below('model')}{'.tar.gz' if compressed else '/'}"}


def _upload_folder(job: Job, folder: str, target: Location, key: str, compressed: bool) -> None:
    content = job.root / folder
    if not any(content.iterdir()):
        return
    if not compressed:
        job.data.upload(content, str(target), key)
        return
    archive = job.root / f"{target.key.rsplit('/', 1)[-1]}.tar.gz"
    pack(content, archive)
    job.data.upload_file(archive, Location(target.bucket, f"{target.key}.tar.gz"), key)
