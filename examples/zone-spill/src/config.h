/* The plugin's `config` arrives as JSON. This reads an object whose values are texts and whole
 * numbers, which is all that this plugin needs: {"zone": "a", "spill": 8}. */

#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>

/* A key that the plugin knows; `value` is NULL until the configuration has it. A number is its
 * digits. */
typedef struct {
  const char *name;
  enum { CONFIG_TEXT, CONFIG_NUMBER } type;
  char *value;
} config_key_t;

/* Fills in the values. Returns NULL, or what is wrong, to be shown to the operator; both are
 * allocated. */
char *config_read(const char *json, size_t length, config_key_t *keys, size_t count);

#endif
