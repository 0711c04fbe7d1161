import assert from "node:assert/strict";
import { test } from "node:test";
import { draw, parse, remembered, setCookie } from "../src/rules.js";

const CONFIG = '{"experiment": "checkout", "variants": {"old": 90, "new": 10, "gone": 0}}';

test("shares are as wide as their weights", () => {
  const config = parse(CONFIG);
  const tally = { old: 0, new: 0 };
  for (let i = 0; i < 1000; i++) tally[draw(i / 1000, config)] += 1;
  assert.deepEqual(tally, { old: 900, new: 100 });
});

test("a visitor keeps a variant that still takes part", () => {
  const config = parse(CONFIG);
  assert.equal(remembered("new", config), "new");
  for (const cookie of ["gone", "other", "", null]) assert.equal(remembered(cookie, config), null);
});

test("the cookie names the experiment", () => {
  const cookie = setCookie("new", parse(CONFIG));
  assert.equal(cookie, "ab-checkout=new; Path=/; Max-Age=2592000; SameSite=Lax");
});

test("what is not understood is refused with its key", () => {
  for (const [config, expected] of [
    ['{"experiment": "a", "variants": {"a": 1, "b": 1}, "dyas": 3}', "dyas: unknown"],
    ['{"experiment": "A b", "variants": {"a": 1, "b": 1}}', "experiment: "],
    ['{"experiment": "a", "variants": {"a": 1}}', "variants: write at least two"],
    ['{"experiment": "a", "variants": {"a": 0, "b": 0}}', "variants: all are 0"],
    ['{"experiment": "a", "variants": {"a": -1, "b": 1}}', "variants.a: "],
    ['{"experiment": "a", "variants": {"a": 1, "b": 1}, "days": 0}', "days: "],
    ["{}", "experiment: "],
  ]) {
    assert.throws(() => parse(config), (thrown) => thrown.startsWith(expected), config);
  }
});
