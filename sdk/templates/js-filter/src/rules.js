// What the plugin does, without the host: plain JavaScript, tested by plain `npm test`.

const KEYS = ["blocked", "tag"];

/** Reads the plugin's `config`. What is thrown refuses the operator's file and is shown there. */
export function parse(text) {
  const config = JSON.parse(text);
  for (const [key, value] of Object.entries(config)) {
    if (!KEYS.includes(key)) throw `${key}: unknown key, expected one of ${KEYS.join(", ")}`;
    if (typeof value !== "string") throw `${key}: expected a text`;
  }
  const { blocked, tag = "{{project-name}}" } = config;
  if (blocked === undefined) throw "blocked is missing";
  if (!blocked.startsWith("/")) throw "blocked: a path begins with a slash";
  return { blocked: blocked.replace(/\/+$/, ""), tag };
}

/** Whether a path is the blocked one or below it. */
export function isBlocked(path, { blocked }) {
  return path === blocked || path.startsWith(`${blocked}/`);
}
