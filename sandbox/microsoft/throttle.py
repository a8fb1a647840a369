"""Throttling on the sandbox's clock: where a switch asks for it, and where Microsoft publishes a limit that a district meets.

A plain 429 at a chosen request is a fault of the door.
"""

from __future__ import annotations

from datetime import timedelta

from sandbox.microsoft.state import switch, tenant_of
from sandbox.world import World


def wait(world: World, bucket: str, window: float, *, published: int = 0, who: str = "") -> int:
    """Whole seconds until the bucket takes another request, 0 when it takes this one and counts it.

    The switch ``m365.<bucket>_limit`` says how many requests fit into ``window`` seconds; without it as many as are ``published``, and 0 is no
    limit, because Microsoft publishes none for the admin endpoint and one for Graph that no district reaches (M§2.5, M§7). ``who``: of those
    who are counted apart.
    """
    limit = int(switch(world, f"{bucket}_limit", str(published)))
    if limit <= 0:
        return 0
    now, seen = world.clock.now(), tenant_of(world).requests.setdefault(f"{bucket}/{who}", [])
    seen[:] = [at for at in seen if now - at < timedelta(seconds=window)]
    if len(seen) >= limit:
        return max(1, round(window - (now - seen[0]).total_seconds()))
    seen.append(now)
    return 0
