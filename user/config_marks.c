/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keys of [marks]. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"
#include "parse.h"
#include "select.h"
#include "tacho/probe.h"

static int note_origin(struct config *config, const char *origin, struct fault *why)
{
	if (config->marks.origin)
		return 0;
	return config_string__set(&config->marks.origin, origin) ? config_no_memory(why) : 0;
}

static int set_enabled(struct config *config, struct state_config *state, const char *value,
		       const char *origin, struct fault *why)
{
	bool enabled;
	int err;

	(void)state;
	err = config_bool__parse(*value ? value : "yes", &enabled, why);
	if (err)
		return err;
	config->marks.disabled = !enabled;
	return note_origin(config, origin, why);
}

static int set_programs(struct config *config, struct state_config *state, const char *value,
			const char *origin, struct fault *why)
{
	int err;

	(void)state;
	err = config_list__set(&config->marks.programs, &config->marks.program_cnt, value, why);
	return err ? err : note_origin(config, origin, why);
}

static int set_cores(struct config *config, struct state_config *state, const char *value,
		     const char *origin, struct fault *why)
{
	int err;

	(void)state;
	err = config_list__set(&config->marks.cores, &config->marks.core_cnt, value, why);
	return err ? err : note_origin(config, origin, why);
}

static int check_globs(char **globs, size_t cnt, struct fault *why)
{
	struct tacho_glob glob;
	int err = 0;

	if (cnt > TACHO_LABEL_GLOBS_MAX)
		return fault__set(why, -EINVAL, "the list has more than %d items",
				  TACHO_LABEL_GLOBS_MAX);
	for (size_t i = 0; i < cnt && !err; i++)
		err = glob_compile(globs[i], &glob, why);
	return err == -E2BIG ? -EINVAL : err;
}

static int set_labels(struct config *config, struct state_config *state, const char *value,
		      const char *origin, struct fault *why)
{
	struct marks_config *marks = &config->marks;
	char **globs = NULL;
	size_t cnt = 0;
	int err;

	(void)state;
	err = config_list__set(&globs, &cnt, value, why);
	if (!err)
		err = check_globs(globs, cnt, why);
	if (err) {
		config_list__free(globs, cnt);
		return err;
	}
	config_list__free(marks->labels, marks->label_cnt);
	marks->labels = globs;
	marks->label_cnt = cnt;
	return note_origin(config, origin, why);
}

static int set_process(struct config *config, struct state_config *state, const char *value,
		       const char *origin, struct fault *why)
{
	int err;

	(void)state;
	err = config_string__set_optional(&config->marks.process, value, why);
	return err ? err : note_origin(config, origin, why);
}

static int set_limit(struct config *config, struct state_config *state, const char *value,
		     const char *origin, struct fault *why)
{
	uint64_t limit = CONFIG_LABEL_LIMIT_DEFAULT;

	(void)state;
	if (*value && parse_u64(value, 1, TACHO_LABELS_MAX, &limit))
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "' is not a number of labels from 1 to %d",
				  value, TACHO_LABELS_MAX);
	config->marks.limit = limit;
	return note_origin(config, origin, why);
}

static bool has_python(const struct config *config)
{
	for (size_t i = 0; i < config->state_cnt; i++) {
		if (config->states[i].python_cnt)
			return true;
	}
	return false;
}

/* States of Python functions are recorded by the marks of the package, and need no programs. */
int config_marks__finish(struct config *config, struct fault *why)
{
	struct marks_config *marks = &config->marks;

	if (!marks->limit)
		marks->limit = CONFIG_LABEL_LIMIT_DEFAULT;
	if (marks->origin && !marks->program_cnt && !marks->core_cnt && !marks->disabled &&
	    !has_python(config))
		return fault__set(why, -EINVAL,
				  "%s: [marks] needs files to look into (add programs = PATH)",
				  marks->origin);
	marks->enabled = marks->program_cnt && !marks->disabled;
	return 0;
}

void config_marks__clear(struct marks_config *marks)
{
	config_list__free(marks->programs, marks->program_cnt);
	config_list__free(marks->labels, marks->label_cnt);
	config_list__free(marks->cores, marks->core_cnt);
	free(marks->process);
	free(marks->origin);
	*marks = (struct marks_config) {};
}

const struct config_key config_marks_keys[] = {
	{ "enabled", set_enabled, false },
	{ "programs", set_programs, false },
	{ "labels", set_labels, false },
	{ "process", set_process, false },
	{ "limit", set_limit, false },
	{ "python-core", set_cores, false },
	{},
};
