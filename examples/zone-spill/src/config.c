#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const char *at, *end;
} reader_t;

static bool skip(reader_t *in, char wanted) {
  while (in->at < in->end && strchr(" \t\r\n", *in->at)) in->at++;
  if (in->at == in->end || *in->at != wanted) return false;
  in->at++;
  return true;
}

static char *put(char *to, uint32_t point) {
  if (point < 0x80) {
    *to++ = (char)point;
  } else if (point < 0x800) {
    *to++ = (char)(0xc0 | point >> 6);
    *to++ = (char)(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    *to++ = (char)(0xe0 | point >> 12);
    *to++ = (char)(0x80 | (point >> 6 & 0x3f));
    *to++ = (char)(0x80 | (point & 0x3f));
  } else {
    *to++ = (char)(0xf0 | point >> 18);
    *to++ = (char)(0x80 | (point >> 12 & 0x3f));
    *to++ = (char)(0x80 | (point >> 6 & 0x3f));
    *to++ = (char)(0x80 | (point & 0x3f));
  }
  return to;
}

/* Four hexadecimal digits, of which the host's JSON always has four. */
static uint32_t unit(reader_t *in) {
  char digits[5] = {0};
  for (int i = 0; i < 4 && in->at < in->end; i++) digits[i] = *in->at++;
  return (uint32_t)strtoul(digits, NULL, 16);
}

static uint32_t escaped(reader_t *in) {
  static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
  char letter = *in->at++;
  const char *found = letter ? strchr(from, letter) : NULL;
  if (found) return (uint32_t)to[found - from];
  if (letter != 'u') return (uint8_t)letter;
  uint32_t point = unit(in);
  if (point >= 0xd800 && point < 0xdc00 && in->end - in->at >= 6) {
    in->at += 2;
    point = 0x10000 + ((point - 0xd800) << 10) + (unit(in) - 0xdc00);
  }
  return point;
}

/* A text in quotes, or NULL when something else is there. */
static char *text(reader_t *in) {
  if (!skip(in, '"')) return NULL;
  char *result = malloc((size_t)(in->end - in->at) + 1), *to = result;
  if (!result) abort();
  while (in->at < in->end && *in->at != '"') {
    char letter = *in->at++;
    if (letter != '\\' || in->at == in->end) {
      *to++ = letter;
    } else {
      to = put(to, escaped(in));
    }
  }
  *to = '\0';
  in->at++;
  return result;
}

/* Digits, or NULL when something else is there. */
static char *number(reader_t *in) {
  skip(in, '\0');
  const char *from = in->at;
  while (in->at < in->end && *in->at >= '0' && *in->at <= '9') in->at++;
  size_t length = (size_t)(in->at - from);
  bool ends = in->at < in->end && strchr(" \t\r\n,}", *in->at);
  if (length == 0 || length > 6 || !ends) return NULL;
  char *result = malloc(length + 1);
  if (!result) abort();
  memcpy(result, from, length);
  result[length] = '\0';
  return result;
}

static char *problem(const char *key, const char *what) {
  size_t size = strlen(key) + strlen(what) + 3;
  char *message = malloc(size);
  if (!message) abort();
  snprintf(message, size, "%s: %s", key, what);
  return message;
}

char *config_read(const char *json, size_t length, config_key_t *keys, size_t count) {
  reader_t in = {json, json + length};
  if (!skip(&in, '{')) return problem("config", "expected keys and values");
  if (skip(&in, '}')) return NULL;
  do {
    char *name = text(&in), *wrong = NULL;
    if (!name || !skip(&in, ':')) abort();
    config_key_t *key = NULL;
    for (size_t i = 0; i < count; i++) {
      if (strcmp(keys[i].name, name) == 0) key = &keys[i];
    }
    if (!key) {
      wrong = problem(name, "unknown key");
    } else if (key->type == CONFIG_TEXT && !(key->value = text(&in))) {
      wrong = problem(name, "expected a text");
    } else if (key->type == CONFIG_NUMBER && !(key->value = number(&in))) {
      wrong = problem(name, "expected a whole number below a million");
    }
    free(name);
    if (wrong) return wrong;
  } while (skip(&in, ','));
  return NULL;
}
