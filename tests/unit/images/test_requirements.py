"""An image has the packages that the process runner has, to the version: predictions agree to the last digit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .conftest import IMAGES

LOCKS = sorted(IMAGES.glob("*/requirements.txt"))
PIN = re.compile(r"^(\S+==\S+(?: ; .+?)?) \\$", re.MULTILINE)


def pins(lock: Path) -> set[str]:
    """`name==version ; marker`, of each package."""
    return set(PIN.findall(lock.read_text()))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.parent.name)
def test_an_image_has_the_versions_that_jobs_have_without_it(lock: Path) -> None:
    ours = pins(IMAGES.parent / "requirements.txt")
    assert pins(lock)
    assert pins(lock) <= ours


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.parent.name)
def test_an_image_has_what_is_asked_for_by_hash_and_names_no_index(lock: Path) -> None:
    text = lock.read_text()
    asked = [
        re.split("[<>=]", line)[0]
        for line in lock.with_suffix(".in").read_text().splitlines()
        if line[0] != "#"
    ]
    assert {pin.partition("==")[0] for pin in pins(lock)} >= set(asked)
    assert "--hash=sha256:" in text
    assert "://" not in text


def test_the_image_that_is_built_on_another_has_all_that_is_in_it() -> None:
    assert pins(IMAGES / "scikit_learn" / "requirements.txt") < pins(IMAGES / "xgboost" / "requirements.txt")
