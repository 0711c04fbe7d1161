"""What the plugin does, without the host: plain Python, tested by `python3 -m unittest`."""

import json


class Refused(Exception):
    """Refuses the operator's file; the message is shown there."""


def parse(text):
    """The zone of the plugin's `config`, or None."""
    config = json.loads(text)
    for key in config:
        if key != "zone":
            raise Refused(f"{key}: unknown key, expected `zone`")
    zone = config.get("zone")
    if zone is not None and not isinstance(zone, str):
        raise Refused("zone: expected a text")
    return zone


def group(endpoints, zone):
    """Positions of the endpoints that take new work: those of our zone, and the others."""
    near, far = [], []
    for position, endpoint in enumerate(endpoints):
        if not endpoint.draining:
            (near if zone is None or endpoint.zone == zone else far).append(position)
    return near, far


def least(positions, in_flight, excluded, turn):
    """The position with the least in flight, or None when none may be used.

    `turn` is where the search begins, so that those who are alike take turns.
    """
    if not positions:
        return None
    turn %= len(positions)
    candidates = (p for p in positions[turn:] + positions[:turn] if p not in excluded)
    return min(candidates, key=in_flight.__getitem__, default=None)
