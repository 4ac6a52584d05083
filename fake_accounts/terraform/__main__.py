"""The command line: a line of JSON per root on stdout, errors and a plan's differences on stderr."""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from fake_accounts.accounts import INFRA, write_profiles
from fake_accounts.terraform import Outcome, Terraform

_DRIFTED = 2


def main() -> int:
    """Run it.

    Returns:
        The exit code: 1 for errors, 2 for a plan that found something to do, else 0.
    """
    parser = argparse.ArgumentParser(
        prog="python -m fake_accounts.terraform", description="Real Terraform on the stand-in accounts."
    )
    parser.add_argument("command", choices=["apply", "plan", "destroy"])
    parser.add_argument("--root", action="append", help="only this root; may be repeated")
    parser.add_argument("--state-dir", type=Path, required=True, help="where Terraform keeps its files")
    parser.add_argument("--endpoint", default=os.environ.get("AWS_ENDPOINT_URL"), help="the gateway's URL")
    parser.add_argument("--infra", type=Path, default=INFRA, help="the description of the accounts")
    arguments = parser.parse_args()
    if not arguments.endpoint:
        parser.error("no endpoint: give --endpoint or set AWS_ENDPOINT_URL")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = arguments.state_dir.resolve()
    os.environ.update(write_profiles(folder / "aws", arguments.endpoint, arguments.infra))
    os.environ["AWS_ENDPOINT_URL_STS"] = arguments.endpoint  # the S3 backend's, see Terraform.environment
    codes = {0}
    for outcome in Terraform(folder, arguments.infra).run(arguments.command, arguments.root):
        print(json.dumps(_row(outcome)), flush=True)
        planned = arguments.command == "plan" and outcome.ok
        print(outcome.output if planned and outcome.changes else outcome.error, end="", file=sys.stderr)
        codes.add(_DRIFTED if planned and outcome.changes else int(not outcome.ok))
    return 1 if 1 in codes else max(codes)


def _row(outcome: Outcome) -> dict[str, object]:
    return {
        "root": outcome.root,
        "ok": outcome.ok,
        "added": outcome.count("created", "replaced"),
        "changed": outcome.count("updated"),
        "destroyed": outcome.count("deleted", "replaced"),
    }


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
