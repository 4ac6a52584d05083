"""How a preflight calls AWS: briefly, side by side, and without giving up at the first refusal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

# botocore's own defaults wait for minutes where nothing answers.
BRIEF = Config(connect_timeout=3, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 3})

# What a call may raise; ResponseParserError is for an endpoint that answers as no AWS service does.
REFUSED = (ClientError, BotoCoreError, ResponseParserError)

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def session(profile: str, region: str) -> boto3.Session:
    """A session of a profile, or of the environment's credentials where `profile` is empty.

    All its clients are brief, those too that it assumes the profile's role with.

    Raises:
        ProfileNotFound: There is no such profile.
    """
    core = botocore.session.Session(profile=profile or None)
    core.set_default_client_config(BRIEF)
    return boto3.Session(botocore_session=core, region_name=region)


def in_order(function: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
    """The function's answers, in the order of the items; it is called for all of them at once."""
    items = list(items)
    with ThreadPoolExecutor(max_workers=max(len(items), 1)) as pool:
        return list(pool.map(function, items))


def code(error: Exception) -> str:
    """AWS's code of an error: `AccessDenied`; empty where AWS did not answer."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""


def words(error: Exception) -> str:
    """An error's own words, without the HTML that emulators and proxies answer."""
    return re.split(r"\n|<!doctype|<html", str(error), maxsplit=1, flags=re.IGNORECASE)[0].rstrip(": ")
