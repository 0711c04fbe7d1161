import assert from "node:assert/strict";
import { test } from "node:test";
import { group, least, parse } from "../src/rules.js";

const nobody = () => false;

test("a misspelt key is refused", () => {
  assert.throws(() => parse('{"zome": "a"}'), (thrown) => thrown.startsWith("zome: unknown"));
  assert.throws(() => parse('{"zone": 7}'), (thrown) => thrown.startsWith("zone: "));
});

test("the own zone is a group, and who drains is in none", () => {
  const endpoints = [{ zone: "a" }, { zone: "b" }, { zone: "a", draining: true }, {}];
  assert.deepEqual(group(endpoints, parse('{"zone": "a"}')), [[0], [1, 3]]);
  assert.deepEqual(group(endpoints, parse("{}")), [[0, 1, 3], []]);
});

test("the least loaded is chosen, in turn", () => {
  assert.equal(least([0, 1, 2], [3, 1, 2], nobody, 0), 1);
  assert.equal(least([0, 1, 2], [3, 1, 2], (position) => position === 1, 0), 2);
  assert.equal(least([0, 1], [0, 0], nobody, 1), 1);
  assert.equal(least([], [], nobody, 5), null);
});
