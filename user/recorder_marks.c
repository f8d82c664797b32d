/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What marks say: attributes of blocks, which are columns, and counters, which have a file. */
#include "recorder_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FAILURE_COLUMN "failure"

/* --- attributes ------------------------------------------------------------------------------ */

static int take_name(struct recorder *recorder, uint32_t number, const char *name,
		     struct fault *why)
{
	struct attribute *attribute = &recorder->attributes[number];
	int err = 0;

	attribute->name = strdup(name);
	if (!attribute->name)
		return fault__set(why, -ENOMEM, "no memory for another attribute");
	if (recorder->started)
		err = recorder__find_column(recorder, attribute->name, &attribute->column, why);
	if (err) {
		free(attribute->name);
		attribute->name = NULL;
		return -EBADMSG;
	}
	return 0;
}

int recorder__take_attribute(struct recorder *recorder, const struct event_attribute *event,
			     struct fault *why)
{
	if (recorder->attributes[event->number].name)
		return fault__set(why, -EBADMSG, "attribute %u comes twice", event->number);
	return take_name(recorder, event->number, event->name, why);
}

/* Its column is there when the first block has failed. */
static void want_failure_column(struct recorder *recorder)
{
	if (!recorder->attributes[TACHO_ATTRIBUTE_FAILURE].name)
		take_name(recorder, TACHO_ATTRIBUTE_FAILURE, FAILURE_COLUMN, NULL);
}

/* The place in the record may be a lie: then the text is what is there of it. */
static void format_text(const struct event_attributes *attributes, uint32_t i,
			char text[VALUE_TEXT_SZ])
{
	uint64_t at = attributes->values[i] & UINT32_MAX;
	uint64_t sz = attributes->values[i] >> 32;
	bool goes_on = attributes->truncated >> i & 1;
	const char *string = "";
	size_t there = 0;

	if (at < attributes->text_sz) {
		string = attributes->text + at;
		there = attributes->text_sz - at;
	}
	if (sz > there) {
		sz = there;
		goes_on = true;
	}
	value__format_string(string, (size_t)sz, goes_on, text);
}

void recorder__fill_attributes(struct recorder *recorder, const struct event_attributes *attributes)
{
	for (uint32_t i = 0; i <= TACHO_ATTRIBUTE_FAILURE; i++) {
		const struct attribute *attribute = &recorder->attributes[i];
		char *text = recorder->attribute_texts[i];

		if (!(attributes->set >> i & 1) || !attribute->name)
			continue;
		if (attributes->texts >> i & 1)
			format_text(attributes, i, text);
		else
			value__format(TACHO_VALUE_S64, attributes->values[i], text);
		recorder->captured[attribute->column] = text;
	}
}

void recorder__clear_attributes(struct recorder *recorder)
{
	for (uint32_t i = 0; i <= TACHO_ATTRIBUTE_FAILURE; i++) {
		if (recorder->attributes[i].name)
			recorder->captured[recorder->attributes[i].column] = NULL;
	}
}

int recorder__make_attribute_columns(struct recorder *recorder, struct fault *why)
{
	int err = 0;

	for (uint32_t i = 0; !err && i <= TACHO_ATTRIBUTE_FAILURE; i++) {
		struct attribute *attribute = &recorder->attributes[i];

		if (attribute->name)
			err = recorder__find_column(recorder, attribute->name, &attribute->column,
						    why);
	}
	return err;
}

void recorder__free_attributes(struct recorder *recorder)
{
	for (uint32_t i = 0; i <= TACHO_ATTRIBUTE_FAILURE; i++)
		free(recorder->attributes[i].name);
}

bool recorder__block_failed(const struct event_attributes *attributes)
{
	return attributes->set >> TACHO_ATTRIBUTE_FAILURE & 1;
}

void recorder__note_failure(struct recorder *recorder, const struct event *event)
{
	if (recorder__block_failed(&event->attributes))
		want_failure_column(recorder);
}

/* --- counters -------------------------------------------------------------------------------- */

int recorder__take_counter(struct recorder *recorder, const struct tacho_counter *event)
{
	const struct counter_row row = {
		.time_ns = recorder__wall_ns(recorder, event->time_ns),
		.pid = event->pid,
		.name = event->name,
		.delta = event->delta,
		.total = event->total,
	};

	if (event->time_ns > recorder->last_ns)
		recorder->last_ns = event->time_ns;
	for (size_t i = 0; i < recorder->output_cnt; i++) {
		const struct output *output = &recorder->outputs[i];

		if (!output->ops->counter)
			continue;
		if (output->ops->counter(output->sink, &row) < 0)
			recorder->counter_rows_lost++;
		else
			recorder->counter_rows++;
	}
	return 0;
}
