/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * /proc/PID/fdinfo/FD of an open DRM device: what one client has used, as the kernel's
 * Documentation/gpu/drm-usage-stats.rst describes it.
 *
 *     drm-driver:	i915
 *     drm-client-id:	7
 *     drm-pdev:	0000:00:02.0
 *     drm-resident-system0:	4096 KiB
 *     drm-engine-render:	9288864723 ns
 *     drm-engine-capacity-video:	2
 */
#ifndef TACHO_USER_GPU_DRM_FDINFO_H
#define TACHO_USER_GPU_DRM_FDINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DRM_ENGINES_MAX 16 /* amdgpu has 10 (AMDGPU_HW_IP_NUM) */
#define DRM_REGIONS_MAX 16
#define DRM_NAME_SZ 32

enum drm_engine_known {
	DRM_ENGINE_BUSY = 1 << 0,
	DRM_ENGINE_CYCLES = 1 << 1,
	DRM_ENGINE_TOTAL_CYCLES = 1 << 2,
	DRM_ENGINE_MAXIMUM = 1 << 3,
};

/* All counts since the client began. */
struct drm_engine {
	char name[DRM_NAME_SZ];
	unsigned int known; /* enum drm_engine_known */
	uint64_t busy_ns;
	uint64_t cycles;       /* busy */
	uint64_t total_cycles; /* by the same clock, busy or not */
	uint64_t maximum_hz;
	uint64_t capacity; /* how many there are of it; 1 or more */
};

struct drm_fdinfo {
	char driver[DRM_NAME_SZ];
	char pdev[DRM_NAME_SZ]; /* PCI address; "": it has none */
	uint64_t client_id;
	struct drm_engine engines[DRM_ENGINES_MAX];
	size_t engine_cnt;
	bool memory_known;
	/* Of all regions: what is resident, or else what is allocated. What clients share counts in
	 * each of them. */
	uint64_t memory_bytes;
};

/* -ENOENT: not a DRM client, or one that cannot be told from its duplicates. Lines that are not as
 * described are passed over, and so are engines and regions beyond the limits. */
int drm_fdinfo__parse(const char *text, struct drm_fdinfo *ret_info);

#endif
