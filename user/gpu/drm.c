/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * GPUs by the kernel's DRM drivers. What a device says of itself is in sysfs. What processes have
 * of it is in the fdinfo of their descriptors, and is counted by the driver: nothing is asked of
 * the device.
 *
 * Where a driver does not say how busy its device is, the load of the device is what the processes
 * looked at have caused, of the engine that they have kept busiest.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../proc_text.h"
#include "drm_clients.h"
#include "drm_devices.h"

#define NODES_FOLDER "/dev/dri/"
#define FDINFO_SZ 16384

/* A process may have as many descriptors as it likes; we have other things to do. */
#define FDS_MAX 8192
#define DRM_FDS_MAX 256

struct drm {
	const struct gpus_options *options;
	struct drm_device *devices;
	size_t device_cnt;
	struct drm_clients clients;
	struct drm_share *whole;   /* for each device: all clients in this round */
	struct drm_share *process; /* ... those of one process */
};

static void drm_free(void *backend)
{
	struct drm *drm = backend;

	if (!drm)
		return;
	drm_clients__free(&drm->clients);
	free(drm->whole);
	free(drm->process);
	free(drm->devices);
	free(drm);
}

/* What the library tells of a device is more than the driver's text does. */
static void leave_out_known(struct drm *drm, const struct gpus *gpus)
{
	size_t kept = 0;

	for (size_t i = 0; i < drm->device_cnt; i++) {
		if (gpus__has(gpus, drm->devices[i].identity.device))
			continue;
		if (kept != i)
			drm->devices[kept] = drm->devices[i];
		kept++;
	}
	drm->device_cnt = kept;
}

static int drm_open(const struct gpus_options *options, const struct gpus *gpus, void **ret_backend,
		    struct fault *none)
{
	struct drm *drm = calloc(1, sizeof(*drm));
	int err;

	if (!drm)
		return -ENOMEM;
	drm->options = options;
	err = drm_devices__find(options->root, &drm->devices, &drm->device_cnt);
	if (!err)
		leave_out_known(drm, gpus);
	if (!err && drm->device_cnt) {
		drm->whole = calloc(drm->device_cnt, sizeof(*drm->whole));
		drm->process = calloc(drm->device_cnt, sizeof(*drm->process));
		if (!drm->whole || !drm->process)
			err = -ENOMEM;
	}
	if (!err && drm->device_cnt) {
		*ret_backend = drm;
		return 0;
	}
	drm_free(drm);
	return err == -ENOMEM ? err : fault__set(none, -ENODEV, "no DRM device");
}

static size_t drm_device_cnt(const void *backend)
{
	return ((const struct drm *)backend)->device_cnt;
}

static const struct gpu_identity *drm_device(const void *backend, size_t i)
{
	return &((const struct drm *)backend)->devices[i].identity;
}

/* --- processes ------------------------------------------------------------------------------ */

/* By the address that the driver gives. Devices that are not on a PCI bus have none: by the node
 * that was opened. device_cnt: it is none of ours. */
static size_t find_device(const struct drm *drm, const struct drm_fdinfo *info, const char *node)
{
	size_t i;

	for (i = 0; i < drm->device_cnt; i++) {
		if (*info->pdev ? !strcmp(drm->devices[i].identity.device, info->pdev)
				: drm_device__has_node(&drm->devices[i], node))
			break;
	}
	return i;
}

static int take_client(struct drm *drm, pid_t pid, const char *fd, const char *node)
{
	char path[PATH_MAX], text[FDINFO_SZ];
	struct drm_fdinfo info;
	char *last_line;
	size_t device;

	if ((size_t)snprintf(path, sizeof(path), "%s/proc/%d/fdinfo/%s", drm->options->root, pid,
			     fd) >= sizeof(path) ||
	    proc_text__read(path, text, sizeof(text)))
		return 0; /* it has just been closed */
	last_line = strrchr(text, '\n');
	if (strlen(text) == sizeof(text) - 1 && last_line)
		*last_line = '\0'; /* half a number is another number */
	if (drm_fdinfo__parse(text, &info))
		return 0;
	device = find_device(drm, &info, node);
	if (device == drm->device_cnt)
		return 0;
	return drm_clients__take(&drm->clients, device, &info, &drm->process[device],
				 &drm->whole[device]);
}

