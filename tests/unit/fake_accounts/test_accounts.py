"""Who the stand-in accounts are, and who acts in them."""

from configparser import ConfigParser

import botocore.session
import pytest

from fake_accounts.accounts import load_accounts, load_profiles, write_profiles


def test_the_accounts_are_those_infra_describes():
    assert {account.name: account.id for account in load_accounts().values()} == {
        "dev": "111122223333",
        "prod": "444455556666",
        "registry": "777788889999",
        "tooling": "123456789012",
    }


def test_every_account_has_credentials_of_its_own_in_aws_shape():
    accounts = load_accounts().values()
    keys = {account.access_key_id for account in accounts}
    assert len(keys) == len({account.secret_access_key for account in accounts}) == 4
    assert all(len(key) == 20 and key.isalnum() and key.isupper() for key in keys)
    assert {len(account.secret_access_key) for account in accounts} == {40}


def test_profiles_send_an_sdk_to_the_endpoint_as_the_account(tmp_path, monkeypatch):
    for name, value in write_profiles(tmp_path, "http://127.0.0.1:1").items():
        monkeypatch.setenv(name, value)
    client = botocore.session.Session(profile="prod").create_client("s3")
    assert client.meta.endpoint_url == "http://127.0.0.1:1"
    assert client.meta.region_name == "us-east-1"
    assert client._get_credentials().access_key == load_accounts()["prod"].access_key_id


def test_an_infra_without_environments_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="no account is described"):
        load_accounts(tmp_path)


# Who acts in the accounts beside their administrators


def test_a_role_is_a_profile_that_its_source_profile_assumes(tmp_path):
    write_profiles(tmp_path, "http://127.0.0.1:1")
    config, credentials = ConfigParser(), ConfigParser()
    config.read(tmp_path / "config")
    credentials.read(tmp_path / "credentials")
    assert dict(config["profile jenkins"]) == {
        "region": "us-east-1",
        "endpoint_url": "http://127.0.0.1:1",
        "role_arn": "arn:aws:iam::444455556666:role/cross-account-jenkins-role",
        "role_session_name": "jenkins",
        "source_profile": "jenkins-server",
    }
    assert "jenkins" not in credentials


def test_every_profile_begins_with_an_administrator():
    accounts, profiles = load_accounts(), load_profiles()
    for name in profiles:
        source = name
        while source in profiles:
            assert profiles[source]["account"] in accounts
            source = profiles[source]["source_profile"]
        assert source in accounts


def test_without_a_file_of_profiles_there_are_only_administrators(tmp_path):
    assert load_profiles(tmp_path) == {}
