"""The notebook of the dev half, executed from top to bottom as a reader would, and what they see."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from harness.running import environment
from harness.stack import started, terraform
from tests.e2e.account import ROOT

NOTEBOOK = ROOT / "notebooks" / "dev.ipynb"


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotebookNode]:
    """The notebook with its outputs. Its kernel has the harness's environment, and infra/ is applied."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with started() as stack, environment(stack):
        os.environ |= {"MAMMOGRAPHY_OFFLINE": "1", **_places(tmp_path_factory.mktemp("jupyter"))}
        terraform(stack, "apply", lambda _: None)
        NotebookClient(
            notebook, timeout=120, resources={"metadata": {"path": str(NOTEBOOK.parent)}}
        ).execute()
        yield notebook


def test_what_is_committed_has_no_outputs() -> None:
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    assert {(cell.execution_count, len(cell.outputs)) for cell in cells} == {(None, 0)}


def test_nothing_in_it_is_of_the_harness_or_of_one_account() -> None:
    code = "\n".join(
        cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"
    )
    assert not re.search(r"harness|endpoint|127\.0\.0\.1|localhost|\d{12}", code)


def test_the_reader_sees_the_data_and_that_it_is_uploaded_and_deployed(read: NotebookNode) -> None:
    assert re.search(r"822 rows +mammo-train-dataset-part1\.csv", _output(read, "data.prepare"))
    assert _output(read, "data.upload").count("created   file") == 3
    deployed = _output(read, "deploy(dev")
    assert "created   pipeline  mammo-severity-train-pipeline" in deployed
    assert "created   function  mammo-severity-sagemaker-latest-approved-model" in deployed


def test_the_reader_sees_every_step_of_the_training_run_succeed(read: NotebookNode) -> None:
    steps = _output(read, "steps_run(execution)")
    assert re.findall(r"^(Mammo-[\w-]+) +(\w+)", steps, re.MULTILINE) == [
        ("Mammo-PreProcessing", "Succeeded"),
        ("Mammo-Train", "Succeeded"),
        ("Mammo-Eval", "Succeeded"),
        ("Mammo-CheckAUCScore", "Succeeded"),
        ("Mammo-DataQualityCheck", "Succeeded"),
        ("Mammo-RegisterModel-RegisterModel", "Succeeded"),
    ]


def test_the_reader_sees_an_auc_that_is_no_coins_toss(read: NotebookNode) -> None:
    found = re.search(r"AUC on the test split: (\d\.\d+)", _output(read, "AUC on the test split"))
    assert found
    assert 0.8 < float(found[1]) <= 1


def test_the_version_waits_for_approval_and_then_is_approved(read: NotebookNode) -> None:
    statuses = [re.findall("PendingManualApproval|Approved", text) for text in _outputs(read, "versions()")]
    assert statuses == [["PendingManualApproval"], ["Approved"]]


def test_the_reader_sees_a_probability_for_each_mass_of_the_batch(read: NotebookNode) -> None:
    assert re.match(r"48 predictions in s3://mammo-", _output(read, "predictions = "))
    table = _output(read, "ranked", "text/html")
    shares = [int(share) for share in re.findall(r">(\d+)%<", table)]
    assert len(shares) == 48
    assert shares == sorted(shares, reverse=True)
    assert 0 <= shares[-1] < 50 < shares[0] <= 100


def test_nothing_disturbs_the_reader_but_that_the_data_may_be_a_stand_in(read: NotebookNode) -> None:
    outputs = [output for cell in read.cells if cell.cell_type == "code" for output in cell.outputs]
    errors = "".join(output.text for output in outputs if output.get("name") == "stderr")
    assert all(line.startswith("!!!") for line in errors.splitlines())
    assert "INFO" not in "".join(output.text for output in outputs if output.get("name") == "stdout")


def _outputs(notebook: NotebookNode, source: str, mime: str = "text/plain") -> list[str]:
    """What the cells with this text in them show: what they print, and the value of their last line."""
    shown = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and source in cell.source:
            printed = [o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stdout"]
            values = [o.data[mime] for o in cell.outputs if o.output_type == "execute_result"]
            shown.append("\n".join([*printed, *values]))
    return shown


def _output(notebook: NotebookNode, source: str, mime: str = "text/plain") -> str:
    return _outputs(notebook, source, mime)[0]


def _places(folder: Path) -> dict[str, str]:
    """Jupyter and IPython leave their files there, not in the user's home."""
    return {name: str(folder) for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR")}
