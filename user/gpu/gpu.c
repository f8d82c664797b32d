/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "gpu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpu_backend.h"

/* A device that an earlier one has is not taken by a later one. */
static const struct gpu_backend *const backends[] = { &nvml_backend, &drm_backend };

#define BACKEND_CNT (sizeof(backends) / sizeof(backends[0]))

struct gpus {
	struct gpus_options options;
	void *opened[BACKEND_CNT];	/* NULL: no device for it */
	struct fault none[BACKEND_CNT]; /* why not */
};

int gpus__open(const struct gpus_options *options, struct gpus **ret_gpus, struct fault *why)
{
	struct gpus *gpus = calloc(1, sizeof(*gpus));
	int err = gpus ? 0 : -ENOMEM;

	if (gpus && options)
		gpus->options = *options;
	if (gpus && !gpus->options.root)
		gpus->options.root = "";
	for (size_t i = 0; !err && i < BACKEND_CNT; i++) {
		err = backends[i]->open(&gpus->options, gpus, &gpus->opened[i], &gpus->none[i]);
		if (err == -ENODEV)
			err = 0;
	}
	if (err) {
		gpus__free(gpus);
		return fault__set(why, err, "GPUs: %s", strerror(-err));
	}
	*ret_gpus = gpus;
	return 0;
}

bool gpus__any(const struct gpus *gpus)
{
	for (size_t i = 0; i < BACKEND_CNT; i++) {
		if (gpus->opened[i])
			return true;
	}
	return false;
}

bool gpus__has(const struct gpus *gpus, const char *device)
{
	const struct gpu_identity *identity;

	for (size_t i = 0; i < BACKEND_CNT; i++) {
		for (size_t j = 0; gpus->opened[i] && j < backends[i]->device_cnt(gpus->opened[i]);
		     j++) {
			identity = backends[i]->device(gpus->opened[i], j);
			if (!strcmp(identity->device, device))
				return true;
		}
	}
	return false;
}

int gpus__sample(struct gpus *gpus, uint64_t now_ns, const pid_t *pids, size_t pid_cnt,
		 int (*each)(void *ctx, const struct gpu_usage *usage), void *ctx)
{
	const struct gpu_round round = {
		.now_ns = now_ns, .pids = pids, .pid_cnt = pid_cnt, .each = each, .ctx = ctx
	};
	int err = 0;

	for (size_t i = 0; !err && i < BACKEND_CNT; i++) {
		if (gpus->opened[i])
			err = backends[i]->sample(gpus->opened[i], &round);
	}
	return err;
}

/* --- for the backends ----------------------------------------------------------------------- */

int gpu_round__row(const struct gpu_round *round, const struct gpu_identity *identity,
		   struct gpu_usage *usage)
{
	if (!usage->known)
		return 0;
	usage->time_ns = round->now_ns;
	usage->device = identity->device;
	usage->name = identity->name;
	usage->driver = identity->driver;
	return round->each(round->ctx, usage);
}

void gpus_options__tell_lost(const struct gpus_options *options,
			     const struct gpu_identity *identity, const char *why)
{
	struct fault text;

	fault__set(&text, 0, "GPU %s (%s): %s; there are no more rows of it", identity->device,
		   *identity->name ? identity->name : identity->driver, why);
	if (options->notice)
		options->notice(options->notice_ctx, text.text);
}

/* --- in words ------------------------------------------------------------------------------- */

struct line {
	char *text;
	size_t sz;
	size_t used;
};

static void line__add(struct line *line, const char *separator, const char *part)
{
	int sz = snprintf(line->text + line->used, line->sz - line->used, "%s%s",
			  line->used ? separator : "", part);

	if (sz > 0)
		line->used += (size_t)sz;
	if (line->used >= line->sz)
		line->used = line->sz - 1;
}

static void describe_devices(const struct gpu_backend *backend, const void *opened,
			     struct line *line)
{
	const struct gpu_identity *identity;
	char part[sizeof(*identity) + 32];

	for (size_t i = 0; i < backend->device_cnt(opened); i++) {
		identity = backend->device(opened, i);
		snprintf(part, sizeof(part), "%s (%s) by %s",
			 *identity->name ? identity->name : identity->driver, identity->device,
			 backend->name);
		line__add(line, "; ", part);
	}
}

void gpus__describe(const struct gpus *gpus, char *text, size_t sz)
{
	struct line line = { .text = text, .sz = sz };
	bool any = gpus__any(gpus);

	if (!sz)
		return;
	*text = '\0';
	for (size_t i = 0; i < BACKEND_CNT; i++) {
		if (gpus->opened[i])
			describe_devices(backends[i], gpus->opened[i], &line);
		else if (!any)
			line__add(&line, ", ", gpus->none[i].text);
	}
	if (!any && line.used + strlen("none: ") < sz) {
		memmove(text + strlen("none: "), text, line.used + 1);
		memcpy(text, "none: ", strlen("none: "));
	}
}

void gpus__free(struct gpus *gpus)
{
	if (!gpus)
		return;
	for (size_t i = 0; i < BACKEND_CNT; i++) {
		if (gpus->opened[i])
			backends[i]->free(gpus->opened[i]);
	}
	free(gpus);
}
