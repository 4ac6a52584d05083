"""What is told at the end, and with which surroundings the command runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from outgoing.__main__ import without_proxies
from outgoing.namespaces import names_by_dns
from outgoing.packets import Packet
from outgoing.recorder import Sighting
from outgoing.report import report

NOON = datetime(2026, 3, 15, 12)


def test_nothing_left_is_said_in_one_line() -> None:
    assert report([]) == ["nothing left the machine: 0 packets"]


def test_what_left_is_told_with_time_count_destination_name_and_process() -> None:
    curl, unknown = "curl https://example.com (process 7)", "a process that is not known"
    sightings = [
        Sighting(NOON, curl, Packet("UDP", "192.0.2.53", 53, 40001, "example.com")),
        Sighting(NOON + timedelta(seconds=1), unknown, Packet("ICMPv6", "2600::1")),
        Sighting(NOON + timedelta(seconds=2), curl, Packet("UDP", "192.0.2.53", 53, 40002, "example.com")),
    ]
    assert report(sightings) == [
        "3 packets would have left the machine:",
        "  first at  packets  to                 asked for    by",
        "  12:00:00  2        UDP 192.0.2.53:53  example.com  curl https://example.com (process 7)",
        "  12:00:01  1        ICMPv6 [2600::1]                a process that is not known",
    ]


def test_a_proxy_is_hidden_from_the_command_in_either_spelling() -> None:
    given = {"https_proxy": "http://127.0.0.1:3128", "ALL_PROXY": "socks://127.0.0.1", "PATH": "/bin"}
    assert without_proxies(given) == {"PATH": "/bin"}


def test_host_names_are_asked_for_by_dns_and_all_else_stays() -> None:
    switch = "passwd: files systemd\n hosts: mymachines resolve [!UNAVAIL=return] files dns\n# hosts: x\n"
    assert names_by_dns(switch) == "passwd: files systemd\n# hosts: x\nhosts: files myhostname dns\n"
