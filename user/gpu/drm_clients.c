/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "drm_clients.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1000000000.0

/* An engine as it was when the client last spoke of it. */
struct past {
	struct drm_engine engine;
	uint64_t time_ns;
};

struct drm_client {
	size_t device;
	uint64_t id; /* unique on its device */
	uint64_t round;
	uint64_t time_ns; /* of the round; 0: this one is its first */
	struct past pasts[DRM_ENGINES_MAX];
	size_t past_cnt;
};

/* --- shares --------------------------------------------------------------------------------- */

bool drm_share__load(const struct drm_share *share, double *ret_percent)
{
	double most = 0;

	for (size_t i = 0; i < share->load_cnt; i++) {
		if (share->loads[i].percent > most)
			most = share->loads[i].percent;
	}
	if (share->load_cnt)
		*ret_percent = most < 100 ? most : 100;
	return share->load_cnt;
}

static void add_load(struct drm_share *share, const char *engine, double percent)
{
	struct drm_load *load = share->loads;
	struct drm_load *end = load + share->load_cnt;

	while (load < end && strcmp(load->engine, engine))
		load++;
	if (load == end) {
		if (share->load_cnt == DRM_ENGINES_MAX)
			return;
		share->load_cnt++;
		*load = (struct drm_load) {};
		memcpy(load->engine, engine, sizeof(load->engine));
	}
	load->percent += percent;
}

static void add_memory(struct drm_share *share, const struct drm_fdinfo *info)
{
	share->any = true;
	if (!info->memory_known)
		return;
	share->memory_known = true;
	if (__builtin_add_overflow(share->memory_bytes, info->memory_bytes, &share->memory_bytes))
		share->memory_bytes = UINT64_MAX;
}

/* --- loads ---------------------------------------------------------------------------------- */

/* Counts may go back for a while; the larger one stays until they have caught up
 * (drm-usage-stats.rst). */
static void keep_larger(struct drm_engine *now, const struct drm_engine *before)
{
	if (now->busy_ns < before->busy_ns)
		now->busy_ns = before->busy_ns;
	if (now->cycles < before->cycles)
		now->cycles = before->cycles;
}

/* 100 when all there are of it were busy all the time. The time is preferred to the cycles at the
 * highest frequency, which a slow clock makes look idle; cycles of a total are as good as time. */
static bool engine_percent(const struct drm_engine *now, const struct drm_engine *before,
			   uint64_t elapsed_ns, double *ret_percent)
{
	unsigned int both = now->known & before->known;
	double busy = (double)(now->cycles - before->cycles);
	double elapsed = 0;

	if (both & DRM_ENGINE_BUSY) {
		busy = (double)(now->busy_ns - before->busy_ns);
		elapsed = (double)elapsed_ns;
	} else if (both & DRM_ENGINE_CYCLES && both & DRM_ENGINE_TOTAL_CYCLES) {
		if (now->total_cycles > before->total_cycles)
			elapsed = (double)(now->total_cycles - before->total_cycles);
	} else if (both & DRM_ENGINE_CYCLES && now->known & DRM_ENGINE_MAXIMUM) {
		elapsed = (double)elapsed_ns / NS_PER_S * (double)now->maximum_hz;
	}
	if (elapsed <= 0)
		return false;
	*ret_percent = 100 * busy / (elapsed * (double)now->capacity);
	return true;
}

static struct past *find_past(struct drm_client *client, const char *name)
{
	for (size_t i = 0; i < client->past_cnt; i++) {
		if (!strcmp(client->pasts[i].engine.name, name))
			return &client->pasts[i];
	}
	return NULL;
}

/*
 * amdgpu leaves out the engines that a client has not used (amdgpu_show_fdinfo): one that is new in
 * a client that is not was at 0. Other drivers leave it out while they do not count: then there is
 * more than can be of this time, and nothing follows.
 */
static struct past *add_past(struct drm_client *client)
{
	struct past *past;

	if (client->past_cnt == DRM_ENGINES_MAX)
		return NULL;
	past = &client->pasts[client->past_cnt++];
	*past = (struct past) { .engine.known = DRM_ENGINE_BUSY, .time_ns = client->time_ns };
	return past;
}

static void take_engine(struct drm_client *client, uint64_t now_ns, struct drm_engine engine,
			struct drm_share *process, struct drm_share *whole)
{
	struct past *past = find_past(client, engine.name);
	bool is_new = !past;
	double percent;

	if (is_new)
		past = add_past(client);
	if (!past)
		return;
	keep_larger(&engine, &past->engine);
	if (past->time_ns &&
	    engine_percent(&engine, &past->engine, now_ns - past->time_ns, &percent) &&
	    (!is_new || percent <= 100)) {
		add_load(process, engine.name, percent);
		add_load(whole, engine.name, percent);
	}
	*past = (struct past) { .engine = engine, .time_ns = now_ns };
}

/* --- clients -------------------------------------------------------------------------------- */

void drm_clients__begin_round(struct drm_clients *clients, uint64_t now_ns)
{
	clients->round++;
	clients->now_ns = now_ns;
}

static struct drm_client *find_client(const struct drm_clients *clients, size_t device, uint64_t id)
{
	for (size_t i = 0; i < clients->cnt; i++) {
		if (clients->clients[i].device == device && clients->clients[i].id == id)
			return &clients->clients[i];
	}
	return NULL;
}

static int make_room(struct drm_clients *clients)
{
	size_t capacity = clients->capacity ? 2 * clients->capacity : 8;
	struct drm_client *grown;

	if (clients->cnt < clients->capacity)
		return 0;
	grown = realloc(clients->clients, capacity * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	clients->clients = grown;
	clients->capacity = capacity;
	return 0;
}

int drm_clients__take(struct drm_clients *clients, size_t device, const struct drm_fdinfo *info,
		      struct drm_share *process, struct drm_share *whole)
{
	struct drm_client *client = find_client(clients, device, info->client_id);
	int err;

	if (client && client->round == clients->round)
		return 0;
	if (!client) {
		if (clients->cnt == DRM_CLIENTS_MAX)
			return 0;
		err = make_room(clients);
		if (err)
			return err;
		client = &clients->clients[clients->cnt++];
		*client = (struct drm_client) { .device = device, .id = info->client_id };
	}
	add_memory(process, info);
	add_memory(whole, info);
	for (size_t i = 0; i < info->engine_cnt; i++)
		take_engine(client, clients->now_ns, info->engines[i], process, whole);
	client->round = clients->round;
	client->time_ns = clients->now_ns;
	return 0;
}

void drm_clients__end_round(struct drm_clients *clients)
{
	size_t kept = 0;

	for (size_t i = 0; i < clients->cnt; i++) {
		if (clients->clients[i].round != clients->round)
			continue;
		if (kept != i)
			clients->clients[kept] = clients->clients[i];
		kept++;
	}
	clients->cnt = kept;
}

void drm_clients__free(struct drm_clients *clients)
{
	free(clients->clients);
	*clients = (struct drm_clients) {};
}
