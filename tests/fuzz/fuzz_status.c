/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A status file, from any bytes: it is refused with a reason, or can be shown in both ways. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "status/show.h"
#include "status/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);

static void require(int holds)
{
	if (!holds)
		abort();
}

static void show(const struct shown_status *shown)
{
	FILE *out = fopen("/dev/null", "w");
	struct screen screen;
	json_t *json;

	require(out != NULL);
	screen__init(&screen, out);
	require(!status_show_text(shown, &screen));
	screen__free(&screen);
	fclose(out);
	json = status_show_json(shown);
	require(json != NULL);
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	struct status *status = NULL;
	struct fault why = {};

	if (status__parse((const char *)data, sz, &status, &why)) {
		require(!status && *why.text);
		return 0;
	}
	status__life(status, 1);
	for (enum status_life life = STATUS_RUNNING; life <= STATUS_GONE; life++) {
		const struct shown_status shown = { "x", status, life, 1795349529000000000 };

		show(&shown);
	}
	status__free(status);
	return 0;
}
