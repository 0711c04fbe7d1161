/* Keeps requests in our zone while it can take them: traffic between zones costs money and time.
 * When even the least loaded endpoint of the zone has `spill` requests in flight, or none of the
 * zone may be used, the least loaded of all is chosen. The names are made of those in
 * wit/selector.wit. */

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "selector_plugin.h"

typedef exports_tidegate_plugin_selector_endpoint_t endpoint_t;

static char *zone;
static uint32_t spill = 8;
static tidegate_plugin_metrics_own_counter_t spilled;

/* What a choice needs to know of each endpoint that takes new work. */
typedef struct {
  uint32_t position, weight;
  bool is_near;
} candidate_t;

typedef struct {
  candidate_t *candidates;
  size_t count;
} group_t;
static group_t near_by, all;

/* Where a search begins, so that those who are alike take turns. */
static size_t turn;

bool exports_tidegate_plugin_selector_configure(selector_plugin_string_t *config,
                                                selector_plugin_string_t *err) {
  config_key_t keys[] = {{"zone", CONFIG_TEXT, NULL}, {"spill", CONFIG_NUMBER, NULL}};
  char *wrong = config_read((const char *)config->ptr, config->len, keys, 2);
  selector_plugin_string_free(config);
  if (wrong) {
    /* The message is the host's from here on. */
    selector_plugin_string_set(err, wrong);
    return false;
  }
  if (!keys[0].value) {
    selector_plugin_string_dup(err, "zone is missing");
    return false;
  }
  zone = keys[0].value;
  if (keys[1].value) spill = (uint32_t)strtoul(keys[1].value, NULL, 10);
  selector_plugin_string_t name, help;
  selector_plugin_string_set(&name, "spilled");
  selector_plugin_string_set(&help, "Choices outside of the own zone");
  spilled = tidegate_plugin_metrics_constructor_counter(&name, &help);
  return true;
}

static bool is_near(const endpoint_t *endpoint) {
  if (!endpoint->zone.is_some) return false;
  const selector_plugin_string_t *other = &endpoint->zone.val;
  return other->len == strlen(zone) && memcmp(other->ptr, zone, other->len) == 0;
}

static void clear(group_t *group, size_t room) {
  free(group->candidates);
  group->candidates = malloc(room * sizeof *group->candidates);
  group->count = 0;
  if (!group->candidates) abort();
}

void exports_tidegate_plugin_selector_update(
    exports_tidegate_plugin_selector_list_endpoint_t *endpoints) {
  clear(&near_by, endpoints->len);
  clear(&all, endpoints->len);
  for (size_t i = 0; i < endpoints->len; i++) {
    const endpoint_t *endpoint = &endpoints->ptr[i];
    if (endpoint->draining) continue;
    candidate_t candidate = {(uint32_t)i, endpoint->weight, is_near(endpoint)};
    all.candidates[all.count++] = candidate;
    if (candidate.is_near) near_by.candidates[near_by.count++] = candidate;
  }
  exports_tidegate_plugin_selector_list_endpoint_free(endpoints);
}

/* The least loaded for its weight. */
static const candidate_t *least(const group_t *group, const selector_plugin_list_u32_t *in_flight,
                                uint32_t excluded) {
  const candidate_t *best = NULL;
  for (size_t i = 0; i < group->count; i++) {
    const candidate_t *candidate = &group->candidates[(turn + i) % group->count];
    if (excluded && tidegate_plugin_load_is_excluded(candidate->position)) continue;
    if (best) {
      uint64_t ours = (uint64_t)in_flight->ptr[candidate->position] * best->weight;
      uint64_t theirs = (uint64_t)in_flight->ptr[best->position] * candidate->weight;
      if (ours >= theirs) continue;
    }
    best = candidate;
  }
  return best;
}

bool exports_tidegate_plugin_selector_select(uint32_t excluded, uint32_t *ret) {
  selector_plugin_list_u32_t in_flight;
  tidegate_plugin_load_in_flight(&in_flight);
  turn++;
  const candidate_t *best = least(&near_by, &in_flight, excluded);
  if (!best || in_flight.ptr[best->position] >= spill) best = least(&all, &in_flight, excluded);
  selector_plugin_list_u32_free(&in_flight);
  if (!best) return false;
  if (!best->is_near) {
    tidegate_plugin_metrics_method_counter_add(tidegate_plugin_metrics_borrow_counter(spilled), 1);
  }
  *ret = best->position;
  return true;
}
