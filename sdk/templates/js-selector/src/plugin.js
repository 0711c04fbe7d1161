// Joins the rules to the host. The names are those of wit/selector.wit.

import load from "tidegate:plugin/load@0.1.0";
import { group, least, parse } from "./rules.js";

let config;
let groups = [];
let turn = 0;

export const selector = {
  configure(text) {
    config = parse(text);
  },

  // When the list changes: what can be computed ahead is computed here.
  update(endpoints) {
    groups = group(endpoints, config);
  },

  // For every attempt. `null` leaves the choice to the host.
  select(excluded) {
    const inFlight = load.inFlight();
    const gone = excluded > 0 ? new Set(load.excluded()) : new Set();
    turn += 1;
    for (const positions of groups) {
      const best = least(positions, inFlight, (position) => gone.has(position), turn);
      if (best !== null) return best;
    }
    return null;
  },
};
