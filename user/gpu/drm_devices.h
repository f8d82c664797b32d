/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The DRM devices of the machine that can render, and what sysfs says of them. */
#ifndef TACHO_USER_GPU_DRM_DEVICES_H
#define TACHO_USER_GPU_DRM_DEVICES_H

#include <limits.h>

#include "gpu_backend.h"

#define DRM_NODES_MAX 4 /* a device has card* and renderD*, on older kernels controlD* */
#define DRM_NODE_SZ 16

struct drm_device {
	struct gpu_identity identity;
	char path[PATH_MAX]; /* of its folder in sysfs */
	char nodes[DRM_NODES_MAX][DRM_NODE_SZ];
	size_t node_cnt;
	bool renders;
	char temperature_path[PATH_MAX]; /* "": it has none */
	bool lost;
};

/* Those without a render node are left out: they only show pictures. The array is the caller's. 0
 * or negative errno. */
int drm_devices__find(const char *root, struct drm_device **ret_devices, size_t *ret_cnt);

bool drm_device__has_node(const struct drm_device *device, const char *node);

/* Adds what the driver says: amdgpu says the most. A device that sleeps is let sleep. -ENODEV: it
 * is gone. */
int drm_device__read(const struct drm_device *device, struct gpu_usage *usage);

#endif
