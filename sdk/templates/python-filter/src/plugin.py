"""Joins the rules to the host. The names are those of wit/filter.wit."""

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.filter import (
    BodyMode,
    BodyVerdict_Pass,
    Interest,
    RequestEdits,
    Verdict_Answer,
    Verdict_Edit,
)
from wit_world.imports import request
from wit_world.imports.types import HeaderEdit_Set, Reply

import rules


# An object is made for every call, so what lasts is kept here.
config = None


class Filter(exports.Filter):
    def configure(self, text):
        """The answer says what is to be called; what is not asked for costs nothing."""
        global config
        try:
            config = rules.Config.parse(text)
        except rules.Refused as refused:
            raise Err(str(refused))
        return Interest(True, False, BodyMode.SKIP, BodyMode.SKIP)

    def on_request(self):
        if config.is_blocked(request.path()):
            headers = [("content-type", b"text/plain; charset=utf-8")]
            return Verdict_Answer(Reply(403, headers, b"not here\n"))
        edits = [HeaderEdit_Set(("x-tag", config.tag.encode()))]
        return Verdict_Edit(RequestEdits(edits, None, None, []))

    # Not asked for above, so not called; but the contract has them.

    def on_request_body(self, chunk, last):
        return BodyVerdict_Pass()

    def on_response(self):
        return None

    def on_response_body(self, chunk, last):
        return BodyVerdict_Pass()
