/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Documentation/gpu/amdgpu/driver-misc.rst and thermal.rst,
 * Documentation/hwmon/sysfs-interface.rst, Documentation/ABI/testing/sysfs-devices-power. */
#include "drm_devices.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../proc_text.h"
#include "../parse.h"

#define DIGITS "0123456789"
#define TEXT_SZ 4096 /* sysfs gives a page */

/* False if it does not fit. */
static bool join(char *path, size_t sz, const char *folder, const char *name)
{
	return (size_t)snprintf(path, sz, "%s/%s", folder, name) < sz;
}

static int read_at(const char *folder, const char *name, char *text, size_t sz)
{
	char path[PATH_MAX];

	return join(path, sizeof(path), folder, name) ? proc_text__read(path, text, sz)
						      : -ENAMETOOLONG;
}

/* --- finding -------------------------------------------------------------------------------- */

/* "card0", but not "card0-HDMI-A-1", which is a connector. */
static bool is_numbered(const char *name, const char *prefix)
{
	size_t sz = strlen(prefix);

	return !strncmp(name, prefix, sz) && name[sz] && !name[sz + strspn(name + sz, DIGITS)];
}

/* The name of what a link leads to. */
static int link_name(const char *path, char *name, size_t sz)
{
	char target[PATH_MAX];
	ssize_t target_sz = readlink(path, target, sizeof(target) - 1);
	const char *last;

	if (target_sz < 0)
		return -errno;
	target[target_sz] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (!*last || strlen(last) >= sz)
		return -EINVAL;
	memcpy(name, last, strlen(last) + 1);
	return 0;
}

/* The value of "KEY=value"; the buffer is untouched if there is none, or if it does not fit. */
static bool uevent_value(const char *uevent, const char *key, char *value, size_t sz)
{
	size_t key_sz = strlen(key), value_sz;
	const char *line = uevent;

	while (strncmp(line, key, key_sz) || line[key_sz] != '=') {
		line = strchr(line, '\n');
		if (!line)
			return false;
		line++;
	}
	line += key_sz + 1;
	value_sz = strcspn(line, "\n");
	if (!value_sz || value_sz >= sz)
		return false;
	memcpy(value, line, value_sz);
	value[value_sz] = '\0';
	return true;
}

/* Few drivers have a name for people. */
static void name_device(struct drm_device *device)
{
	struct gpu_identity *identity = &device->identity;
	char uevent[TEXT_SZ];

	if (read_at(device->path, "uevent", uevent, sizeof(uevent)))
		*uevent = '\0';
	uevent_value(uevent, "DRIVER", identity->driver, sizeof(identity->driver));
	if (!read_at(device->path, "product_name", identity->name, sizeof(identity->name)) &&
	    *identity->name)
		return;
	if (!uevent_value(uevent, "PCI_ID", identity->name, sizeof(identity->name)))
		uevent_value(uevent, "OF_COMPATIBLE_0", identity->name, sizeof(identity->name));
}

/* A sensor's first temperature, or the second one: xe has no first. */
static bool find_temperature_in(struct drm_device *device, const char *folder)
{
	static const char *const names[] = { "temp1_input", "temp2_input" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (join(device->temperature_path, sizeof(device->temperature_path), folder,
			 names[i]) &&
		    !access(device->temperature_path, F_OK))
			return true;
	}
	*device->temperature_path = '\0';
	return false;
}

