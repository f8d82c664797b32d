/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Functions of Python: which of them are wanted is told to the programs, which mark these; the
 * marks are recorded like any others. What is published follows what is recorded: it is there when
 * the probes are, changes with the settings, and goes with the feature flag.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../message.h"
#include "../plural.h"
#include "../service/python_selection.h"
#include "session_internal.h"

struct session_python {
	struct python_selection *selection; /* NULL: nothing can be published */
	char *published;		    /* the text; NULL: none */
	size_t published_sz;
};

static void tell(const struct fault *why)
{
	message("record: %s (programs in Python are not told which functions to mark)", why->text);
}

int session__open_python(struct session *s, struct fault *why)
{
	const char *folder = secure_getenv(PYTHON_SELECTION_VARIABLE);
	struct fault refused = {};

	if (s->python || !s->options->plan->reserved_labels)
		return 0;
	s->python = calloc(1, sizeof(*s->python));
	if (!s->python)
		return fault__set(why, -ENOMEM, "no memory");
	if (folder && !*folder)
		fault__set(&refused, -ENOENT, PYTHON_SELECTION_VARIABLE " is empty");
	else
		python_selection__open(folder ? folder : PYTHON_SELECTION_FOLDER,
				       &s->python->selection, &refused);
	if (!s->python->selection)
		tell(&refused);
	return 0;
}

int session__python_folder_fd(const struct session *s)
{
	return s->python && s->python->selection ? python_selection__folder_fd(s->python->selection)
						 : -1;
}

static void write_state(FILE *text, const struct planned_state *state)
{
	for (size_t i = 0; i < state->config->python_cnt; i++)
		fprintf(text, "%s:%s\t%s\n", state->config->pythons[i].binary,
			state->config->pythons[i].function, state->name);
}

/* Nothing at all if no function is wanted. */
static int make_text(const struct session *s, char **ret_text, size_t *ret_sz)
{
	const struct plan *plan = s->options->plan;
	FILE *text = open_memstream(ret_text, ret_sz);
	bool any = false;

	if (!text)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->state_cnt && !s->flag_off; i++) {
		if (!plan__is_python(plan, i) || s->states[i].retired)
			continue;
		if (!any)
			fputs(PYTHON_SELECTION_HEAD, text);
		any = true;
		write_state(text, &plan->states[i]);
	}
	if (!fclose(text))
		return 0;
	free(*ret_text);
	return -ENOMEM;
}

void session__publish_python(struct session *s)
{
	struct session_python *python = s->python;
	struct fault why = {};
	char *text;
	size_t sz;

	if (!python || !python->selection)
		return;
	if (make_text(s, &text, &sz)) {
		message("record: no memory");
		return;
	}
	if (sz == python->published_sz &&
	    !memcmp(text, python->published ? python->published : "", sz)) {
		free(text);
		return;
	}
	if (python_selection__publish(python->selection, text, sz, &why)) {
		tell(&why);
		free(text);
		return;
	}
	free(python->published);
	python->published = text;
	python->published_sz = sz;
}

void session__tell_uncalled_python(const struct session *s)
{
	const struct plan *plan = s->options->plan;
	const struct planned_state *first = NULL;
	struct recorder_state seen;
	size_t cnt = 0;

	for (uint32_t i = 0; i < s->state_cnt && !s->flag_off; i++) {
		if (!plan__is_python(plan, i) || s->states[i].retired ||
		    recorder__read_state(s->recorder, i, &seen) || seen.ledger.entries)
			continue;
		if (!cnt++)
			first = &plan->states[i];
	}
	if (cnt)
		message_info(
			"record: %zu state%s of Python functions without a call%s: %s (%s:%s); "
			"tacho.functions() says in a program which it marks, and why not",
			cnt, plural_s(cnt), plural(cnt, "", ", the first"), first->name,
			first->config->pythons->binary, first->config->pythons->function);
}

void session__close_python(struct session *s)
{
	if (!s->python)
		return;
	python_selection__close(s->python->selection);
	free(s->python->published);
	free(s->python);
	s->python = NULL;
}
