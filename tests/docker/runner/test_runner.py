"""Jobs and functions in containers: what their people would see of them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness.jobs.docker.tags import tag
from harness.jobs.images import BUILT_IN
from harness.model import Json
from harness.stack import Stack
from tests.docker.runner.work import Work
from tests.e2e.account import SCIKIT_LEARN

WITH_BOTO3 = tag(BUILT_IN.parent / "lambda_python")


@pytest.fixture(scope="module")
def model(dev: Work, own_image: str) -> Json:
    """A training job's description, of the user's own image."""
    return dev.train(own_image)


def command(*words: str, image: str = SCIKIT_LEARN) -> Json:
    return {"ImageUri": image, "ContainerEntrypoint": list(words)}


def shell(dev: Work, script: str, *arguments: str, **changes: Any) -> Json:
    application = command("sh", "-c", script) | ({"ContainerArguments": list(arguments)} if arguments else {})
    return dev.process(AppSpecification=application, **changes)


# How programs end


ENDS: dict[str, tuple[list[str], str]] = {
    "of its own accord": (["sh", "-c", "exit 3"], "3"),
    "by a signal": (["sh", "-c", "kill -9 $$"], "137"),
    "before it began": (["no-such-program"], "127"),
    "as no program": (["/etc/passwd"], "126"),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_job_whose_program_ends_badly_fails_with_its_exit_code(dev: Work, how: str) -> None:
    words, code = ENDS[how]
    told = dev.process(AppSpecification=command(*words))
    assert told["ProcessingJobStatus"] == "Failed"
    assert told["FailureReason"] == f"AlgorithmError: , exit code: {code}"


def test_what_could_not_be_started_is_in_the_log(dev: Work) -> None:
    told = dev.process(AppSpecification=command("no-such-program"))
    assert "exec no-such-program failed: No such file or directory" in dev.log(told["ProcessingJobName"])


def test_both_streams_are_in_the_log_line_by_line(dev: Work) -> None:
    told = shell(dev, "echo one; echo two >&2; printf 'three\\r\\n\\nf\\303\\274nf, and no newline'")
    assert told["ProcessingJobStatus"] == "Completed"
    lines = dev.log(told["ProcessingJobName"]).splitlines()
    assert sorted(lines) == ["fünf, and no newline", "one", "three", "two"]


def test_a_job_writes_its_log_while_it_runs(dev: Work) -> None:
    name = dev.create("import time; print('begun', flush=True); time.sleep(600)")
    dev.until_logged(name, "begun")
    dev.client("sagemaker").stop_processing_job(ProcessingJobName=name)
    assert dev.ended(name)["ProcessingJobStatus"] == "Stopped"


# What programs get


def test_arguments_and_variables_come_as_they_were_given(dev: Work) -> None:
    words = ["two words", "$HOME ${HOME} $$", 'it\'s "quoted"', "", "*", "--flag=yes", "ünï"]
    variables = {"COST": "$5 ${B} $$", "EMPTY": "", "YES": "yes", "NUMBER": "007", "TEXT": "a: b # c\n{d}"}
    script = f"import os, sys, json; print(json.dumps([sys.argv[1:], {{n: os.environ[n] for n in {list(variables)}}}]))"
    told = dev.run(script, *words, Environment=variables)
    assert told["ProcessingJobStatus"] == "Completed"
    assert json.loads(dev.log(told["ProcessingJobName"])) == [words, variables]


def test_inputs_are_there_and_outputs_are_uploaded(dev: Work) -> None:
    data = dev.put("runner/in/part.csv", "1,2\n")
    told = shell(
        dev,
        "cp /opt/ml/processing/in/part.csv /opt/ml/processing/out/; echo well > /opt/ml/output/message",
        ProcessingInputs=[dev.input(data, "in")],
        ProcessingOutputConfig=dev.output("out"),
    )
    assert told["ProcessingJobStatus"] == "Completed"
    assert told["ExitMessage"] == "well"
    where = told["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    assert dev.text(f"{where}/part.csv") == "1,2\n"


def test_a_job_calls_aws_as_its_role(dev: Work) -> None:
    script = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    told = dev.process(AppSpecification=command("python3", "-c", script, image=WITH_BOTO3))
    assert ":assumed-role/worker/" in dev.log(told["ProcessingJobName"])


# Time limits and stops

TRAP = "trap 'echo saved > /opt/ml/processing/out/part; exit 0' TERM; echo ready; sleep 600 & wait"
DEAF = "trap '' TERM; echo ready; while :; do sleep 0.1; done"


def continuous(dev: Work) -> Json:
    config = dev.output("out")
    config["Outputs"][0]["S3Output"]["S3UploadMode"] = "Continuous"
    return config


def saved(dev: Work, told: Json) -> str:
    return dev.text(told["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] + "/part")


@pytest.mark.parametrize("script", ["sleep 600", DEAF], ids=["SIGTERM", "SIGKILL"])
def test_a_job_that_is_out_of_time_is_stopped_by(dev: Work, script: str) -> None:
    began = time.monotonic()
    told = shell(dev, script, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert told["ProcessingJobStatus"] == "Stopped"
    assert time.monotonic() - began < 10


def test_a_training_job_that_is_out_of_time_says_so(dev: Work, own_image: str) -> None:
    told = dev.train(
        own_image,
        AlgorithmSpecification={
            "TrainingImage": own_image,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["sleep", "600"],
        },
        StoppingCondition={"MaxRuntimeInSeconds": 1},
    )
    assert (told["TrainingJobStatus"], told["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_a_job_that_is_out_of_time_may_save_its_files(dev: Work) -> None:
    limit = {"MaxRuntimeInSeconds": 1}
    told = shell(dev, TRAP, StoppingCondition=limit, ProcessingOutputConfig=continuous(dev))
    assert saved(dev, told) == "saved\n"


@pytest.mark.parametrize("script", [TRAP, DEAF], ids=["saves its files", "is deaf"])
def test_a_job_that_is_asked_to_stop_and(dev: Work, script: str) -> None:
    name = dev.create(
        "", AppSpecification=command("sh", "-c", script), ProcessingOutputConfig=continuous(dev)
    )
    dev.until_logged(name, "ready")
    dev.client("sagemaker").stop_processing_job(ProcessingJobName=name)
    told = dev.ended(name)
    assert told["ProcessingJobStatus"] == "Stopped"
    if script is TRAP:
        assert saved(dev, told) == "saved\n"


@pytest.mark.parametrize("after", [0.0, 0.3, 0.6])
def test_a_job_may_be_stopped_at_any_moment_of_its_start(dev: Work, after: float) -> None:
    name = dev.create("import time; time.sleep(600)")
    time.sleep(after)
    dev.client("sagemaker").stop_processing_job(ProcessingJobName=name)
    assert dev.ended(name)["ProcessingJobStatus"] == "Stopped"


# A user's own image


def test_an_image_of_ones_own_trains_serves_and_processes(dev: Work, own_image: str, model: Json) -> None:
    assert model["TrainingJobStatus"] == "Completed", model
    artifact = model["ModelArtifacts"]["S3ModelArtifacts"]
    told = dev.transform(own_image, artifact, "first\nsecond\n")
    assert told["TransformJobStatus"] == "Completed", told
    answers = dev.text(f"{told['TransformOutput']['S3OutputPath']}/part.csv.out")
    assert answers == "learned from 1,2\n first\nlearned from 1,2\n second\n"
    assert "asked for /ping" in dev.logged("/aws/sagemaker/TransformJobs", told["TransformJobName"])


def test_an_image_of_ones_own_processes_by_its_own_entrypoint_and_with_arguments(
    dev: Work, own_image: str
) -> None:
    told = dev.process(AppSpecification={"ImageUri": own_image, "ContainerArguments": ["a b", "$X"]})
    assert told["ProcessingJobStatus"] == "Completed"
    assert dev.log(told["ProcessingJobName"]) == "processing: ['a b', '$X']"


def test_code_that_an_image_has_in_opt_ml_code_stays_there(dev: Work, own_image: str) -> None:
    told = dev.process(AppSpecification=command("ls", "/opt/ml/code", image=own_image))
    assert dev.log(told["ProcessingJobName"]) == "program.py"


def test_models_serve_side_by_side_each_on_port_8080(dev: Work, own_image: str, model: Json) -> None:
    artifact = model["ModelArtifacts"]["S3ModelArtifacts"]

    def transform(row: str) -> str:
        told = dev.transform(own_image, artifact, f"{row}\n", THINK="1")
        return dev.text(f"{told['TransformOutput']['S3OutputPath']}/part.csv.out")

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(transform, "abc"))
    assert answers == [f"learned from 1,2\n {row}\n" for row in "abc"]


# Functions


def test_a_function_answers_and_logs(dev: Work) -> None:
    name = dev.function(
        """
