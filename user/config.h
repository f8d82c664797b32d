/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The settings: INI text (and the same from the command line) to one struct, checked.
 *
 * Errors name file, line and the nearest valid word. Nothing here looks at the binaries that are
 * named: that is the planner's business.
 */
#ifndef TACHO_USER_CONFIG_H
#define TACHO_USER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"

#define CONFIG_DEFAULT_PATH "/etc/tacho/tacho.conf"
#define CONFIG_SYNC_NEVER UINT64_MAX

enum exit_choice { EXIT_AUTO, EXIT_SAFE, EXIT_FAST };

/* BINARY:FUNCTION as written, and where. */
struct function_ref {
	char *binary;
	char *function;
	char *origin; /* "FILE:LINE" or "-s", for messages */
};

struct state_config {
	char *name;
	char *origin;
	struct function_ref *functions;
	size_t function_cnt;
	char *process; /* glob on the command line, or NULL */
	enum exit_choice exit;
	bool enabled; /* chosen by `states =`, or named by -s */
};

struct config {
	char *directory; /* NULL: not set */
	char **formats;	 /* names that sink_ops__by_name knows */
	size_t format_cnt;
	char **state_globs; /* NULL: all */
	size_t state_glob_cnt;
	char *states_origin;   /* where `states =` stands, or NULL */
	uint64_t flush_ns;     /* > 0 */
	uint64_t sync_ns;      /* 0 = at each flush, CONFIG_SYNC_NEVER */
	uint64_t rotate_bytes; /* 0 = never */
	unsigned int rotate_keep;
	uint64_t ring_bytes;	     /* a power of two, at least one page */
	struct state_config *states; /* all of them, the disabled ones too */
	size_t state_cnt;
};

/* A config with the defaults and no states. Free with config__free. */
struct config *config__new(void);
void config__free(struct config *config);

/*
 * Reads path, then its drop-ins (path + ".d" / *.conf in byte order; a missing folder is fine).
 * Later files override earlier ones key by key; a list key (function) given again in a later file
 * for the same state adds to it, and an empty value clears the list first, as systemd does it.
 * 0, or negative errno with why ("FILE:LINE: ..."): -EINVAL for a mistake in the text, else what
 * reading the file gave.
 */
int config__load(struct config *config, const char *path, struct fault *why);

/* Adds NAME=BINARY:FUNCTION from the command line (a state of that name gains one function). */
int config__add_state(struct config *config, const char *text, struct fault *why);

/* To be called once, after the last load and add: checks what can only be checked at the end
 * (every state has a function, every glob of `states =` matches one), sets `enabled`. */
int config__finish(struct config *config, struct fault *why);

#endif
