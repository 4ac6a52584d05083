"""IAM's calls need what its guide says, on users, roles and policies by the ARNs that they have."""

from __future__ import annotations

from typing import Any

import pytest

from harness.model import AwsError
from tests.unit.access.needs.calls import check, table
from tests.unit.access.needs.world import HOME, asked


@pytest.mark.parametrize("case", table("iam"))
def test_a_call_needs_what_is_documented(case: dict[str, Any]) -> None:
    check("iam", case)


def test_an_accounts_policies_are_its_own_and_awss_nobodys() -> None:
    own, awss = (
        asked("iam", "GetPolicy", {"PolicyArn": f"arn:aws:iam::{account}:policy/p"})[0].owner
        for account in (HOME, "aws")
    )
    assert (own, awss) == (HOME, "")


def test_whose_an_access_key_is_cannot_be_told_before() -> None:
    with pytest.raises(AwsError, match="does not know which permissions iam:GetAccessKeyLastUsed needs"):
        asked("iam", "GetAccessKeyLastUsed", {"AccessKeyId": "AKIA"})
