"""A small AWS for these tests: moto over HTTP, with the accounts told apart."""

from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from moto.moto_api._internal import moto_api_backend

from fake_accounts.accounts import load_accounts
from tests.small_aws import SmallAws, served


@pytest.fixture(autouse=True)
def moto_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """With AWS's managed policies, which infra/ attaches."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")


@pytest.fixture
def endpoint() -> Iterator[str]:
    """The URL of an AWS with nothing in it, which knows the accounts' administrators."""
    moto_api_backend.reset()
    with served(SmallAws({a.access_key_id: a.id for a in load_accounts().values()})) as url:
        yield url


@pytest.fixture
def client(endpoint: str) -> Callable[[str, str], Any]:
    """Makes the client of an account's administrator: `client("prod", "iam")`."""

    def make(account: str, service: str) -> Any:
        who = load_accounts()[account]
        return botocore.session.Session().create_client(
            service,
            who.region,
            endpoint_url=endpoint,
            aws_access_key_id=who.access_key_id,
            aws_secret_access_key=who.secret_access_key,
        )

    return make
