"""The organization that the accounts are in, as infra/organization/ describes one."""

import json

import pytest

from fake_accounts.accounts import load_organization

DEV, PROD = "111122223333", "444455556666"
FULL_ACCESS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
NO_DELETING = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture
def described(tmp_path):
    """Reads what it is told that organization.json has, beside a policy `no-deleting.json`."""
    (tmp_path / "environments").mkdir()
    for name, account_id in (("dev", DEV), ("prod", PROD)):
        values = {"account_id": account_id, "region": "us-east-1"}
        (tmp_path / "environments" / f"{name}.tfvars.json").write_text(json.dumps(values))
    (tmp_path / "organization").mkdir()
    (tmp_path / "organization" / "no-deleting.json").write_text(NO_DELETING)

    def read(**told):
        (tmp_path / "organization" / "organization.json").write_text(json.dumps(told))
        return load_organization(tmp_path)

    return read


def names(organization, account):
    return [[name for name, _ in level] for level in organization.levels[account]]


def test_an_infra_that_describes_none_has_none(tmp_path):
    assert load_organization(tmp_path) is None


def test_a_level_that_is_left_out_has_full_access(described):
    organization = described(id="o-example")
    assert organization.id == "o-example"
    assert names(organization, DEV) == names(organization, PROD) == [["FullAWSAccess"], ["FullAWSAccess"]]
    ((_, text),), _ = organization.levels[DEV]
    assert json.loads(text) == FULL_ACCESS


def test_the_roots_policies_are_every_accounts_and_an_accounts_its_own(described):
    organization = described(
        id="o-example", root=["FullAWSAccess", "no-deleting.json"], accounts={"prod": ["no-deleting.json"]}
    )
    assert names(organization, PROD) == [["FullAWSAccess", "no-deleting.json"], ["no-deleting.json"]]
    assert names(organization, DEV) == [["FullAWSAccess", "no-deleting.json"], ["FullAWSAccess"]]


def test_a_policy_is_its_files_text(described):
    organization = described(id="o-example", accounts={"dev": ["no-deleting.json"]})
    assert organization.levels[DEV][1] == (("no-deleting.json", NO_DELETING),)


def test_a_level_without_any_policy_stays_one(described):
    """As on AWS, where it then allows nothing."""
    assert names(described(id="o-example", accounts={"dev": []}), DEV) == [["FullAWSAccess"], []]


@pytest.mark.parametrize(
    ("told", "error", "said"),
    [
        ({}, ValueError, "organization.json has no id"),
        (
            {"id": "o-example", "accounts": {"staging": []}},
            ValueError,
            "organization.json names an account 'staging'; there are: dev, prod",
        ),
        ({"id": "o-example", "root": ["none.json"]}, FileNotFoundError, "none.json"),
    ],
)
def test_a_mistake_is_told_by_name(described, told, error, said):
    with pytest.raises(error, match=said):
        described(**told)
