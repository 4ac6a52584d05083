"""The organization that the gateway's process begins with."""

from __future__ import annotations

import pytest

from fake_accounts.accounts import Organization
from harness.model import HarnessError
from harness.serve import organization

DENY_ALL = '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'


def describe(monkeypatch: pytest.MonkeyPatch, *policies: tuple[str, str]) -> None:
    told = Organization("o-example", {"111122223333": (policies,)})
    monkeypatch.setattr("fake_accounts.accounts.load_organization", lambda: told)


def test_accounts_that_are_in_none_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fake_accounts.accounts.load_organization", lambda: None)
    assert organization() is None


def test_the_one_that_is_described_is_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    describe(monkeypatch, ("deny.json", DENY_ALL))
    found = organization()
    assert found
    assert (found.id, found.levels) == ("o-example", {"111122223333": ((("deny.json", DENY_ALL),),)})


def test_a_policy_that_is_malformed_is_told_by_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    describe(monkeypatch, ("deny.json", DENY_ALL), ("typo.json", DENY_ALL.replace('"Action"', '"Actions"')))
    with pytest.raises(HarnessError, match=r"^infra/organization/typo.json: .*Actions"):
        organization()


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (ValueError("organization.json has no id"), "infra/organization: organization.json has no id"),
        (
            FileNotFoundError(2, "No such file", "none.json"),
            "infra/organization: .*No such file: 'none.json'",
        ),
    ],
)
def test_a_mistake_of_the_description_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, mistake: Exception, said: str
) -> None:
    def fail() -> None:
        raise mistake

    monkeypatch.setattr("fake_accounts.accounts.load_organization", fail)
    with pytest.raises(HarnessError, match=said):
        organization()
