/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the files behind config.h share:
 *
 *	config.c              the struct and its states
 *	config_ini.c          files to lines to section, key and value
 *	config_keys.c         which sections there are, and what the keys of [state NAME] mean
 *	config_record.c       what the keys of [record] mean
 *	config_resources.c    what the keys of [resources] mean
 *	config_flag.c         what the keys of [feature-flag] mean
 *	config_marks.c        what the keys of [marks] mean
 *	config_same.c         whether two states mean the same
 *	config_environment.c  environment variables that override them
 *	config_functions.c    BINARY:FUNCTION
 *	config_python.c       `python =`
 *	config_values.c       SOURCE:TYPE, as captures, keys and failed-if have it
 *	config_captures.c     `capture =` and `key =`
 *	config_failed_if.c    `failed-if =`
 *	config_finish.c       what can only be checked when everything is read
 *	config_text.c         words, lists and hints
 *
 * Nobody else includes this.
 */
#ifndef TACHO_USER_CONFIG_INTERNAL_H
#define TACHO_USER_CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "fault.h"

#define CONFIG_STATE_MAX 4096
#define CONFIG_STATE_NAME_MAX 128

/* How much of a value a message repeats: the rest of the text has to stay readable, and behind a
 * file name the whole has to fit into a struct fault. */
#define CONFIG_SHOWN "%.200s"

/*
 * One key of a section. set gets the value without comment and white space around it; an empty one
 * means the default. Its why leaves out the place, which the caller puts in front; state is NULL in
 * a section that has no name.
 */
struct config_key {
	const char *name;
	int (*set)(struct config *config, struct state_config *state, const char *value,
		   const char *origin, struct fault *why);
	bool repeatable; /* may stand several times in one section */
};

struct config_section {
	const char *name;	       /* the first word between the brackets */
	const char *heading;	       /* as a user writes it, for messages */
	bool named;		       /* a second word follows: a state's name */
	const struct config_key *keys; /* ended by a name of NULL */
};

#define CONFIG_KEY_MAX 16 /* in one section */

#define CONFIG_SECTION_CNT 5
extern const struct config_section config_sections[CONFIG_SECTION_CNT];
extern const struct config_key config_record_keys[];
extern const struct config_key config_resources_keys[];
extern const struct config_key config_flag_keys[];
extern const struct config_key config_marks_keys[];

int config_flag__finish(struct feature_flag_config *flag, struct fault *why);
int config_marks__finish(struct config *config, struct fault *why);
void config_marks__clear(struct marks_config *marks);

/* Index into section->keys, or -EINVAL with why naming the nearest key. heading is how the section
 * reads in the file ("[state X]"). */
int config_section__find_key(const struct config_section *section, const char *heading,
			     const char *name, struct fault *why);

/* ---- words, lists and hints ---- */

/* "(did you mean 'x'?)", or "(valid: a, b, c)" when nothing is near. */
void config_hint(const char *word, const char *const *candidates, char *ret_text, size_t sz);

#define CONFIG_HINT_SZ 256

/* -ENOMEM with why. */
int config_no_memory(struct fault *why);

/* A copy of the sz bytes at text without the white space around them. */
char *config_copy_trimmed(const char *text, size_t sz);

/* A letter or '_', then letters, digits and '_'. */
bool config_is_identifier(const char *text);

/* A list as `key = a, b` has it. The list that was there is freed;
 * no items make it NULL. */
int config_list__set(char ***list, size_t *cnt, const char *text, struct fault *why);
void config_list__free(char **list, size_t cnt);

/* -ENOMEM leaves the old string. */
int config_string__set(char **string, const char *value);
/* An empty value becomes NULL. */
int config_string__set_optional(char **string, const char *value, struct fault *why);

/* Index of value in names (ended by NULL). An empty value is the first of them. */
int config_choose(const char *const *names, const char *value, unsigned int *ret_idx,
		  struct fault *why);

/* An empty value is no. */
int config_bool__parse(const char *value, bool *ret, struct fault *why);

/* -EINVAL with why: err is what parse_duration_ns made of the value, or -ERANGE. */
int config_refuse_duration(const char *value, int err, const char *range, struct fault *why);

/* ---- states ---- */

/* The state of this name, made if there is none. *ret_idx stays right when states are added. */
int config__want_state(struct config *config, const char *name, const char *origin, size_t *ret_idx,
		       struct fault *why);

/* A state's rate_limit until config__finish: as [record] says. */
#define CONFIG_RATE_LIMIT_UNSET UINT64_MAX
#define CONFIG_RATE_LIMIT_DEFAULT 100000
int config_rate_limit__parse(const char *value, uint64_t *ret_limit, struct fault *why);

/* What a list of functions has in each line. A ref that is refused is to be cleared all the same.
 */
typedef int (*function_ref_parser)(const char *text, struct function_ref *ref, struct fault *why);
int function_ref__parse(const char *text, struct function_ref *ref, struct fault *why);
int python_ref__parse(const char *text, struct function_ref *ref, struct fault *why);

int function_refs__add(struct function_ref **refs, size_t *cnt, function_ref_parser parse,
		       const char *text, const char *origin, struct fault *why);
void function_refs__clear(struct function_ref **refs, size_t *cnt);
/* The functions, begins and ends of a state: none twice. */
int config_check_functions_differ(const struct state_config *state, struct fault *why);
/* Of a state with python: nothing else that it has no use for. */
int config_check_python(const struct state_config *state, struct fault *why);

/* ---- processes ---- */

#define CONFIG_INTERVAL_MAX (24 * 3600 * 1000000000ULL)

int config_resources__set_defaults(struct resources_config *resources);

/* A list that config_list__free frees becomes the patterns, if each is one; else it is freed. */
int config_resources__take_patterns(struct resources_config *resources, char **patterns, size_t cnt,
				    struct fault *why);

/* ---- values ---- */

struct value_range {
	const char *type; /* its name */
	int64_t min;
	uint64_t max;
};

/* NULL for strings. TACHO_VALUE_NONE has the range of s64. */
const struct value_range *value_type__range(enum tacho_value_type type);

/* SOURCE[:TYPE]. Each use has sources and types of its own, which it checks itself. */
int value_ref__parse(const char *text, struct value_ref *ret_value, struct fault *why);
void value_ref__clear(struct value_ref *value);

/* SOURCE[:TYPE] as NAME, ... */
int captures__parse(const char *text, struct capture_config **ret_captures, size_t *ret_cnt,
		    struct fault *why);
void captures__free(struct capture_config *captures, size_t cnt);

/* SOURCE[:TYPE][, SOURCE[:TYPE]] */
int key__parse(const char *text, struct value_ref *ret_begin, struct value_ref *ret_end,
	       struct fault *why);

/* return[:TYPE] OPERATOR NUMBER; without an origin. */
int failed_if__parse(const char *text, struct failed_if_config *ret_failed_if, struct fault *why);

#define CONFIG_DEFAULT_FORMATS "opentrons, detail"

#endif
