/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What DRM clients have used from one sample to the next. A client may have any number of
 * descriptors in any number of processes: it counts once, for the first one that it is seen in.
 */
#ifndef TACHO_USER_GPU_DRM_CLIENTS_H
#define TACHO_USER_GPU_DRM_CLIENTS_H

#include "drm_fdinfo.h"

/* More are passed over. */
#define DRM_CLIENTS_MAX 1024

/* What some clients have of one device together. Zero-initialise. */
struct drm_share {
	struct drm_load {
		char engine[DRM_NAME_SZ];
		double percent;
	} loads[DRM_ENGINES_MAX];
	size_t load_cnt;
	bool any;
	bool memory_known;
	uint64_t memory_bytes;
};

/* The load of the busiest engine, at most 100: clients are not read at the same moment. False if no
 * load is known. */
bool drm_share__load(const struct drm_share *share, double *ret_percent);

struct drm_client;

/* Zero-initialise. */
struct drm_clients {
	struct drm_client *clients;
	size_t cnt;
	size_t capacity;
	uint64_t round;
	uint64_t now_ns;
};

void drm_clients__begin_round(struct drm_clients *clients, uint64_t now_ns);

/* Adds what the client has to both shares, unless it was taken in this round already. Its loads are
 * since the round before, if it was there. 0 or -ENOMEM. */
int drm_clients__take(struct drm_clients *clients, size_t device, const struct drm_fdinfo *info,
		      struct drm_share *process, struct drm_share *whole);

/* Forgets the clients that were not taken. */
void drm_clients__end_round(struct drm_clients *clients);

void drm_clients__free(struct drm_clients *clients);

#endif
