"""The catalogue finds the program that stands in for an image."""

from __future__ import annotations

import pytest

from harness.jobs.images import Catalogue, ImageNotFound
from harness.model import HarnessError

XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"


@pytest.fixture
def catalogue(tmp_path):
    def write(text, name="catalogue.toml"):
        (tmp_path / "program.py").touch()
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def entry(name, pattern, rest='program = "program.py"\ntrain = ["train"]'):
    return f"[[image]]\nname = '{name}'\nuris = ['{pattern}']\n{rest}\n"


def test_our_own_catalogue_knows_the_platforms_images():
    program, arguments = Catalogue.load().run(XGBOOST, "train")
    assert program.parent.name == "xgboost"
    assert arguments == ("train",)


def test_an_image_is_known_by_repository_and_tag_in_whatever_registry(catalogue):
    images = Catalogue.load(built_in=catalogue(entry("mine", "mine:1")))
    assert images.find("111111111111.dkr.ecr.eu-west-1.amazonaws.com/mine:1").name == "mine"
    assert images.find("mine:1").name == "mine"


def test_a_repository_of_several_parts_needs_no_registry(catalogue):
    images = Catalogue.load(built_in=catalogue(entry("mine", "team/mine:1")))
    assert images.find("team/mine:1").name == "mine"
    assert images.find("localhost:5000/team/mine:1").name == "mine"


def test_a_pattern_must_match_wholly(catalogue):
    images = Catalogue.load(built_in=catalogue(entry("mine", "mine:1")))
    with pytest.raises(ImageNotFound):
        images.find("registry/mine:12")


def test_users_entries_come_first(catalogue):
    extra = catalogue(entry("theirs", "sagemaker-xgboost:.*"), "extra.toml")
    assert Catalogue.load([extra]).find(XGBOOST).name == "theirs"


def test_an_unknown_image_is_told_with_the_catalogue_and_what_it_knows(catalogue):
    file = catalogue(entry("mine", "mine:1"))
    with pytest.raises(ImageNotFound, match=rf"other:2 is not in the catalogue {file}, which knows mine"):
        Catalogue.load(built_in=file).find("registry/other:2")


def test_an_image_without_a_program_for_the_purpose_is_told(catalogue):
    images = Catalogue.load(built_in=catalogue(entry("mine", "mine:1")))
    with pytest.raises(ImageNotFound, match="no program for `serve`"):
        images.run("mine:1", "serve")


@pytest.mark.parametrize(
    "text", ["not toml", "[[image]]\nname = 'x'", entry("x", "("), entry("x", "x", "program = 'gone.py'")]
)
def test_a_catalogue_that_is_no_catalogue_is_told(catalogue, text):
    with pytest.raises(HarnessError, match="can't be read"):
        Catalogue.load(built_in=catalogue(text))
