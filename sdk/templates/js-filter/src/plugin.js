// Joins the rules to the host. The names are those of wit/filter.wit.

import request from "tidegate:plugin/request@0.1.0";
import { isBlocked, parse } from "./rules.js";
import { bytes } from "./text.js";

let config;

export const filter = {
  // The answer says what is to be called; what is not asked for costs nothing.
  configure(text) {
    config = parse(text);
    return { request: true, response: false, requestBody: "skip", responseBody: "skip" };
  },

  onRequest() {
    if (isBlocked(request.path(), config)) return answer(403, "not here\n");
    return edit([{ tag: "set", val: ["x-tag", bytes(config.tag)] }]);
  },

  // Not asked for above, so not called; but the contract has them.
  onRequestBody(chunk, last) {
    return { tag: "pass" };
  },
  onResponse() {
    return null;
  },
  onResponseBody(chunk, last) {
    return { tag: "pass" };
  },
};

function answer(status, text) {
  const headers = [["content-type", bytes("text/plain; charset=utf-8")]];
  return { tag: "answer", val: { status, headers, body: bytes(text) } };
}

function edit(headers) {
  return { tag: "edit", val: { headers, pathAndQuery: null, upstream: null, attributes: [] } };
}
