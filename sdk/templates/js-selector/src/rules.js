// What the plugin does, without the host: plain JavaScript, tested by plain `npm test`.

/** Reads the plugin's `config`. What is thrown refuses the operator's file and is shown there. */
export function parse(text) {
  const config = JSON.parse(text);
  for (const key of Object.keys(config)) {
    if (key !== "zone") throw `${key}: unknown key, expected \`zone\``;
  }
  const { zone = null } = config;
  if (zone !== null && typeof zone !== "string") throw "zone: expected a text";
  return { zone };
}

/** Positions of the endpoints that take new work: those of our zone, and the others. */
export function group(endpoints, { zone }) {
  const near = [];
  const far = [];
  endpoints.forEach((endpoint, position) => {
    if (endpoint.draining) return;
    (zone === null || endpoint.zone === zone ? near : far).push(position);
  });
  return [near, far];
}

/**
 * The position with the least in flight, or null when none may be used. `turn` is where the
 * search begins, so that those who are alike take turns.
 */
export function least(positions, inFlight, isExcluded, turn) {
  let best = null;
  for (let i = 0; i < positions.length; i++) {
    const position = positions[(turn + i) % positions.length];
    if (isExcluded(position)) continue;
    if (best === null || inFlight[position] < inFlight[best]) best = position;
  }
  return best;
}