static void find_temperature(struct drm_device *device)
{
	char folder[PATH_MAX], sensor[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	if (!join(folder, sizeof(folder), device->path, "hwmon"))
		return;
	dir = opendir(folder);
	if (!dir)
		return;
	while (!found && (entry = readdir(dir))) {
		if (is_numbered(entry->d_name, "hwmon") &&
		    join(sensor, sizeof(sensor), folder, entry->d_name))
			found = find_temperature_in(device, sensor);
	}
	closedir(dir);
}

/* The nodes of a device lead to the same folder. */
static int take_node(struct drm_device *devices, size_t *cnt, const char *class, const char *node)
{
	struct drm_device *device = devices;
	char path[PATH_MAX], name[sizeof(device->identity.device)];

	if (strlen(node) >= DRM_NODE_SZ ||
	    (size_t)snprintf(path, sizeof(path), "%s/%s/device", class, node) >= sizeof(path) ||
	    link_name(path, name, sizeof(name)))
		return 0; /* vgem has no device */
	while (device < devices + *cnt && strcmp(device->identity.device, name))
		device++;
	if (device == devices + *cnt) {
		if (*cnt == GPU_DEVICES_MAX)
			return -ENOSPC;
		++*cnt;
		memcpy(device->identity.device, name, sizeof(name));
		memcpy(device->path, path, sizeof(path));
	}
	if (device->node_cnt < DRM_NODES_MAX)
		strcpy(device->nodes[device->node_cnt++], node);
	if (is_numbered(node, "renderD"))
		device->renders = true;
	return 0;
}

static size_t keep_those_that_render(struct drm_device *devices, size_t cnt)
{
	size_t kept = 0;

	for (size_t i = 0; i < cnt; i++) {
		if (!devices[i].renders)
			continue;
		if (kept != i)
			devices[kept] = devices[i];
		name_device(&devices[kept]);
		find_temperature(&devices[kept]);
		kept++;
	}
	return kept;
}

static int by_device(const void *a, const void *b)
{
	const struct drm_device *first = a, *second = b;

	return strcmp(first->identity.device, second->identity.device);
}

int drm_devices__find(const char *root, struct drm_device **ret_devices, size_t *ret_cnt)
{
	struct drm_device *devices;
	struct dirent *entry;
	char class[PATH_MAX];
	size_t cnt = 0;
	DIR *dir;
	int err = 0;

	if (!join(class, sizeof(class), root, "sys/class/drm"))
		return -ENAMETOOLONG;
	dir = opendir(class);
	if (!dir)
		return -errno;
	devices = calloc(GPU_DEVICES_MAX, sizeof(*devices));
	if (!devices) {
		closedir(dir);
		return -ENOMEM;
	}
	while (!err && (entry = readdir(dir))) {
		if (is_numbered(entry->d_name, "card") || is_numbered(entry->d_name, "renderD"))
			err = take_node(devices, &cnt, class, entry->d_name);
	}
	closedir(dir);
	*ret_cnt = keep_those_that_render(devices, cnt);
	qsort(devices, *ret_cnt, sizeof(*devices), by_device);
	*ret_devices = devices;
	return 0;
}

bool drm_device__has_node(const struct drm_device *device, const char *node)
{
	for (size_t i = 0; i < device->node_cnt; i++) {
		if (!strcmp(device->nodes[i], node))
			return true;
	}
	return false;
}

/* --- reading -------------------------------------------------------------------------------- */

static bool read_number(const struct drm_device *device, const char *name, uint64_t max,
			uint64_t *ret)
{
	char text[32];

	return !read_at(device->path, name, text, sizeof(text)) && !parse_u64(text, 0, max, ret);
}

static void read_temperature(const struct drm_device *device, struct gpu_usage *usage)
{
	uint64_t millidegrees;
	bool negative;
	char text[32];

	if (!*device->temperature_path ||
	    proc_text__read(device->temperature_path, text, sizeof(text)) ||
	    parse_signed(text, &negative, &millidegrees))
		return;
	usage->known |= GPU_KNOWS_TEMPERATURE;
	usage->temperature_celsius = (negative ? -1 : 1) * (double)millidegrees / 1000;
}

int drm_device__read(const struct drm_device *device, struct gpu_usage *usage)
{
	uint64_t percent;
	char text[32];

	if (access(device->path, F_OK))
		return -ENODEV;
	/* Older kernels wake a device up to answer. */
	if (!read_at(device->path, "power/runtime_status", text, sizeof(text)) &&
	    !strcmp(text, "suspended"))
		return 0;
	if (read_number(device, "gpu_busy_percent", 100, &percent)) {
		usage->known |= GPU_KNOWS_LOAD;
		usage->load_percent = (double)percent;
	}
	if (read_number(device, "mem_info_vram_used", UINT64_MAX, &usage->memory_used_bytes))
		usage->known |= GPU_KNOWS_MEMORY_USED;
	if (read_number(device, "mem_info_vram_total", UINT64_MAX, &usage->memory_total_bytes))
		usage->known |= GPU_KNOWS_MEMORY_TOTAL;
	read_temperature(device, usage);
	return 0;
}
