"""Which network addresses a fetch may go to, and the one look-up of a host's addresses.

It connects to nothing. The lists are ours, not `is_global`'s, whose meaning changed between Python releases.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address
from queue import Empty, SimpleQueue
from threading import Thread

from obelics_like.images.target import Refused

Resolver = Callable[[str, int], list[str]]

_V4_REFUSED = [
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; holds Alibaba's metadata address
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host agent: a global address that only a guest reaches
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
]
_V6_GLOBAL = IPv6Network("2000::/3")  # leaves out ::, ::1, mapped, compatible, NAT64, fc00::/7, fe80::/10, ff00::/8
_V6_REFUSED = [
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries any IPv4 address within
        "2620:4f:8000::/48",
        "3fff::/20",
    )
]


def is_global(address: str) -> bool:
    """Whether a fetch may connect to this address; anything that is no plain address is not.

    Addresses that carry an IPv4 address within (mapped, NAT64, 6to4, Teredo) are refused whole.

    >>> is_global("93.184.215.14"), is_global("169.254.169.254"), is_global("::ffff:93.184.215.14")
    (True, False, False)
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if ip.version == 4:
        return not any(ip in block for block in _V4_REFUSED)
    if getattr(ip, "scope_id", None) is not None:
        return False
    return ip in _V6_GLOBAL and not any(ip in block for block in _V6_REFUSED)


def system_resolver(host: str, port: int) -> list[str]:
    """The host's addresses as the machine's resolver gives them, in its order; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def resolve(host: str, port: int, resolver: Resolver, seconds: float, allowed: frozenset[str]) -> list[str]:
    """The addresses to connect to, all of them checked; `allowed` holds addresses let through in tests.

    Raises Refused: timeout, no_address, or not_global if even one of them is not (a name that mixes public and
    private addresses is an attack or a mistake, and choosing among them would be a race).
    """
    answer: SimpleQueue[list[str] | None] = SimpleQueue()

    def look_up() -> None:
        try:
            answer.put(resolver(host, port))
        except (OSError, ValueError):
            answer.put(None)

    Thread(target=look_up, daemon=True).start()  # getaddrinfo takes no timeout
    try:
        addresses = answer.get(timeout=seconds)
    except Empty:
        raise Refused("timeout") from None
    if not addresses:
        raise Refused("no_address")
    if not all(address in allowed or is_global(address) for address in addresses):
        raise Refused("not_global")
    return addresses
