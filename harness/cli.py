"""The command line. Every command is short: it starts, asks or tells; what it does is elsewhere."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from datetime import datetime, timedelta
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fake_accounts.accounts import load_accounts
from harness import stack as stacks
from harness.model import HarnessError, Json

app = typer.Typer(
    help="An AWS for SageMaker MLOps on one machine: three stand-in accounts, pipelines that really run.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON object (or one a line) for a program to read.")
]


Port = Annotated[int, typer.Option(help="The gateway's port on 127.0.0.1; 0 takes a free one.")]
Infra = Annotated[
    bool,
    typer.Option(
        "--infra/--no-infra",
        help="Apply infra/ with Terraform, or leave the accounts with administrators only.",
    ),
]


@app.command()
def up(port: Port = stacks.DEFAULT_PORT, infra: Infra = True) -> None:
    """Start the stand-in accounts and keep them until Ctrl-C or `harness down`."""
    running = stacks.found()
    if running:
        raise HarnessError(f"a harness is up already at {running.endpoint}; end it with `harness down`")
    with stacks.started(port) as stack:
        stacks.announce(stack)
        try:
            if infra:
                stacks.terraform(stack, "apply", lambda line: out.print(f"  {line}"))
            out.print(f"The accounts are up at {stack.endpoint}. From another shell:")
            for account in load_accounts().values():
                out.print(f'  eval "$(harness env {account.name})"' + f"    # {account.name}, {account.id}")
            out.print("End with Ctrl-C or `harness down`.")
            _until_it_ends(stack.pid)
        finally:
            stacks.withdraw()


def _until_it_ends(pid: int) -> None:
    while True:
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
        except ChildProcessError:
            return
        time.sleep(0.2)


@app.command()
def down() -> None:
    """End the harness that `harness up` keeps running; nothing of it is left."""
    stack = stacks.required()
    stacks.end(stack)
    out.print(f"{stack.endpoint} is down; nothing is left.")


@app.command()
def env(account: Annotated[str, typer.Argument(help="dev, prod, registry or tooling.")]) -> None:
    """Print the exports that point AWS CLI, SDKs and Terraform at an account: eval "$(harness env dev)"."""
    chosen = _account(account)
    stack = stacks.required()
    variables = {
        **stack.environment(),
        "AWS_ACCESS_KEY_ID": chosen.access_key_id,
        "AWS_SECRET_ACCESS_KEY": chosen.secret_access_key,
    }
    print("unset AWS_PROFILE AWS_SESSION_TOKEN")
    for name, value in variables.items():
        print(f"export {name}={value}")
    names = ", ".join(load_accounts())
    print(f"# The profiles {names} reach every account: aws --profile {chosen.name} s3 ls")


def _account(name: str) -> Any:
    accounts = load_accounts()
    if name not in accounts:
        raise HarnessError(f"there is no account {name!r}; there are: {', '.join(accounts)}")
    return accounts[name]


@app.command()
def scenario(
    name: Annotated[str, typer.Argument(help="Which one; `list` shows them.")],
    as_json: AsJson = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the accounts up afterwards, to look around.")
    ] = False,
) -> None:
    """Run a scenario: against the harness that is up, or one of its own that is gone afterwards."""
    from harness import scenario as telling

    if name == "list":
        for known in telling.names():
            out.print(f"{known.replace('_', '-'):<14} {telling.title(known)}")
        return
    from harness.running import run_scenario

    raise typer.Exit(run_scenario(name, as_json=as_json, keep=keep))


@app.command()
def executions(
    account: Annotated[str, typer.Option(help="Only this account's.")] = "", as_json: AsJson = False
) -> None:
    """List pipeline executions, the newest first, with their failed step."""
    rows = []
    for name in [_account(account).name] if account else ["dev", "prod"]:
        sagemaker = _session(name).client("sagemaker")
        for pipeline in sagemaker.list_pipelines()["PipelineSummaries"]:
            found = sagemaker.list_pipeline_executions(PipelineName=pipeline["PipelineName"])
            rows += [_execution_row(sagemaker, name, e) for e in found["PipelineExecutionSummaries"]]
    rows.sort(key=lambda r: r["started"], reverse=True)
    _table(rows, as_json)


def _execution_row(sagemaker: Any, account: str, summary: Json) -> Json:
    arn = summary["PipelineExecutionArn"]
    steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    failed = next((s for s in steps if s["StepStatus"] == "Failed"), None)
    return {
        "account": account,
        "pipeline": arn.rsplit("/", 3)[-3],
        "execution": arn.rsplit("/", 1)[-1],
        "started": f"{summary['StartTime']:%Y-%m-%d %H:%M:%S}",
        "status": summary["PipelineExecutionStatus"],
        "failed_step": f"{failed['StepName']}: {failed.get('FailureReason', '')}" if failed else "",
    }


@app.command()
def logs(
    name: Annotated[
        str, typer.Argument(help="A job, a function, an execution's id, or a part of one's name.")
    ],
    account: Annotated[str, typer.Option(help="Only this account's.")] = "",
) -> None:
    """Print what jobs and functions logged to CloudWatch Logs."""
    found = 0
    for chosen in [_account(account).name] if account else list(load_accounts()):
        client = _session(chosen).client("logs")
        for group in client.describe_log_groups()["logGroups"]:
            for stream in client.describe_log_streams(logGroupName=group["logGroupName"])["logStreams"]:
                where = f"{group['logGroupName']}/{stream['logStreamName']}"
                if name not in where:
                    continue
                found += 1
                out.print(Text(f"{chosen} {where}", style="bold"))
                events = client.get_log_events(
                    logGroupName=group["logGroupName"],
                    logStreamName=stream["logStreamName"],
                    startFromHead=True,
                )
                for event in events["events"]:
                    out.print(Text(f"  {event['message']}"))
    if not found:
        raise HarnessError(f"nothing has logged under a name with {name!r} in it")


@app.command()
def approve(
    version: Annotated[str, typer.Argument(help="The version's number, or its ARN.")],
    group: Annotated[str, typer.Option(help="The model package group; needed where there are several.")] = "",
    reject: Annotated[bool, typer.Option("--reject", help="Reject it instead.")] = False,
    account: Annotated[str, typer.Option(help="The account with the registry.")] = "registry",
) -> None:
    """Approve a model version in the registry, or reject it."""
    sagemaker = _session(_account(account).name).client("sagemaker")
    arn = version if version.startswith("arn:") else _version_arn(sagemaker, group, version)
    status = "Rejected" if reject else "Approved"
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status)
    out.print(f"{arn} is {status}")


def _version_arn(sagemaker: Any, group: str, version: str) -> str:
    groups = [
        g["ModelPackageGroupName"]
        for g in sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
    ]
    if not group and len(groups) != 1:
        raise HarnessError(
            f"name the model package group with --group; there are: {', '.join(groups) or 'none'}"
        )
    packages = sagemaker.list_model_packages(ModelPackageGroupName=group or groups[0])[
        "ModelPackageSummaryList"
    ]
    for package in packages:
        if str(package["ModelPackageVersion"]) == version:
            return str(package["ModelPackageArn"])
    known = ", ".join(str(p["ModelPackageVersion"]) for p in packages) or "none"
    raise HarnessError(f"{group or groups[0]} has no version {version}; it has: {known}")


@app.command()
def clock(
    to: Annotated[
        str, typer.Argument(help="+2h, +1d, 23:00, or 2026-11-22T23:00:00Z; nothing tells the time.")
    ] = "",
) -> None:
    """Tell the virtual time, or move it on: every schedule on the way fires and runs."""
    client = stacks.required().client
    now = client.now()
    if to:
        running = client.advance_to(moment(to, now))
        if running:
            raise HarnessError(f"the clock waits: {', '.join(running)} still runs")
    out.print(f"{client.now():%Y-%m-%d %H:%M:%S} UTC")


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def moment(text: str, now: datetime) -> datetime:
    """The time that `text` means, seen from `now`. Raises HarnessError."""
    ahead = re.fullmatch(r"\+(\d+)([smhd])", text)
    if ahead:
        return now + timedelta(**{_UNITS[ahead[2]]: int(ahead[1])})
    of_day = re.fullmatch(r"(\d{1,2}):(\d{2})", text)
    try:
        if of_day:
            then = now.replace(hour=int(of_day[1]), minute=int(of_day[2]), second=0, microsecond=0)
            return then if then > now else then + timedelta(days=1)
        then = datetime.fromisoformat(text)
        return then if then.tzinfo else then.replace(tzinfo=now.tzinfo)
    except ValueError as error:
        raise HarnessError(f"{text!r} is no time; write +2h, +1d, 23:00 or 2026-11-22T23:00:00Z") from error


def _session(account: str) -> Any:
    """A boto3 session of a stand-in account. Only the harness's own settings are in force."""
    environment = stacks.scrubbed(stacks.required().environment())
    os.environ.clear()
    os.environ.update(environment)
    import boto3

    return boto3.Session(profile_name=account)


