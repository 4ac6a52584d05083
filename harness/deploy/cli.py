"""The commands that deploy: `harness deploy`, `destroy`, `terraform`, `publish-log`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from fake_accounts.accounts import Account
from harness import stack as stacks
from harness.model import HarnessError

if TYPE_CHECKING:
    import boto3

app = typer.Typer()
err = Console(stderr=True, highlight=False, soft_wrap=True)

TargetName = Annotated[
    Literal["aws", "local"],
    typer.Option("--target", help="AWS itself, or the harness that is up.", show_default=False),
]
Credentials = Annotated[
    Literal["profiles", "environment"],
    typer.Option(help="Whose: a profile for each account, or the environment's, as a CI server has them."),
]


def _not_left_empty(context: typer.Context, endpoint: str) -> str:
    """An empty variable in a script would mean AWS itself."""
    source = context.get_parameter_source("endpoint")
    if source and source.name == "COMMANDLINE" and not endpoint:
        raise typer.BadParameter("it is empty: leave it out where AWS itself is meant")
    return endpoint


Endpoint = Annotated[
    str,
    typer.Option(
        help="With --target aws: what stands for AWS instead of it, on this machine.",
        callback=_not_left_empty,
    ),
]
Stages = Annotated[list[str] | None, typer.Option("--stage", help="Only this stage; may be repeated.")]
Accounts = Annotated[list[str] | None, typer.Option("--account", help="Only this account; may be repeated.")]
Plan = Annotated[bool, typer.Option("--plan", help="Only tell what would change.")]
Confirm = Annotated[str, typer.Option(help="`prod`: yes, change real accounts.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line for a program to read.")]


@app.command()
def deploy(
    name: TargetName,
    plan: Plan = False,
    confirm: Confirm = "",
    to: Annotated[str, typer.Option(help="Deploy this repository as of a git ref: roll back.")] = "",
    stage: Stages = None,
    account: Accounts = None,
    credentials: Credentials = "profiles",
    endpoint: Endpoint = "",
    as_json: AsJson = False,
    markdown: Annotated[
        Path | None, typer.Option(help="Also write a page for a pull request to this file.")
    ] = None,
) -> None:
    """Bring the accounts to what this checkout says.

    Stage after stage, as infra/deployment.json lists them. The exit status is 1 where something stood in the way.
    Doing it again changes nothing.
    """
    _check_confirmed(name, plan, confirm, endpoint)
    from harness.deploy import flow
    from harness.deploy.checkout import checked_out
    from harness.deploy.target import target
    from harness.deploy.telling import Telling

    tell = Telling(as_json, plan)
    wanted = flow.Wanted(stage or (), account or ())
    with checked_out(stacks.ROOT, to) as checkout, target(name, checkout, credentials, endpoint) as where:
        well = flow.deploy(where, wanted, tell)
    tell.end(name, well)
    if markdown:
        tell.write(markdown)
    raise typer.Exit(0 if well else 1)


@app.command()
def destroy(
    name: TargetName,
    plan: Plan = False,
    stage: Stages = None,
    account: Accounts = None,
    credentials: Credentials = "profiles",
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Take back all that was deployed, and what is in buckets.

    On AWS it shows what that is, and asks.
    """
    from harness.deploy import flow
    from harness.deploy.target import target
    from harness.deploy.telling import Telling

    wanted = flow.Wanted(stage or (), account or ())
    with target(name, stacks.ROOT, credentials, endpoint) as where:
        if name == "aws" or plan:
            shown = Telling(as_json, plan=True, doing="destruction")
            well = flow.destroy(where, wanted, shown)
            shown.end(name, well)
            if plan or not well:
                raise typer.Exit(0 if well else 1)
            if not any(shown.counts.values()):
                return
            _ask()
        tell = Telling(as_json)
        well = flow.destroy(where, wanted, tell)
    tell.end(name, well)
    raise typer.Exit(0 if well else 1)


