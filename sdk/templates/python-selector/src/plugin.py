"""Joins the rules to the host. The names are those of wit/selector.wit."""

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import load

import rules


# An object is made for every call, so what lasts is kept here.
zone = None
groups = ()
turn = 0


class Selector(exports.Selector):
    def configure(self, config):
        global zone
        try:
            zone = rules.parse(config)
        except rules.Refused as refused:
            raise Err(str(refused))

    def update(self, endpoints):
        """When the list changes: what can be computed ahead is computed here."""
        global groups
        groups = rules.group(endpoints, zone)

    def select(self, excluded):
        """For every attempt. None leaves the choice to the host."""
        global turn
        in_flight = load.in_flight()
        gone = set(load.excluded()) if excluded else ()
        turn += 1
        for positions in groups:
            best = rules.least(positions, in_flight, gone, turn)
            if best is not None:
                return best
        return None
