"""Which addresses a fetch may go to."""

from __future__ import annotations

import ipaddress
import threading

import pytest

from obelics_like.images.address import is_global, resolve, system_resolver
from obelics_like.images.target import Refused

PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255",
    "127.0.0.1", "127.1.2.3", "168.63.129.16", "169.254.169.254", "169.254.0.1", "172.16.0.1", "172.31.255.255",
    "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:93.184.215.14", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:2::1", "2001:10::1",
    "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "3fff::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "ff02::1", "4000::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "93.184.215.14", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.1", "168.63.129.15", "172.15.255.255", "172.32.0.0", "192.167.255.255",
    "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2001:200::1", "2001:4860:4860::8888",
    "2606:4700::1111", "2a00:1450::1", "2003::1", "3ffe::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_no_fetch_goes_to(address: str) -> None:
    assert not is_global(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_fetch_may_go_to(address: str) -> None:
    assert is_global(address)
    assert ipaddress.ip_address(address).is_global


@pytest.mark.parametrize("address", ["", "example.org", "127.1", "0x7f000001", "1.1.1.1 ", "1.1.1.1/8"])
def test_what_is_no_address_is_refused(address: str) -> None:
    assert not is_global(address)


def test_never_more_permissive_than_the_standard_library() -> None:
    for high in range(256):
        for low in (0, 64, 127, 254, 255):
            address = f"{high}.{low}.{low}.1"
            assert not is_global(address) or ipaddress.ip_address(address).is_global


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "017700000001"])
def test_other_spellings_of_loopback_are_caught_after_look_up(host: str) -> None:
    with pytest.raises(Refused, match=r"not_global|no_address"):
        resolve(host, 80, system_resolver, 5.0, frozenset())


@pytest.mark.parametrize("answer", [["10.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["::ffff:10.0.0.1"], ["1.1.1.1", "fe80::1"]])
def test_a_name_with_any_private_address_is_refused(answer: list[str]) -> None:
    with pytest.raises(Refused, match="not_global"):
        resolve("rebind.test", 80, lambda *_: answer, 1.0, frozenset())


def test_public_addresses_are_handed_back_in_order() -> None:
    assert resolve("a.test", 80, lambda *_: ["9.9.9.9", "1.1.1.1"], 1.0, frozenset()) == ["9.9.9.9", "1.1.1.1"]


def test_a_resolver_that_hangs_costs_its_time_and_no_more() -> None:
    over, waited_for = threading.Event(), threading.Event()

    def hang(*_: object) -> list[str]:
        if not over.wait(60):
            waited_for.set()
        return ["127.0.0.1"]

    with pytest.raises(Refused, match="timeout"):
        resolve("slow.test", 80, hang, 0.1, frozenset())
    assert not waited_for.is_set()
    over.set()


def test_a_name_that_does_not_exist() -> None:
    def unknown(*_: object) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(Refused, match="no_address"):
        resolve("gone.test", 80, unknown, 1.0, frozenset())