def _ask() -> None:
    """Raises HarnessError where nobody says yes."""
    try:
        # Not on standard output, where a program may read JSON.
        err.print(
            "All of it, and what is in the buckets, will be gone for good. Type prod to destroy it: ", end=""
        )
        said = input()
    except EOFError:
        said = ""
    if said.strip() != "prod":
        raise HarnessError("nothing was destroyed")


def _check_confirmed(name: str, plan: bool, confirm: str, endpoint: str) -> None:
    """Raises HarnessError where real accounts are meant, and nobody has said so."""
    if name == "aws" and not plan and confirm != "prod":
        where = endpoint or "AWS"
        raise HarnessError(
            f"this would deploy to {where} and may cost money: look with PLAN=1 (--plan) first, "
            f"then say CONFIRM=prod (--confirm prod)"
        )


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def terraform(
    context: typer.Context,
    name: TargetName,
    root: Annotated[str, typer.Option(help="One of infra/'s roots: its state and variables are known.")] = "",
    directory: Annotated[
        Path | None, typer.Option("--dir", help="A folder with Terraform of your own; else this one.")
    ] = None,
    credentials: Credentials = "profiles",
    endpoint: Endpoint = "",
) -> None:
    """Run Terraform on a root of infra/, or on your own.

    It gets whatever arguments follow `--`. On the stand-in accounts it has their provider, and downloads nothing. The
    exit status is Terraform's.
    """
    from fake_accounts.terraform import passthrough
    from harness.deploy.target import target

    if not context.args:
        raise HarnessError("say what Terraform is to do: ARGS=plan, or `harness terraform ... -- plan`")
    if root and directory:
        raise HarnessError("--root is one of infra/'s roots, --dir a folder of your own: give one of them")
    folder = (directory or Path()).resolve()
    # Terraform of one's own names its profiles itself, or has none.
    with target(name, stacks.ROOT, credentials if root else "environment", endpoint) as where:
        _check_root(root, folder, where.deployment.roots)
        if root:
            item = where.deployment.roots[root]
            _session_of(item.account, item.profile if where.with_profiles else "")
        where.forget_applied()
        status = passthrough.command(where.terraform, context.args, root=root, directory=folder)
    raise typer.Exit(status)


def _check_root(root: str, folder: Path, known: Iterable[str]) -> None:
    roots = ", ".join(known)
    if root and root not in known:
        raise HarnessError(f"there is no root {root!r} in infra/; there are: {roots}")
    if not root and not any(folder.glob("*.tf*")):
        raise HarnessError(
            f"{folder} has no Terraform: name a folder that has (DIR=, --dir), "
            f"or a root of infra/ (ROOT=, --root: {roots})"
        )


@app.command("publish-log")
def publish_log(
    file: Annotated[Path, typer.Argument(help="A build's log.")],
    group: Annotated[str, typer.Option(help="The CloudWatch log group.")],
    stream: Annotated[str, typer.Option(help="The log stream; made if there is none.")],
    account: Annotated[
        str, typer.Option(help="The account that the group is in, as infra/environments/ names it.")
    ],
    name: TargetName,
    endpoint: Endpoint = "",
) -> None:
    """Put a build's log into CloudWatch Logs.

    With the environment's credentials, which have to be the account's.
    """
    from harness.deploy.build_log import publish
    from harness.deploy.target import target

    with target(name, stacks.ROOT, "environment", endpoint) as where:
        accounts = where.deployment.accounts
        if account not in accounts:
            raise HarnessError(f"there is no account {account!r}; there are: {', '.join(accounts)}")
        count = publish(file, group, stream, _session_of(accounts[account], ""))
    err.print(f"{count} lines of {file} are in {group}/{stream}")


def _session_of(account: Account, profile: str) -> boto3.Session:
    """The profile's credentials, or the environment's. Raises HarnessError where they are not of the account."""
    from harness.deploy import preflight
    from harness.deploy.model import Finding

    found = preflight.identity(
        account.name, account.id, profile, lambda name: preflight.session(name, account.region)
    )
    if isinstance(found, Finding):
        raise HarnessError(f"{found.problem}; {found.fix}")
    return preflight.session(profile, account.region)