import os
def handler(event, context):
    print("asked", event)
    here = os.path.dirname(__file__)
    return {"root": os.environ["LAMBDA_TASK_ROOT"], "here": here, "cwd": os.getcwd(), "own": os.environ["OWN"],
            "name": context.function_name, "left": context.get_remaining_time_in_millis() > 0}
""",
        Environment={"Variables": {"OWN": "cost $5"}},
    )
    answer, error = dev.invoke(name, {"what": "time"})
    assert error == ""
    assert answer == {
        "root": "/var/task", "here": "/var/task", "cwd": "/var/task", "own": "cost $5", "name": name, "left": True,
    }  # fmt: skip
    lines = dev.logged(f"/aws/lambda/{name}", "20").splitlines()
    assert [line.split()[0] for line in lines] == ["START", "asked", "END", "REPORT"]


FAILURES: dict[str, tuple[str, Callable[[Json], bool]]] = {
    "an exception": (
        "def handler(event, context): raise KeyError('x')",
        lambda told: (told["errorType"], told["errorMessage"]) == ("KeyError", "'x'"),
    ),
    "no such module": (
        "import nothing_of_the_kind",
        lambda told: told["errorType"] == "Runtime.ImportModuleError",
    ),
    "a process that ends": (
        "import os\ndef handler(event, context): os._exit(5)",
        lambda told: told["errorMessage"].endswith("Error: Runtime exited with error: exit status 5"),
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_function_fails_with(dev: Work, failure: str) -> None:
    source, as_on_aws = FAILURES[failure]
    answer, error = dev.invoke(dev.function(source))
    assert error == "Unhandled"
    assert as_on_aws(answer), answer


def test_a_function_that_takes_too_long_is_ended(dev: Work) -> None:
    slow = dev.function("import time\ndef handler(event, context): time.sleep(60)", Timeout=1)
    began = time.monotonic()
    answer, error = dev.invoke(slow)
    assert error == "Unhandled"
    assert answer["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert time.monotonic() - began < 10


# Files


LEAVES_FILES = (
    "cd /opt/ml/processing/out; mkdir -m 700 deep; echo mine > deep/part; chmod 600 deep/part; "
    "ln -s /etc/passwd deep/link"
)


def test_no_job_leaves_a_file(dev: Work, gateway: Stack) -> None:
    told = shell(dev, LEAVES_FILES, ProcessingOutputConfig=dev.output("out"))
    assert told["ProcessingJobStatus"] == "Completed"
    assert gateway.client.settle() == []
    assert os.listdir(gateway.folder / "jobs") == ["functions"]
    assert os.listdir(gateway.folder / "compose") == []
