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
#include "message.h"
#include "tacho/event.h"

#define CONFIG_DEFAULT_PATH "/etc/tacho/tacho.conf"
#define CONFIG_SYNC_NEVER UINT64_MAX
#define CONFIG_TEXT_SZ_DEFAULT 64 /* of a captured string, the NUL included */
#define CONFIG_COLUMNS_MAX 64	  /* of captures, different ones, over all enabled states */

enum exit_choice { EXIT_AUTO, EXIT_SAFE, EXIT_FAST };

/* BINARY:FUNCTION as written, and where. */
struct function_ref {
	char *binary;
	char *function;
	char *origin; /* "FILE:LINE" or "-s", for messages */
};

/* Where a value is read. */
enum value_source {
	VALUE_NONE,
	VALUE_ARGUMENT, /* argN: the N-th integer or pointer argument, or USDT argument */
	VALUE_NAMED,	/* an argument by its name in the debugging information */
	VALUE_RETURN,	/* what the function returns */
	VALUE_THREAD,	/* the thread's id; keys only */
};

struct value_ref {
	enum value_source source;
	unsigned int argument; /* 1 to 12 */
	char *argument_name;   /* VALUE_NAMED */
	/* TACHO_VALUE_NONE: as the debugging information says, or else the default */
	enum tacho_value_type type;
	unsigned int text_sz; /* STRING: how many bytes are kept, the NUL included; else 0 */
};

/* `capture = SOURCE[:TYPE] as NAME` */
struct capture_config {
	struct value_ref value;
	char *name; /* of the column */
};

/* `failed-if = return[:TYPE] OPERATOR NUMBER` */
struct failed_if_config {
	enum tacho_compare compare; /* TACHO_COMPARE_NONE: not set */
	enum tacho_value_type type; /* TACHO_VALUE_NONE: as above */
	/* The bits. Numbers beyond INT64_MAX only with an unsigned type: without a type this is
	 * what was written, sign and all. */
	int64_t operand;
	char *origin; /* "FILE:LINE", or NULL if it is not set */
};

enum place_choice { PLACE_AUTO, PLACE_SYMBOL };

struct state_config {
	char *name;
	char *origin;
	struct function_ref *functions; /* either these ... */
	size_t function_cnt;
	struct function_ref *pythons; /* ... or these of Python: binary is the module ... */
	size_t python_cnt;
	struct function_ref *begins; /* ... or a pair of places, matched by key */
	size_t begin_cnt;
	struct function_ref *ends;
	size_t end_cnt;
	struct value_ref begin_key; /* VALUE_NONE: one at a time in a process */
	struct value_ref end_key;
	char *key_origin; /* where `key =` stands, or NULL; likewise below */
	char *process;	  /* glob on the command line, or NULL */
	enum exit_choice exit;
	char *exit_origin;
	enum place_choice place;
	bool many; /* names may be globs, and overloads are taken all */
	struct capture_config *captures;
	size_t capture_cnt; /* <= TACHO_CAPTURES_MAX; their strings <= TACHO_TEXT_SZ together */
	char *captures_origin;
	struct failed_if_config failed_if;
	uint64_t rate_limit; /* rows a second; 0 = no limit; right after config__finish */
	bool enabled;	     /* chosen by `states =`, or named by -s */
};

/* `[feature-flag]`: record activities only while this is true. */
struct feature_flag_config {
	char *file;   /* an absolute path; NULL: there is no flag */
	char *key;    /* never NULL right after config__finish if there is one */
	char *origin; /* where the section has its first key, or NULL */
};

#define CONFIG_FLAG_KEY_DEFAULT "enablePerformanceMetrics"
#define CONFIG_FLAG_KEY_MAX 128

/* `[resources]`: which processes are recorded, and how often. */
struct resources_config {
	bool enabled;
	uint64_t interval_ns; /* 100 ms to a day */
	char **patterns;      /* at least one; each is fine with fnmatch__compile */
	size_t pattern_cnt;
	bool patterns_set; /* they are not the default */
	bool switched_off; /* by the environment: that there is nothing to record is wanted */
};

/* `[marks]`: labelled blocks and counters that programs mark themselves (tacho/mark.h). */
struct marks_config {
	bool enabled;	 /* right after config__finish */
	bool disabled;	 /* `enabled = no` */
	char **programs; /* files, or globs of files */
	size_t program_cnt;
	char **labels; /* globs, each fine with glob_compile; NULL: all */
	size_t label_cnt;
	char **cores; /* files, or globs of files: where else the Python package is */
	size_t core_cnt;
	bool python;   /* right after config__finish: functions of Python are recorded by marks */
	char *process; /* glob on the command line, or NULL */
	unsigned int limit; /* of different labels */
	char *origin;	    /* where the section has its first key, or NULL */
};

