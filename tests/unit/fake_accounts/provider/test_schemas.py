"""The stand-in provider's schemas beside those of the real one."""

import json

import pytest
from tf.types import Unknown
from tf.utils import Diagnostics

from fake_accounts.accounts import INFRA
from fake_accounts.provider import AwsProvider

CASES = INFRA.parent / "tests" / "cases" / "terraform"
SCHEMAS = json.loads((CASES / "schemas.json").read_text())
BEHAVIOUR = json.loads((CASES / "behaviour.json").read_text())
PROVIDER = AwsProvider()
RESOURCES = {f"aws_{kind.get_name()}": kind.get_schema() for kind in PROVIDER.get_resources()}
DATA_SOURCES = {f"aws_{kind.get_name()}": kind.get_schema() for kind in PROVIDER.get_data_sources()}
ALL = {
    "provider": (PROVIDER.get_provider_schema(Diagnostics()), SCHEMAS["provider"]),
    **{name: (schema, SCHEMAS["resources"][name]) for name, schema in RESOURCES.items()},
    **{f"data.{name}": (schema, SCHEMAS["data_sources"][name]) for name, schema in DATA_SOURCES.items()},
}


def type_name(attribute):
    kind = json.loads(attribute.type.tf_type())
    return kind if isinstance(kind, str) else f"{kind[0]}({kind[1]})"


KEPT = {"aws_cloudwatch_event_rule": {"state"}}
"""Optional there, where whatever AWS has is no difference if they are left out; with us they have to be computed."""


def mode(attribute):
    if attribute.required:
        return "required"
    computed = (
        attribute.computed and attribute.default is Unknown
    )  # with a default it has to be, and is not there
    return " ".join(["optional"] * bool(attribute.optional) + ["computed"] * bool(computed))


def flat(attributes, blocks, within=""):
    """`{"rule.bucket_key_enabled": "bool, optional"}`."""
    told = {f"{within}{a.name}": f"{type_name(a)}, {mode(a)}" for a in attributes}
    for block in blocks:
        name = f"{within}{block.type_name}"
        kind = ["list block", "set block"][block.to_pb().nesting == 3]
        at_most = ", at most 1" if block.max_items == 1 else ""
        told[name] = f"{kind}{at_most}, {'required' if block.min_items else 'optional'}"
        told |= flat(block.block.attributes, block.block.block_types, f"{name}.")
    return told


@pytest.mark.parametrize("name", ALL)
def test_every_attribute_is_as_the_real_provider_has_it(name):
    schema, real = ALL[name]
    ours = flat(schema.attributes, schema.block_types)
    if name == "provider":  # whether its blocks may be repeated is not known
        ours = {attribute: told.replace(", at most 1", "") for attribute, told in ours.items()}
    expected = {attribute: real.get(attribute, "not there") for attribute in ours}
    kept = {attribute: f"{real[attribute]} computed" for attribute in KEPT.get(name, ())}
    assert ours == {**expected, **kept}


@pytest.mark.parametrize("name", ALL)
def test_no_required_attribute_is_missing(name):
    schema, real = ALL[name]
    ours = flat(schema.attributes, schema.block_types).keys()
    needed = {attribute for attribute, told in real.items() if told.endswith("required")}
    within = {block for block in real if "block" in real[block]} - ours
    assert {a for a in needed if not any(a.startswith(f"{block}.") for block in within)} <= ours


@pytest.mark.parametrize("name", RESOURCES)
def test_changing_the_same_attributes_makes_a_resource_anew(name):
    attributes = RESOURCES[name].attributes
    known = {a.name for a in attributes}
    assert {a.name for a in attributes if a.requires_replace} == known.intersection(
        BEHAVIOUR["replaces"][name]
    )


@pytest.mark.parametrize("name", RESOURCES)
def test_what_is_left_out_has_the_same_value(name):
    attributes = RESOURCES[name].attributes
    known, real = {a.name for a in attributes}, BEHAVIOUR["defaults"].get(name, {})
    ours = {a.name: a.default for a in attributes if a.default is not Unknown}
    assert ours == {attribute: value for attribute, value in real.items() if attribute in known}


def test_all_that_infra_uses_is_known():
    """Terraform tells it of `infra/` itself, whenever that is applied; this tells it at once."""
    used = {
        word
        for file in INFRA.rglob("*.tf")
        for line in file.read_text().splitlines()
        if line.startswith(("resource ", "data "))
        for word in [line.split('"')[1]]
    }
    assert used <= RESOURCES.keys() | DATA_SOURCES.keys()
