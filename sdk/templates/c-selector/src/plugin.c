/* Chooses the endpoint of our zone with the fewest requests in flight; endpoints of other zones
 * when none of ours may be used. The names are made of those in wit/selector.wit. */

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "selector_plugin.h"

typedef exports_tidegate_plugin_selector_endpoint_t endpoint_t;

static char *zone;

/* Positions of the endpoints that take new work: those of our zone, and the others. */
typedef struct {
  uint32_t *positions;
  size_t count;
} group_t;
static group_t near_by, far_off;

/* Where a search begins, so that those who are alike take turns. */
static size_t turn;

bool exports_tidegate_plugin_selector_configure(selector_plugin_string_t *config,
                                                selector_plugin_string_t *err) {
  config_key_t keys[] = { {"zone", NULL} };
  char *wrong = config_read((const char *)config->ptr, config->len, keys, 1);
  selector_plugin_string_free(config);
  if (wrong) {
    /* The message is the host's from here on. */
    selector_plugin_string_set(err, wrong);
    return false;
  }
  zone = keys[0].value;
  return true;
}

static bool is_near(const endpoint_t *endpoint) {
  if (!zone) return true;
  if (!endpoint->zone.is_some) return false;
  const selector_plugin_string_t *other = &endpoint->zone.val;
  return other->len == strlen(zone) && memcmp(other->ptr, zone, other->len) == 0;
}

static void clear(group_t *group, size_t room) {
  free(group->positions);
  group->positions = malloc(room * sizeof *group->positions);
  group->count = 0;
  if (!group->positions) abort();
}

/* When the list changes: what can be computed ahead is computed here. */
void exports_tidegate_plugin_selector_update(
    exports_tidegate_plugin_selector_list_endpoint_t *endpoints) {
  clear(&near_by, endpoints->len);
  clear(&far_off, endpoints->len);
  for (size_t i = 0; i < endpoints->len; i++) {
    const endpoint_t *endpoint = &endpoints->ptr[i];
    if (endpoint->draining) continue;
    group_t *group = is_near(endpoint) ? &near_by : &far_off;
    group->positions[group->count++] = (uint32_t)i;
  }
  exports_tidegate_plugin_selector_list_endpoint_free(endpoints);
}

static bool least(const group_t *group, const selector_plugin_list_u32_t *in_flight,
                  uint32_t excluded, uint32_t *best) {
  bool found = false;
  for (size_t i = 0; i < group->count; i++) {
    uint32_t position = group->positions[(turn + i) % group->count];
    if (excluded && tidegate_plugin_load_is_excluded(position)) continue;
    if (found && in_flight->ptr[position] >= in_flight->ptr[*best]) continue;
    *best = position;
    found = true;
  }
  return found;
}

/* For every attempt. `false` leaves the choice to the host. */
bool exports_tidegate_plugin_selector_select(uint32_t excluded, uint32_t *ret) {
  selector_plugin_list_u32_t in_flight;
  tidegate_plugin_load_in_flight(&in_flight);
  turn++;
  bool found = least(&near_by, &in_flight, excluded, ret) ||
               least(&far_off, &in_flight, excluded, ret);
  selector_plugin_list_u32_free(&in_flight);
  return found;
}