#define CONFIG_LABEL_LIMIT_DEFAULT 256

#define CONFIG_VARIABLE_CNT 5

struct config {
	char *directory;   /* NULL: not set */
	char *status_path; /* NULL: not set */
	char **formats;	   /* names that sink_ops__names lists */
	size_t format_cnt;
	char **state_globs; /* NULL: all */
	size_t state_glob_cnt;
	char *states_origin;   /* where `states =` stands, or NULL */
	uint64_t flush_ns;     /* > 0 */
	uint64_t sync_ns;      /* 0 = at each flush, CONFIG_SYNC_NEVER */
	uint64_t rotate_bytes; /* 0 = never */
	unsigned int rotate_keep;
	uint64_t rotate_age_ns; /* 0 = never */
	bool rotate_compress;
	uint64_t keep_bytes; /* 0 = no limit */
	uint64_t ring_bytes; /* a power of two, at least one page */
	uint64_t rate_limit; /* of states that do not say otherwise; 0 = no limit */
	bool debuginfod;     /* ask debuginfod servers for debugging information */
	struct resources_config resources;
	struct feature_flag_config flag;
	struct marks_config marks;
	enum message_level message_level;
	/* What the environment has overridden, a line each: "VARIABLE=VALUE overrides ..." */
	char *overrides[CONFIG_VARIABLE_CNT];
	size_t override_cnt;
	struct state_config *states; /* all of them, the disabled ones too */
	size_t state_cnt;
};

/* A config with the defaults and no states. Free with config__free. */
struct config *config__new(void);
void config__free(struct config *config);

/*
 * Reads path, then its drop-ins (path + ".d" / *.conf in byte order; a missing folder is fine).
 * Later files override earlier ones key by key; a list key (function, python, begin, end) given
 * again in a later file for the same state adds to it, and an empty value clears the list first, as
 * systemd does it. 0, or negative errno with why ("FILE:LINE: ..."): -EINVAL for a mistake in the
 * text, else what reading the file gave.
 */
int config__load(struct config *config, const char *path, struct fault *why);

/*
 * Are the two recorded the same way? Where they stand in the files, whether they are enabled and
 * their rate_limit do not count.
 */
bool state_config__same(const struct state_config *a, const struct state_config *b);

/* Are the same marks recorded in the same way? */
bool marks_config__same(const struct marks_config *a, const struct marks_config *b);

/* Are the same processes sampled, and as often? */
bool resources_config__same(const struct resources_config *a, const struct resources_config *b);

/* Is it the same flag, or none in both? */
bool feature_flag_config__same(const struct feature_flag_config *a,
			       const struct feature_flag_config *b);

bool config__same_directory(const struct config *a, const struct config *b);
bool config__same_formats(const struct config *a, const struct config *b);

/* The state as an object of its own; what stays behind is empty. NULL without memory. */
struct state_config *config__take_state(struct config *config, size_t index);
void state_config__free(struct state_config *state); /* NULL is fine */

/* Adds NAME=BINARY:FUNCTION from the command line (a state of that name gains one function). */
int config__add_state(struct config *config, const char *text, struct fault *why);

/*
 * The environment variables of the Opentrons tracker, OT_SYSTEM_RESOURCE_TRACKER_ENABLED,
 * _PROCESS_FILTERS, _REFRESH_INTERVAL, _STORAGE_DIR and _LOGGING_LEVEL, put over [resources],
 * the directory and message_level. To be called after the last load. They may hold what they may
 * hold there, and -EINVAL says in its words what is wrong with one; but nan and inf are no numbers,
 * and an interval beyond a day is a day. One that is set and empty is wrong.
 */
int config__apply_environment(struct config *config, struct fault *why);

/*
 * `-r` and `-r GLOB`: enables [resources]. The patterns replace those that are there. Without any,
 * those are kept that the files or the environment have set, and if they have not, it is all
 * processes. -EINVAL for a pattern that is too long.
 */
int config__want_resources(struct config *config, const char *const *patterns, size_t cnt,
			   struct fault *why);

/*
 * Is `return < 0` and the like right for a function that returns this type, as its debugging
 * information says? For a failed_if without a type of its own; the others were checked when they
 * were read. -EINVAL with why when the number is none of the type, or when the comparison would be
 * true, or false, of all its values.
 */
int failed_if_config__check(const struct failed_if_config *failed_if, enum tacho_value_type type,
			    struct fault *why);

/* To be called once, after the last load and add: checks what can only be checked at the end
 * (there are states, or [resources] or [marks] is enabled, or the former is switched off by the
 * environment; every state has functions or a pair of places, and no key that the one or the other
 * has no use for; every glob of `states =` matches a state; the columns are not too many), sets
 * `enabled` and each state's rate_limit. */
int config__finish(struct config *config, struct fault *why);

#endif
