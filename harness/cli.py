"""The command line. Every command is short: it starts, asks or tells; what it does is elsewhere."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fake_accounts.accounts import Account, load_accounts, load_profiles
from harness import finding
from harness import stack as stacks
from harness.clock import next_time_of_day
from harness.deploy.cli import app as deployment
from harness.images_cli import app as images
from harness.model import Engines, HarnessError, Json

if TYPE_CHECKING:
    from harness.usage import Statement

app = typer.Typer(
    help="""An AWS for SageMaker MLOps on one machine: stand-in accounts, pipelines that really run.

    Begin with `harness scenario outliers`, which shows everything and leaves nothing. Or keep the accounts up:
    `harness up`, and in another shell `eval "$(harness env dev)"`; AWS CLI, boto3, the SageMaker SDK and Terraform
    now work on them, and never on AWS.""",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(deployment)
app.add_typer(images)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

INTERRUPTED = 130

AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON object (or one a line) for a program to read.")
]


Port = Annotated[
    int, typer.Option(min=0, max=65535, help="The gateway's port on 127.0.0.1; 0 takes a free one.")
]
Host = Annotated[
    Literal["127.0.0.1", "0.0.0.0"],
    typer.Option(
        "--host",
        help="Where to listen. 0.0.0.0 is for a container whose port is published on 127.0.0.1 only: whoever reaches "
        "the accounts may run jobs.",
    ),
]
Infra = Annotated[
    bool,
    typer.Option(
        "--infra/--no-infra",
        help="Apply infra/ with Terraform, or leave the accounts with administrators only.",
    ),
]


Iam = Annotated[
    Literal["enforce", "audit", "off"],
    typer.Option(
        "--iam", help="Refuse calls as AWS would, only tell what would be refused, or decide nothing."
    ),
]


Runner = Annotated[
    Literal["process", "docker"],
    typer.Option("--runner", help="Run jobs and functions as processes, or in Docker's containers."),
]
Images = Annotated[
    Literal["stand-ins", "aws"],
    typer.Option("--images", help="Which images --runner docker runs: ours (`make images`), or AWS's own."),
]
Backend = Annotated[
    str,
    typer.Option(
        "--backend", help="Who keeps S3, KMS, SNS, SQS, logs: moto, moto-server[=URL] or localstack[=URL]."
    ),
]


CatalogueFile = Annotated[
    Path | None,
    typer.Option("--catalogue", help="A catalogue of your own images; see images/catalogue.toml."),
]


def _engines(runner: str, images: str, backend: str, catalogue: Path | None) -> Engines:
    if images == "aws" and runner != "docker":
        raise HarnessError("AWS's images want Docker: say --runner docker (make: RUNNER=docker), too")
    return Engines(runner, images, backend, str(catalogue.resolve()) if catalogue else "")


@app.command()
def up(
    port: Port = stacks.DEFAULT_PORT,
    infra: Infra = True,
    iam: Iam = "enforce",
    runner: Runner = "process",
    images: Images = "stand-ins",
    backend: Backend = "moto",
    catalogue: CatalogueFile = None,
    host: Host = "127.0.0.1",
) -> None:
    """Start the stand-in accounts. They stay until Ctrl-C or `harness down`."""
    running = finding.found()
    if running:
        raise HarnessError(f"a harness is up already at {running.endpoint}; end it with `harness down`")
    engines = _engines(runner, images, backend, catalogue)
    with stacks.started(port, iam=iam, engines=engines, host=host) as stack, finding.announced(stack):
        if infra:
            with stack.client.claimed("harness up"):
                stacks.terraform(stack, "apply", lambda line: out.print(f"  {line}"))
        stack.client.status()  # answers once all is up
        mode = "" if iam == "enforce" else f", with --iam {iam}"
        out.print(f"The accounts are up at {stack.endpoint}{mode}. From another shell:")
        for account in load_accounts().values():
            out.print(f'  eval "$(harness env {account.name})"' + f"    # {account.name}, {account.id}")
        out.print("End with Ctrl-C or `harness down`.")
        finding.stay(stack)


@app.command()
def down() -> None:
    """End the harness that is up; nothing of it is left."""
    stack = finding.required()
    finding.end(stack)
    out.print(f"{stack.endpoint} is down; nothing is left.")


@app.command()
def env(account: Annotated[str, typer.Argument(help="dev, prod, registry or tooling, or its id.")]) -> None:
    """Print the exports that point a shell at an account.

    Type eval "$(harness env dev)", and AWS CLI, SDKs and Terraform work on dev.
    """
    chosen = _account(account)
    stack = finding.required()
    variables = {
        **stack.environment(),
        "AWS_ACCESS_KEY_ID": chosen.access_key_id,
        "AWS_SECRET_ACCESS_KEY": chosen.secret_access_key,
    }
    # Any of them could lead past the harness, AWS_ENDPOINT_URL_S3 or AWS_IGNORE_CONFIGURED_ENDPOINT_URLS for one.
    others = {name for name in os.environ if name.startswith("AWS_")} - variables.keys()
    print("unset", *sorted(others | {"AWS_PROFILE", "AWS_SESSION_TOKEN"}))
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    names = ", ".join((*load_accounts(), *load_profiles()))
    print(f"# The profiles {names} reach every account: aws --profile {chosen.name} s3 ls")


def _account(name: str) -> Account:
    """By its name or its id."""
    accounts = load_accounts()
    found = next((account for account in accounts.values() if name in (account.name, account.id)), None)
    if found is None:
        raise HarnessError(f"there is no account {name!r}; there are: {', '.join(accounts)}")
    return found


@app.command()
def scenario(
    name: Annotated[str, typer.Argument(help="Which one (`list` shows them), or a file of your own.")],
    as_json: AsJson = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the accounts up afterwards, to look around.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write a page of what happened to this file.")
    ] = None,
    iam: Iam = "enforce",
    without: Annotated[
        list[str] | None,
        typer.Option(
            "--without", help="Treat a policy, or a statement of it (POLICY#SID), as if it were not there."
        ),
    ] = None,
    runner: Runner = "process",
    images: Images = "stand-ins",
    backend: Backend = "moto",
    catalogue: CatalogueFile = None,
) -> None:
    """Run a scenario and tell what happens.

    It runs on the harness that is up, or on one of its own, which is gone afterwards. The exit status is 1 where an
    expectation failed.
    """
    from harness import scenario as telling

    if name == "list":
        for known in telling.names():
            out.print(f"{known:<14} {telling.title(known)}")
        return
    from harness.running import run_scenario

    status = run_scenario(
        name,
        as_json=as_json,
        keep=keep,
        report=report,
        iam=iam,
        without=without or (),
        engines=_engines(runner, images, backend, catalogue),
    )
    raise typer.Exit(status)


@app.command()
def report(
    file: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("report.html"),
) -> None:
    """Write a page of all that has happened so far.

    It tells of the runs, events, mails and refused calls of the harness that is up.
    """
    from harness.running import write_report

    write_report(file, finding.required(), title="A running harness", checked=False)
    out.print(f"report: {file}")


@app.command()
def executions(
    account: Annotated[str, typer.Option(help="Only this account's; its name or id.")] = "",
    as_json: AsJson = False,
) -> None:
    """List pipeline executions, the newest first."""
    rows = []
    for name in _accounts(account):
        sagemaker = _session(name).client("sagemaker")
        for pipeline in _all(sagemaker, "list_pipelines", "PipelineSummaries"):
            found = _all(
                sagemaker,
                "list_pipeline_executions",
                "PipelineExecutionSummaries",
                PipelineName=pipeline["PipelineName"],
            )
            rows += [_execution_row(sagemaker, name, e) for e in found]
    rows.sort(key=lambda r: r["started"], reverse=True)
    _table(rows, as_json)


def _execution_row(sagemaker: Any, account: str, summary: Json) -> Json:
    arn = summary["PipelineExecutionArn"]
    steps = _all(
        sagemaker, "list_pipeline_execution_steps", "PipelineExecutionSteps", PipelineExecutionArn=arn
    )
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
    account: Annotated[str, typer.Option(help="Only this account's; its name or id.")] = "",
) -> None:
    """Print what jobs and functions logged."""
    found = 0
    for chosen in _accounts(account):
        client = _session(chosen).client("logs")
        for group in _all(client, "describe_log_groups", "logGroups"):
            where = {"logGroupName": group["logGroupName"]}
            for stream in _all(client, "describe_log_streams", "logStreams", **where):
                title = f"{group['logGroupName']}/{stream['logStreamName']}"
                if name in title:
                    found += 1
                    out.print(Text(f"{chosen} {title}", style="bold"))
                    for line in _lines(client, **where, logStreamName=stream["logStreamName"]):
                        out.print(Text(f"  {line}"))
    if not found:
        raise HarnessError(f"nothing has logged under a name with {name!r} in it")


def _lines(client: Any, **where: str) -> Iterator[str]:
    """A log stream's messages. Its last page is the one that is followed by itself."""
    page = client.get_log_events(**where, startFromHead=True)
    token = ""
    while page["nextForwardToken"] != token:
        yield from (event["message"] for event in page["events"])
        token = page["nextForwardToken"]
        page = client.get_log_events(**where, startFromHead=True, nextToken=token)


