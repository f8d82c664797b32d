/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the three files behind config.h share: config.c (the struct), config_ini.c (files to lines
 * to key and value) and config_keys.c (what each key means). Nobody else includes this.
 */
#ifndef TACHO_USER_CONFIG_INTERNAL_H
#define TACHO_USER_CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

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
	const char *name;    /* the first word between the brackets */
	const char *heading; /* as a user writes it, for messages */
	bool named;	     /* a second word follows: a state's name */
	const struct config_key *keys;
	size_t key_cnt;
};

#define CONFIG_KEY_MAX 16 /* in one section */

#define CONFIG_SECTION_CNT 2
extern const struct config_section config_sections[CONFIG_SECTION_CNT];

/* Index into section->keys, or -EINVAL with why naming the nearest key. heading is how the section
 * reads in the file ("[state X]"). */
int config_section__find_key(const struct config_section *section, const char *heading,
			     const char *name, struct fault *why);

/* "(did you mean 'x'?)", or "(valid: a, b, c)" when nothing is near. */
void config_hint(const char *word, const char *const *candidates, char *ret_text, size_t sz);

#define CONFIG_HINT_SZ 256

/* A copy of the sz bytes at text without the white space around them. */
char *config_copy_trimmed(const char *text, size_t sz);

/* A list as `key = a, b` has it. The list that was there is freed;
 * no items make it NULL. */
int config_list__set(char ***list, size_t *cnt, const char *text, struct fault *why);
void config_list__free(char **list, size_t cnt);

/* -ENOMEM leaves the old string. */
int config_string__set(char **string, const char *value);

/* The state of this name, made if there is none. *ret_idx stays right when states are added. */
int config__want_state(struct config *config, const char *name, const char *origin, size_t *ret_idx,
		       struct fault *why);

/* Adds BINARY:FUNCTION. */
int state_config__add_function(struct state_config *state, const char *text, const char *origin,
			       struct fault *why);
void state_config__clear_functions(struct state_config *state);

#define CONFIG_DEFAULT_FORMATS "opentrons, detail"

#endif
