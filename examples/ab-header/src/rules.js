// The experiment, without the host: plain JavaScript, tested by plain `npm test`.

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const KEYS = ["experiment", "variants", "days"];

/** Reads the plugin's `config`. What is thrown refuses the operator's file and is shown there. */
export function parse(text) {
  const config = JSON.parse(text);
  for (const key of Object.keys(config)) {
    if (!KEYS.includes(key)) throw `${key}: unknown key, expected one of ${KEYS.join(", ")}`;
  }
  const { experiment, variants, days = 30 } = config;
  if (typeof experiment !== "string" || !NAME.test(experiment)) {
    throw "experiment: expected a name of small letters, digits and hyphens";
  }
  if (!Number.isInteger(days) || days < 1 || days > 400) throw "days: expected 1 to 400";
  return { experiment, days, cookie: `ab-${experiment}`, variants: parseVariants(variants) };
}

/** Names and the upper ends of their shares, from 0 to 1. */
function parseVariants(variants) {
  const entries = Object.entries(variants ?? {});
  if (entries.length < 2) throw "variants: write at least two, as in { old: 90, new: 10 }";
  let sum = 0;
  for (const [name, weight] of entries) {
    if (!NAME.test(name)) throw `variants.${name}: expected a name of small letters, digits and hyphens`;
    if (!Number.isInteger(weight) || weight < 0) throw `variants.${name}: expected a whole number`;
    sum += weight;
  }
  if (sum === 0) throw "variants: all are 0";
  let below = 0;
  return entries.map(([name, weight]) => ({ name, end: (below += weight) / sum }));
}

/** The variant that a cookie names, if it still takes part. */
export function remembered(cookie, { variants }) {
  const known = variants.some(({ name, end }, i) => name === cookie && end > (variants[i - 1]?.end ?? 0));
  return known ? cookie : null;
}

/** The variant for a number from 0 to 1, 1 not included. */
export function draw(chance, { variants }) {
  return variants.find(({ end }) => chance < end).name;
}

/** What makes a browser come back to its variant. */
export function setCookie(variant, { cookie, days }) {
  return `${cookie}=${variant}; Path=/; Max-Age=${days * 86400}; SameSite=Lax`;
}