/* The node's name if the descriptor is of one, as far as its link tells; what it really is shows in
 * its fdinfo. */
static bool is_node(int dir, const char *fd, char *node, size_t sz)
{
	char target[sizeof(NODES_FOLDER) + DRM_NODE_SZ];
	ssize_t target_sz = readlinkat(dir, fd, target, sizeof(target));
	size_t prefix_sz = strlen(NODES_FOLDER);

	if (target_sz <= (ssize_t)prefix_sz || target_sz == sizeof(target) ||
	    memcmp(target, NODES_FOLDER, prefix_sz))
		return false;
	target[target_sz] = '\0';
	return (size_t)snprintf(node, sz, "%s", target + prefix_sz) < sz;
}

/* A process that may not be looked into has nothing, as one that has ended. */
static int take_process(struct drm *drm, pid_t pid)
{
	char path[PATH_MAX], node[DRM_NODE_SZ];
	size_t fd_cnt = 0, drm_fd_cnt = 0;
	struct dirent *entry;
	DIR *dir;
	int err = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s/proc/%d/fd", drm->options->root, pid) >=
	    sizeof(path))
		return 0;
	dir = opendir(path);
	if (!dir)
		return 0;
	while (!err && fd_cnt < FDS_MAX && drm_fd_cnt < DRM_FDS_MAX && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		fd_cnt++;
		if (!is_node(dirfd(dir), entry->d_name, node, sizeof(node)))
			continue;
		drm_fd_cnt++;
		err = take_client(drm, pid, entry->d_name, node);
	}
	closedir(dir);
	return err;
}

static int put_processes(const struct drm *drm, const struct gpu_round *round, pid_t pid)
{
	int err = 0;

	for (size_t i = 0; !err && i < drm->device_cnt; i++) {
		const struct drm_share *share = &drm->process[i];
		struct gpu_usage usage = { .pid = pid, .memory_used_bytes = share->memory_bytes };

		if (share->memory_known)
			usage.known |= GPU_KNOWS_MEMORY_USED;
		if (drm_share__load(share, &usage.load_percent))
			usage.known |= GPU_KNOWS_LOAD;
		if (!drm->devices[i].lost)
			err = gpu_round__row(round, &drm->devices[i].identity, &usage);
	}
	return err;
}

/* --- a sample ------------------------------------------------------------------------------- */

static int put_device(struct drm *drm, const struct gpu_round *round, size_t i)
{
	struct drm_device *device = &drm->devices[i];
	struct gpu_usage usage = {};

	if (device->lost)
		return 0;
	if (drm_device__read(device, &usage)) {
		device->lost = true;
		gpus_options__tell_lost(drm->options, &device->identity, "the device is gone");
		return 0;
	}
	if (!(usage.known & GPU_KNOWS_LOAD) && drm_share__load(&drm->whole[i], &usage.load_percent))
		usage.known |= GPU_KNOWS_LOAD;
	return gpu_round__row(round, &device->identity, &usage);
}

static int drm_sample(void *backend, const struct gpu_round *round)
{
	struct drm *drm = backend;
	int err = 0;

	drm_clients__begin_round(&drm->clients, round->now_ns);
	memset(drm->whole, 0, drm->device_cnt * sizeof(*drm->whole));
	for (size_t i = 0; !err && i < round->pid_cnt; i++) {
		memset(drm->process, 0, drm->device_cnt * sizeof(*drm->process));
		err = take_process(drm, round->pids[i]);
		if (!err)
			err = put_processes(drm, round, round->pids[i]);
	}
	if (!err)
		drm_clients__end_round(&drm->clients);
	for (size_t i = 0; !err && i < drm->device_cnt; i++)
		err = put_device(drm, round, i);
	return err;
}

const struct gpu_backend drm_backend = {
	.name = "DRM",
	.open = drm_open,
	.device_cnt = drm_device_cnt,
	.device = drm_device,
	.sample = drm_sample,
	.free = drm_free,
};
