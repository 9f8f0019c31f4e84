"""How often a client may fail to say who it is."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from penstock.errors import RateLimited

_BURST = 100
_PER_SECOND = 1.0
_CLIENTS = 10_000
_IPV6_NETWORK = 64


class Failures:
    """A bucket of failures for each client: 100 at once, then one each second.

    Only those who fail are counted, so whoever has a valid token is never refused here.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, client: str | None) -> None:
        """Counts a failure of a client, by its address. Raises `RateLimited`."""
        key, now = _network(client), self._monotonic()
        with self._lock:
            left, at = self._buckets.pop(key, (float(_BURST), now))
            left = min(float(_BURST), left + (now - at) * _PER_SECOND)
            is_allowed = left >= 1
            self._buckets[key] = (left - 1 if is_allowed else left, now)
            if len(self._buckets) > _CLIENTS:
                # The one that has been quiet for longest has the fullest bucket, or nearly so.
                self._buckets.popitem(last=False)
        if not is_allowed:
            seconds = max(1, math.ceil((1 - left) / _PER_SECOND))
            raise RateLimited(
                f"Too many calls without a valid token came from {client or 'this address'}.",
                hint=f"Check PENSTOCK_TOKEN; the next answer is in {seconds} s. "
                "Calls with a valid token are answered as ever.",
                retry_after=seconds,
            )


def _network(client: str | None) -> str:
    """The address, or its network where a client has a whole one (IPv6)."""
    try:
        address = ipaddress.ip_address(client or "")
    except ValueError:
        return client or ""
    if address.version == 4:  # noqa: PLR2004 - the version of the protocol
        return str(address)
    return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
