/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Labels and attributes of marks, which nobody knows before the kernel has seen them: declared when
 * they are first heard of, so that what is said of them in the stream comes behind.
 *
 * The kernel does not tell of new labels: a record may be lost, and on another CPU the first call
 * may overtake it. Their names are in a map, where they are looked up when a record has a number
 * that is new, and before each flush.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "../encode.h"
#include "../message.h"
#include "session_internal.h"

#define OTHER_LABELS "other"
#define NO_LABEL "unlabelled" /* an empty text */
#define NO_PROBE UINT32_MAX
/* A name is in its place some instructions after its number is given away. */
#define LOOKS_MAX 1000

struct session_marks {
	uint32_t *probes; /* the plan's probe of each of the kernel's labels, or NO_PROBE */
	size_t label_cnt; /* there is room for */
	bool attributes[TACHO_ATTRIBUTES_MAX]; /* declared */
	bool told_other;
	bool told_trouble;
};

int session__open_marks(struct session *s, struct fault *why)
{
	const struct plan *plan = s->options->plan;
	struct session_marks *marks;

	if (s->marks || !plan->has_marks)
		return 0;
	marks = calloc(1, sizeof(*marks));
	if (!marks)
		return fault__set(why, -ENOMEM, "no memory");
	s->marks = marks;
	marks->label_cnt = plan->reserved_labels + s->config->marks.limit + 1;
	marks->probes = malloc(marks->label_cnt * sizeof(*marks->probes));
	if (!marks->probes)
		return fault__set(why, -ENOMEM, "no memory");
	memset(marks->probes, 0xff, marks->label_cnt * sizeof(*marks->probes));
	return 0;
}

void session__close_marks(struct session *s)
{
	if (s->marks)
		free(s->marks->probes);
	free(s->marks);
	s->marks = NULL;
}

size_t session__labels_max(const struct session *s)
{
	return s->marks ? s->marks->label_cnt : 0;
}

bool session__is_of_marks(const struct session *s, size_t state)
{
	const struct plan *plan = s->options->plan;

	return plan__is_marks(plan, state) ||
	       (plan->states[state].label && !plan__is_python(plan, state));
}

/* --- labels ---------------------------------------------------------------------------------- */

static const char *shown_label(const struct session *s, uint32_t label,
			       const struct tacho_label_name *name)
{
	if (label == s->marks->label_cnt - 1)
		return OTHER_LABELS;
	return *name->text ? name->text : NO_LABEL;
}

static void tell_other(struct session *s, uint32_t label)
{
	const struct message_subject subject = { .state = OTHER_LABELS };

	if (label != s->marks->label_cnt - 1 || s->marks->told_other)
		return;
	s->marks->told_other = true;
	message_about(&subject, MESSAGE_WARNING,
		      "record: marks: more than %zu labels: the others are recorded as '%s' (limit "
		      "in [marks])",
		      s->marks->label_cnt - 1 - s->options->plan->reserved_labels, OTHER_LABELS);
}

static int declare_label(struct session *s, uint32_t label, const struct tacho_label_name *name)
{
	struct plan *plan = s->options->plan;
	const struct planned_label planned = {
		.number = label,
		.site = name->probe,
		.text = shown_label(s, label, name),
	};
	size_t before = plan->state_cnt;
	struct fault why = {};
	int err;

	err = plan__add_label(plan, &planned);
	if (!err)
		err = session__grow_states(s, &why);
	if (!err)
		err = session__put_new_states(s);
	if (!err)
		err = session__put_new_probes(s);
	if (!err && s->follow) /* not at the end */
		err = session__prepare_attaching(s, &why);
	if (err)
		return err;
	if (plan->state_cnt > before)
		s->states[before].retired = s->states[plan->marks_state].retired;
	s->marks->probes[label] = plan->probe_cnt - 1;
	tell_other(s, label);
	return 0;
}

static int want_label(struct session *s, uint32_t label)
{
	struct tacho_label_name name = {};
	int err = -ENOENT;

	if (s->marks->probes[label] != NO_PROBE)
		return 0;
	for (int i = 0; err && i < LOOKS_MAX; i++) {
		if (i)
			sched_yield();
		if (!prober__read_label(s->prober, label, &name) && name.known)
			err = 0;
	}
	name.text[sizeof(name.text) - 1] = '\0';
	if (!err)
		err = declare_label(s, label, &name);
	if (err && !s->marks->told_trouble) {
		s->marks->told_trouble = true;
		message("record: marks: a label cannot be recorded: %s", strerror(-err));
	}
	return err;
}

void session__put_new_labels(struct session *s)
{
	size_t cnt = s->marks ? prober__label_cnt(s->prober) : 0;

	for (uint32_t i = 0; i < cnt && i < s->marks->label_cnt; i++) {
		if (s->marks->probes[i] == NO_PROBE && prober__label_is_used(s->prober, i))
			want_label(s, i);
	}
}

/* --- attributes ------------------------------------------------------------------------------ */

static void declare_attribute(struct session *s, uint32_t attribute, bool must_be)
{
	struct tacho_attribute_name name = {};

	for (int i = 0; !name.known && i < (must_be ? LOOKS_MAX : 1); i++) {
		if (i)
			sched_yield();
		if (prober__read_attribute(s->prober, attribute, &name))
			return;
	}
	name.text[sizeof(name.text) - 1] = '\0';
	if (!name.known || encode_attribute(session__put, s, attribute, name.text))
		return;
	s->marks->attributes[attribute] = true;
}

/* All that there are at once: a new column begins a new file. */
static void want_attributes(struct session *s, const struct tacho_activity *activity, size_t sz)
{
	size_t usage_sz = activity->flags & TACHO_ACTIVITY_USAGE ? sizeof(struct tacho_usage) : 0;
	const struct tacho_attributes *attributes =
		(const void *)((const char *)(activity + 1) + usage_sz);

	bool any = false;

	if (sz < sizeof(*activity) + usage_sz + TACHO_ATTRIBUTES_SZ)
		return;
	for (uint32_t i = 0; i < TACHO_ATTRIBUTES_MAX; i++)
		any |= attributes->set >> i & 1 && !s->marks->attributes[i];
	for (uint32_t i = 0; any && i < TACHO_ATTRIBUTES_MAX; i++) {
		if (!s->marks->attributes[i])
			declare_attribute(s, i, attributes->set >> i & 1);
	}
}

/* --- records --------------------------------------------------------------------------------- */

bool session__is_marked(const void *data, size_t sz)
{
	const struct tacho_activity *activity = data;

	return sz >= sizeof(*activity) && activity->head.kind == TACHO_RECORD_ACTIVITY &&
	       activity->probe & TACHO_PROBE_LABEL;
}

void session__put_marked(struct session *s, const void *data, size_t sz)
{
	_Alignas(8) char copy[sizeof(struct tacho_activity) + sizeof(struct tacho_usage) +
			      sizeof(struct tacho_attributes)];
	struct tacho_activity *activity = (void *)copy;
	uint32_t label;

	if (!s->marks || sz > sizeof(copy))
		return;
	memcpy(copy, data, sz); /* the ring cannot be written to */
	label = activity->probe & ~TACHO_PROBE_LABEL;
	if (label >= s->marks->label_cnt || want_label(s, label))
		return;
	activity->probe = s->marks->probes[label];
	if (activity->flags & TACHO_ACTIVITY_ATTRIBUTES)
		want_attributes(s, activity, sz);
	session__put(s, copy, sz);
}