@app.command()
def denials(
    account: Annotated[str, typer.Option(help="Only this account's callers; its name or id.")] = "",
    as_json: AsJson = False,
) -> None:
    """List denied calls, why they were, and what would allow them.

    With `--iam audit`, those that would have been denied.
    """
    from harness.access.denial import distinct
    from harness.explanation import denials as lessons

    only = _account(account).id if account else ""
    client = finding.required().client
    calls = [r for r in client.journal(0, "call") if only in ("", r["account"])]
    if as_json:
        told = distinct(calls)
        rows = [{"times": n, "first": r["time"], "decision": r["decision"], **r["denial"]} for r, n in told]
        print(json.dumps(rows))
        return
    _tell(list(lessons(calls)) or [_OFF if client.status()["iam"] == "off" else "none yet"])


_OFF = "the harness that is up runs with --iam off: no call is decided on, so nothing is denied and no policy used"


def _tell(lines: Iterable[str]) -> None:
    """Headings, and indented what is under them."""
    for line in lines:
        out.print(Text(line, style="" if line.startswith(" ") else "bold"))


@app.command()
def policies(
    role: Annotated[str, typer.Argument(help="Only this role: its name, or `444455556666 role/name`.")] = "",
    scenario: Annotated[
        str, typer.Option("--scenario", help="Of a run of this scenario, instead of the harness that is up.")
    ] = "",
    write: Annotated[
        Path | None,
        typer.Option("--write", help="Write each role's least-privilege policy into this folder."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell which statements were used, and what each role needs.

    The least-privilege policies grant what a run used and nothing else; names that differ from run to run are `*`.
    """
    from harness import usage as uses

    found = uses.usage(_records(scenario))
    roles = [name for name in found.roles if role in ("", name, name.rsplit("/", 1)[-1])]
    if role and not roles:
        raise HarnessError(f"there is no role {role!r}; there are: {', '.join(found.roles) or 'none'}")
    wanted = {name: uses.least_privilege(u for u in found.uses if u.who == name) for name in roles}
    shown = [s for s in found.statements if not role or s.holder in roles]
    if as_json:
        print(json.dumps({"statements": [s.row() for s in shown], "least_privilege": wanted}))
    elif not scenario and finding.required().client.status()["iam"] == "off":
        _tell([_OFF])
    else:
        _show(shown)
        for name in roles if role else []:
            needs = json.dumps(wanted[name], indent=2) if wanted[name]["Statement"] else "it used nothing"
            out.print(f"\nleast privilege for {name}:\n{needs}")
    if write:
        for name, document in wanted.items():
            if not document["Statement"]:
                continue  # it used nothing, and needs no policy
            _write(write / f"{name.replace(' role/', '-')}.json", json.dumps(document, indent=2) + "\n")


def _show(statements: list[Statement]) -> None:
    from harness import usage_lines

    if statements:
        out.print(Text(usage_lines.LEGEND, style="dim"))
    names = {account.id: account.name for account in load_accounts().values()}
    _tell(list(usage_lines.lines(statements, names)) or ["none yet"])


def _records(scenario: str) -> list[Json]:
    """Calls and policies: of a scenario's own run, or else of the harness that is up."""
    if not scenario:
        return finding.required().client.journal(0, "call", "policy")
    from harness.running import journal_of

    err.print(f"running scenario {scenario} ...", style="dim")
    return journal_of(scenario)


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    except OSError as error:
        raise HarnessError(f"{file} cannot be written: {error.strerror}") from error
    err.print(f"wrote {file}")


@app.command()
def ablate(
    scenario: Annotated[str, typer.Argument(help="Which scenario has to go through.")],
    as_json: AsJson = False,
    table: Annotated[
        Path | None, typer.Option("--markdown", help="Also write the table to this file.")
    ] = None,
) -> None:
    """Take each statement away in turn, and tell what breaks where.

    So every statement of the accounts' policies is proven needed by the scenario, or shown not to be. Those that no
    decision of the whole run depended on are not tried: they cannot change it.
    """
    from harness import ablation

    err.print(f"running scenario {scenario} with every statement ...", style="dim")
    trials = []
    for trial in ablation.ablate(scenario):
        trials.append(trial)
        if as_json:
            print(json.dumps(trial.row()), flush=True)
        else:
            out.print(Text(ablation.line(trial), style="red" if trial.outcome == "breaks" else ""))
    if table:
        names = {account.id: account.name for account in load_accounts().values()}
        _write(table, ablation.markdown(scenario, trials, names))


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
    listed = _all(sagemaker, "list_model_package_groups", "ModelPackageGroupSummaryList")
    groups = [g["ModelPackageGroupName"] for g in listed]
    if (group or len(groups) != 1) and group not in groups:
        known = ", ".join(groups) or "none"
        raise HarnessError(f"name the model package group with --group; there are: {known}")
    chosen = group or groups[0]
    packages = _all(sagemaker, "list_model_packages", "ModelPackageSummaryList", ModelPackageGroupName=chosen)
    arns = {str(p["ModelPackageVersion"]): str(p["ModelPackageArn"]) for p in packages}
    if version not in arns:
        raise HarnessError(
            f"{chosen} has no version {version}; it has: {', '.join(sorted(arns, key=int)) or 'none'}"
        )
    return arns[version]


@app.command()
def clock(
    to: Annotated[
        str, typer.Argument(help="+2h, +1d, 23:00, or 2026-11-22T23:00:00Z; nothing tells the time.")
    ] = "",
) -> None:
    """Tell the virtual time, or move it on.

    Every schedule on the way fires, and what it starts runs to its end before time goes on.
    """
    client = finding.required().client
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
    of_day = re.fullmatch(r"(\d{1,2}):(\d{2})", text)
    try:
        if ahead:
            return now + timedelta(**{_UNITS[ahead[2]]: int(ahead[1])})
        if of_day:
            return next_time_of_day(now, int(of_day[1]), int(of_day[2]))
        then = datetime.fromisoformat(text)
        return then if then.tzinfo else then.replace(tzinfo=now.tzinfo)
    except (ValueError, OverflowError) as error:
        raise HarnessError(f"{text!r} is no time; write +2h, +1d, 23:00 or 2026-11-22T23:00:00Z") from error


def _accounts(only: str) -> list[str]:
    return [_account(only).name] if only else list(load_accounts())


def _session(account: str) -> Any:
    """A boto3 session of a stand-in account. Only the harness's own settings are in force."""
    environment = stacks.scrubbed(finding.required().environment())
    os.environ.clear()
    os.environ.update(environment)
    from harness.scenario import boto_session

    return boto_session(profile=account)


def _all(client: Any, operation: str, key: str, **parameters: Any) -> list[Json]:
    """What all pages of a List operation have under `key`."""
    pages = client.get_paginator(operation).paginate(**parameters)
    return [item for page in pages for item in page[key]]


def _table(rows: list[Json], as_json: bool) -> None:
    if as_json:
        print(json.dumps(rows))
        return
    if not rows:
        out.print("none yet")
        return
    table = Table(box=None, pad_edge=False)
    for name in rows[0]:
        table.add_column(name.replace("_", " "), no_wrap=True)
    for row in rows:
        table.add_row(*(Text(str(v), style="red" if v == "Failed" else "") for v in row.values()))
    # A row stays one line, however narrow the terminal, for whoever greps.
    Console(highlight=False, width=10_000).print(table)


def main() -> NoReturn:
    """A user's mistake is one line and exit status 1; Ctrl-C is 130; neither shows a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:  # else nohup wants it ignored
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    try:
        # Typer answers what the command did, or the status that it asked for: 130 for Ctrl-C, too.
        code = int(app(standalone_mode=False) or 0)
    except Exception as error:  # noqa: BLE001 - told, or raised again
        code = _told(error)
    if code == INTERRUPTED:
        err.print("interrupted; what this command started has been ended")
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # nobody reads it any more
            stream.flush()
    os._exit(code)  # an orderly end of an interpreter with the SDK in it takes a second


def _told(error: Exception) -> int:
    """Tells of a mistake in one line; answers the exit status. A fault of ours is raised again."""
    show = getattr(error, "show", None)  # Click's own complaints about arguments have no public common base
    if show is not None:
        show()
        return int(getattr(error, "exit_code", 2))
    from botocore.exceptions import BotoCoreError, ClientError

    if not isinstance(error, (HarnessError, ClientError, BotoCoreError)):
        raise error
    err.print(Text(f"error: {error}", style="red"))
    return 1


if __name__ == "__main__":
    main()
