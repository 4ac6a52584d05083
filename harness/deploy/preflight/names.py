"""What can be known wrong of `infra/environments/*.tfvars.json` before anything is called."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.deploy.model import Finding

# "General purpose bucket naming rules", Amazon S3 User Guide. Dots are legal but for Transfer Acceleration; so here.
_LEGAL = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")

_Files = dict[str, dict[str, Any]]


def names(infra: Path) -> list[Finding]:
    """What is wrong with the names and ids in `infra/environments/`.

    Every bucket's name has `sagemaker` in it and is legal, every account id is one, and the files agree on the ids
    of the accounts and on the region.
    """
    files: _Files = {}
    found: list[Finding] = []
    for file in sorted((infra / "environments").glob("*.tfvars.json")):
        account = file.name.removesuffix(".tfvars.json")
        try:
            files[account] = _content(file)
        except (OSError, ValueError) as error:
            found.append(_wrong(account, f"{_place(account)}: {error}", f"correct {_place(account)}"))
    if not files and not found:
        found.append(_wrong("", "no account is described in infra/environments/", "add ACCOUNT.tfvars.json"))
    for account, values in files.items():
        found += [*_buckets(account, values), *_ids(account, values, files), *_region(account, values, files)]
    return found


def _content(file: Path) -> dict[str, Any]:
    content = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError("not a JSON object")
    return content


def _buckets(account: str, values: dict[str, Any]) -> Iterator[Finding]:
    for key in [key for key in values if key.endswith("bucket_name")]:
        for why in _faults(str(values[key])):
            yield _wrong(
                account,
                f"{_place(account)}: {key} {values[key]!r} {why}",
                f"choose another {key} in every file of infra/environments/ that has it",
            )


def _faults(name: str) -> Iterator[str]:
    if "sagemaker" not in name:
        yield "has no `sagemaker` in it: AmazonSageMakerFullAccess grants S3 only to buckets that do"
    if not _LEGAL.fullmatch(name):
        yield (
            "is not 3 to 63 lower-case letters, digits, dots and hyphens, with a letter or digit at both ends, "
            "as S3 wants"
        )
    if ".." in name or _ADDRESS.fullmatch(name):
        yield "has two adjacent dots, or is an IP address; S3 refuses both"
    for end in [p for p in _PREFIXES if name.startswith(p)] + [s for s in _SUFFIXES if name.endswith(s)]:
        yield f"begins or ends with {end!r}, which S3 keeps for itself"


def _ids(account: str, values: dict[str, Any], files: _Files) -> Iterator[Finding]:
    """`account_id` is this account's own; `prod_account_id` is what prod's file says, where there is one."""
    if "account_id" not in values:
        yield _wrong(
            account, f"{_place(account)}: key account_id is missing", "add the account's 12 digits as text"
        )
    for key in [key for key in values if key.endswith("account_id")]:
        value, owner = values[key], key.removesuffix("account_id").removesuffix("_") or account
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{12}", value):
            yield _wrong(
                account,
                f"{_place(account)}: {key} is {value!r}, not an account's 12 digits",
                f"correct {key} in {_place(account)}: 12 digits, in quotes",
            )
            continue
        own = files.get(owner, {}).get("account_id", value)
        if own != value:
            yield _wrong(
                account,
                f"{_place(account)}: {key} is {value}, but account_id of {_place(owner)} is {own}",
                "make the two the same",
            )


def _region(account: str, values: dict[str, Any], files: _Files) -> Iterator[Finding]:
    region = values.get("region")
    if not isinstance(region, str) or not region:
        yield _wrong(
            account,
            f"{_place(account)}: key region is missing, or is no text",
            f"add region to {_place(account)}",
        )
        return
    first = next(name for name, others in files.items() if others.get("region"))
    if region != files[first]["region"]:
        yield _wrong(
            account,
            f"{_place(account)}: region is {region}, but {_place(first)} says {files[first]['region']}",
            "make all regions the same: the accounts' policies name each other's resources by region",
        )


def _place(account: str) -> str:
    return f"infra/environments/{account}.tfvars.json"


def _wrong(account: str, problem: str, fix: str) -> Finding:
    return Finding("error", "names", account, problem, fix)
