"""A packet tells where it was going, by the rules in tests/cases/packets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outgoing.packets import Packet, read

CASES = json.loads((Path(__file__).parents[2] / "cases" / "packets" / "packets.json").read_text())


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_a_packet_tells_where_it_was_going(case: Any) -> None:
    expected = Packet(**case["read"]) if case["read"] else None
    assert read(bytes.fromhex("".join(case["packet"]))) == expected


@given(st.binary(max_size=120))
def test_bytes_that_are_not_the_kernels_own_messages_are_always_told(packet: bytes) -> None:
    told = read(packet)
    assert told is not None or b"\x02" in packet or b"\x3a" in packet
