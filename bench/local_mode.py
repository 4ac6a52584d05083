"""The three jobs as a pipeline in plain SageMaker local mode; nothing of the harness is in here.

`python -m bench.local_mode BUCKET SCIKIT_LEARN_IMAGE XGBOOST_IMAGE HYPERPARAMETERS` (as JSON) says `ready`, and then
runs the pipeline for each line that it reads; a line of JSON answers: what went wrong, or null. S3 is where the
environment has it, temporary files are in TMPDIR: local mode leaves most of them there, and its containers.
"""

from __future__ import annotations

import io
import json
import logging
import sys
import warnings
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Any

from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.local.image import _SageMakerContainer
from sagemaker.processing import ProcessingInput, ProcessingOutput, ScriptProcessor
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.pipeline_context import LocalPipelineSession
from sagemaker.workflow.steps import ProcessingStep, TrainingStep

_ROLE = "arn:aws:iam::111122223333:role/bench"
_LAST_CHARACTERS = 2000


def main(bucket: str, scikit_learn: str, xgboost: str, hyperparameters: str) -> None:
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    made = pipeline(f"s3://{bucket}", scikit_learn, xgboost, json.loads(hyperparameters))
    made.create(_ROLE)
    # Raises ImportError where Docker Compose is not installed.
    _SageMakerContainer._get_compose_cmd_prefix()  # type: ignore[no-untyped-call]
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps(failure_of(made)), flush=True)


def failure_of(made: Pipeline) -> str | None:
    """Runs it to its end. The containers' lines, which local mode prints, are told where it fails."""
    with redirect_stdout(io.StringIO()) as said:
        told = made.start().describe()
    if told["PipelineExecutionStatus"] == "Succeeded":
        return None
    return f"{told.get('FailureReason')}\n{said.getvalue()[-_LAST_CHARACTERS:]}"


def pipeline(base: str, scikit_learn: str, xgboost: str, hyperparameters: Mapping[str, Any]) -> Pipeline:
    session = LocalPipelineSession(default_bucket=base.removeprefix("s3://"))  # type: ignore[no-untyped-call]
    local: dict[str, Any] = {
        "role": _ROLE, "instance_type": "local", "instance_count": 1, "sagemaker_session": session
    }  # fmt: skip
    preprocessing = ProcessingStep(
        name="PreProcessing",
        step_args=ScriptProcessor(image_uri=scikit_learn, command=["python3"], **local).run(
            code=f"{base}/code/preprocess/preprocess.py",
            inputs=[_input("", f"{base}/data/")],
            outputs=[_output(part, base) for part in ("train", "validation", "test", "baseline")],
        ),
    )
    made = preprocessing.properties.ProcessingOutputConfig.Outputs
    estimator = Estimator(
        xgboost, output_path=f"{base}/models", hyperparameters=dict(hyperparameters), **local
    )
    channels = {
        part: TrainingInput(made[part].S3Output.S3Uri, content_type="text/csv")
        for part in ("train", "validation")
    }
    training = TrainingStep(name="Train", step_args=estimator.fit(channels))
    evaluation = ProcessingStep(
        name="Eval",
        step_args=ScriptProcessor(image_uri=xgboost, command=["python3"], **local).run(
            code=f"{base}/code/evaluate/evaluate.py",
            inputs=[
                _input("model", training.properties.ModelArtifacts.S3ModelArtifacts),
                _input("test", made["test"].S3Output.S3Uri),
            ],
            outputs=[_output("evaluation", base)],
        ),
    )
    return Pipeline("bench", steps=[preprocessing, training, evaluation], sagemaker_session=session)


def _input(name: str, source: Any) -> ProcessingInput:
    """`name`: of the folder; none for the folder of all inputs."""
    return ProcessingInput(source, f"/opt/ml/processing/{name or 'input'}", input_name=name or "input")


def _output(name: str, base: str) -> ProcessingOutput:
    return ProcessingOutput(f"/opt/ml/processing/{name}", f"{base}/out/{name}", output_name=name)


if __name__ == "__main__":
    main(*sys.argv[1:])
