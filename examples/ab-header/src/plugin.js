// Joins the experiment to the host. The names are those of wit/filter.wit.

import metrics from "tidegate:plugin/metrics@0.1.0";
import random from "tidegate:plugin/random@0.1.0";
import request from "tidegate:plugin/request@0.1.0";
import { draw, parse, remembered, setCookie } from "./rules.js";
import { bytes } from "./text.js";

let config;
let assigned;

export const filter = {
  configure(text) {
    config = parse(text);
    assigned = new metrics.Counter("ab_assigned", "Visitors that were given a variant");
    return { request: true, response: true, requestBody: "skip", responseBody: "skip" };
  },

  // What the client sends in the header is no matter: it is replaced.
  onRequest() {
    const known = remembered(request.cookie(config.cookie), config);
    const variant = known ?? draw(chance(), config);
    const attributes = [["ab-variant", variant]];
    if (known === null) {
      assigned.add(1);
      // For onResponse: any instance may serve it, so memory would not do.
      attributes.push(["ab-new", config.experiment]);
    }
    const headers = [{ tag: "set", val: [`x-ab-${config.experiment}`, bytes(variant)] }];
    return { tag: "edit", val: { headers, pathAndQuery: null, upstream: null, attributes } };
  },

  onResponse() {
    if (request.attribute("ab-new") !== config.experiment) return null;
    const value = setCookie(request.attribute("ab-variant"), config);
    return { status: null, headers: [{ tag: "append", val: ["set-cookie", bytes(value)] }] };
  },

  onRequestBody(chunk, last) {
    return { tag: "pass" };
  },
  onResponseBody(chunk, last) {
    return { tag: "pass" };
  },
};

/** From 0 to 1. The host's numbers have 64 bits, of which a number of JavaScript holds 53. */
function chance() {
  return Math.min(Number(random.next()) / 2 ** 64, 1 - Number.EPSILON);
}
