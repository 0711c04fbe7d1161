"""Joins the rules to the host. The names are those of wit/filter.wit."""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.filter import (
    BodyMode,
    BodyVerdict_Abort,
    BodyVerdict_Pass,
    Interest,
    Verdict_Pass,
)
from wit_world.imports import log, metrics, request
from wit_world.imports.types import Reply

from rules import Refused, Rules

# An object is made for every call, so what lasts is kept here.
rules = None
refused = None


class Filter(exports.Filter):
    def configure(self, config):
        """Whole bodies: rules for an order cannot be checked on half of one."""
        global rules, refused
        try:
            rules = Rules.parse(config)
        except Refused as reason:
            raise Err(str(reason))
        refused = metrics.Counter("orders_refused", "Orders that broke a rule")
        return Interest(False, False, BodyMode.BUFFERED, BodyMode.SKIP)

    def on_request(self):
        return Verdict_Pass()

    def on_request_body(self, chunk, last):
        if request.method() != "POST" or request.path() != rules.path:
            return BodyVerdict_Pass()
        problems = rules.problems(chunk)
        if not problems:
            return BodyVerdict_Pass()
        refused.add(1)
        log.write(log.Level.INFO, f"order refused: {', '.join(problems)}")
        body = json.dumps({"problems": problems}).encode()
        headers = [("content-type", b"application/json")]
        return BodyVerdict_Abort(Reply(422, headers, body))

    def on_response(self):
        return None

    def on_response_body(self, chunk, last):
        return BodyVerdict_Pass()
