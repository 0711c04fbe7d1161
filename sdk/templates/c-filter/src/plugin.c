/* Answers requests for blocked paths with 403, and tags all others with the header `x-tag`. The
 * names are made of those in wit/filter.wit. */

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "filter_plugin.h"

typedef exports_tidegate_plugin_filter_verdict_t verdict_t;
typedef exports_tidegate_plugin_filter_body_verdict_t body_verdict_t;

static char *blocked;
static const char *tag = "{{project-name}}";

static const char *refusal(char *blocked) {
  if (!blocked) return "blocked is missing";
  if (blocked[0] != '/') return "blocked: a path begins with a slash";
  return NULL;
}

/* The answer says what is to be called; what is not asked for costs nothing. */
bool exports_tidegate_plugin_filter_configure(filter_plugin_string_t *config,
                                              exports_tidegate_plugin_filter_interest_t *ret,
                                              filter_plugin_string_t *err) {
  config_key_t keys[] = { {"blocked", NULL}, {"tag", NULL} };
  char *wrong = config_read((const char *)config->ptr, config->len, keys, 2);
  filter_plugin_string_free(config);
  if (wrong) {
    /* The message is the host's from here on. */
    filter_plugin_string_set(err, wrong);
    return false;
  }
  const char *refused = refusal(keys[0].value);
  if (refused) {
    filter_plugin_string_dup(err, refused);
    return false;
  }
  blocked = keys[0].value;
  for (size_t n = strlen(blocked); n > 0 && blocked[n - 1] == '/'; n--) blocked[n - 1] = '\0';
  if (keys[1].value) tag = keys[1].value;
  memset(ret, 0, sizeof *ret);
  ret->request = true;
  return true;
}

/* Whether a path is the blocked one or below it. */
static bool is_blocked(const filter_plugin_string_t *path) {
  size_t length = strlen(blocked);
  if (path->len < length || memcmp(path->ptr, blocked, length) != 0) return false;
  return path->len == length || path->ptr[length] == '/';
}

static void *allocate(size_t size) {
  void *memory = calloc(1, size);
  if (!memory) abort();
  return memory;
}

static void answer(verdict_t *ret, uint16_t status, const char *text) {
  ret->tag = EXPORTS_TIDEGATE_PLUGIN_FILTER_VERDICT_ANSWER;
  ret->val.answer.status = status;
  filter_plugin_string_t body;
  filter_plugin_string_dup(&body, text);
  ret->val.answer.body.ptr = body.ptr;
  ret->val.answer.body.len = body.len;
}

static void set_header(verdict_t *ret, const char *name, const char *value) {
  ret->tag = EXPORTS_TIDEGATE_PLUGIN_FILTER_VERDICT_EDIT;
  tidegate_plugin_types_header_edit_t *edit = allocate(sizeof *edit);
  edit->tag = TIDEGATE_PLUGIN_TYPES_HEADER_EDIT_SET;
  filter_plugin_string_dup(&edit->val.set.f0, name);
  filter_plugin_string_t copy;
  filter_plugin_string_dup(&copy, value);
  edit->val.set.f1.ptr = copy.ptr;
  edit->val.set.f1.len = copy.len;
  ret->val.edit.headers.ptr = edit;
  ret->val.edit.headers.len = 1;
}

void exports_tidegate_plugin_filter_on_request(verdict_t *ret) {
  memset(ret, 0, sizeof *ret);
  filter_plugin_string_t path;
  tidegate_plugin_request_path(&path);
  if (is_blocked(&path)) {
    answer(ret, 403, "not here\n");
  } else {
    set_header(ret, "x-tag", tag);
  }
  filter_plugin_string_free(&path);
}

/* Not asked for above, so not called; but the contract has them. */

void exports_tidegate_plugin_filter_on_request_body(filter_plugin_list_u8_t *chunk, bool last,
                                                    body_verdict_t *ret) {
  filter_plugin_list_u8_free(chunk);
  ret->tag = EXPORTS_TIDEGATE_PLUGIN_FILTER_BODY_VERDICT_PASS;
}

bool exports_tidegate_plugin_filter_on_response(
    exports_tidegate_plugin_filter_response_edits_t *ret) {
  return false;
}

void exports_tidegate_plugin_filter_on_response_body(filter_plugin_list_u8_t *chunk, bool last,
                                                     body_verdict_t *ret) {
  filter_plugin_list_u8_free(chunk);
  ret->tag = EXPORTS_TIDEGATE_PLUGIN_FILTER_BODY_VERDICT_PASS;
}