def _table(rows: list[Json], as_json: bool) -> None:
    if as_json:
        print(json.dumps(rows))
        return
    if not rows:
        out.print("none yet")
        return
    table = Table(box=None, pad_edge=False)
    for name in rows[0]:
        table.add_column(name.replace("_", " "))
    for row in rows:
        table.add_row(*(Text(str(v), style="red" if v == "Failed" else "") for v in row.values()))
    out.print(table)


def main() -> NoReturn:
    """A user's mistake is one line and exit status 1; Ctrl-C is 130; neither shows a traceback."""
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    try:
        app(standalone_mode=False)
        code = 0
    except HarnessError as error:
        err.print(Text(f"error: {error}", style="red"))
        code = 1
    except typer.Exit as error:
        code = error.exit_code
    except KeyboardInterrupt:
        err.print("interrupted; everything that was started has been ended")
        code = 130
    except Exception as error:  # noqa: BLE001 - Click's errors have no public common base
        code = _usage(error)
    sys.exit(code)


def _usage(error: Exception) -> int:
    """Click's own complaints about arguments say what is wrong; anything else is a fault of ours and is raised."""
    show = getattr(error, "show", None)
    if show is None:
        raise error
    show()
    return int(getattr(error, "exit_code", 2))


if __name__ == "__main__":
    main()
