import assert from "node:assert/strict";
import { test } from "node:test";
import { isBlocked, parse } from "../src/rules.js";
import { bytes, text } from "../src/text.js";

test("the blocked path and what is below it", () => {
  const config = parse('{"blocked": "/private/"}');
  for (const path of ["/private", "/private/papers"]) assert.ok(isBlocked(path, config), path);
  for (const path of ["/", "/privateer"]) assert.ok(!isBlocked(path, config), path);
});

test("what is not understood is refused", () => {
  for (const [config, expected] of [
    ['{"blokced": "/private"}', "blokced: unknown"],
    ['{"blocked": "private"}', "blocked: "],
    ['{"blocked": 7}', "blocked: "],
    ["{}", "blocked is missing"],
  ]) {
    assert.throws(() => parse(config), (thrown) => thrown.startsWith(expected), config);
  }
});

test("a text is its bytes", () => {
  assert.deepEqual([...bytes("aé")], [0x61, 0xc3, 0xa9]);
  assert.equal(text(bytes("aé")), "aé");
});
