/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../service/process_start.h"

#define FORMAT_VERSION 1
/* So often may it be late before it counts as silent. */
#define REFRESHES_MISSED_MAX 3
#define REFRESH_MAX_NS (3600ULL * 1000000000)

/* --- what JSON has, if it has it ---------------------------------------------------------------
 */

static uint64_t number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) && json_integer_value(value) > 0
		       ? (uint64_t)json_integer_value(value)
		       : 0;
}

static double real(const json_t *object, const char *key)
{
	double value = json_number_value(json_object_get(object, key));

	return isfinite(value) && value > 0 ? value : 0;
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static bool is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* --- taking it ---------------------------------------------------------------------------------
 */

static int take_pending(const json_t *array, struct status_state *state)
{
	size_t cnt = json_array_size(array);

	state->pending = calloc(cnt + 1, sizeof(*state->pending));
	if (!state->pending)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++) {
		const json_t *item = json_array_get(array, i);

		state->pending[state->pending_cnt++] = (struct status_pending) {
			.binary = text(item, "binary"),
			.function = text(item, "function"),
			.why = text(item, "why"),
		};
	}
	return 0;
}

static int take_state(const json_t *json, struct status_state *state)
{
	const json_t *lost = json_object_get(json, "lost");

	*state = (struct status_state) {
		.name = text(json, "name"),
		.selected = is_true(json, "selected"),
		.probes = number(json, "probes"),
		.attached = number(json, "attached"),
		.last_hit_ns = number(json, "last_hit_ns"),
		.calls = number(json, "calls"),
		.rows = number(json, "rows"),
		.summarised = number(json, "summarised"),
		.summarising = is_true(json, "summarising"),
		.lost_ring = number(lost, "ring"),
		.lost_nesting = number(lost, "nesting"),
		.lost_other = number(lost, "other"),
		.calls_per_second = real(json, "calls_per_second"),
		.estimated_cpu_share = real(json, "estimated_cpu_share"),
	};
	return take_pending(json_object_get(json, "pending"), state);
}

static int take_states(struct status *status, const json_t *array)
{
	size_t cnt = json_array_size(array);
	int err = 0;

	if (cnt > STATUS_STATES_MAX)
		cnt = STATUS_STATES_MAX;
	status->states = calloc(cnt + 1, sizeof(*status->states));
	if (!status->states)
		return -ENOMEM;
	for (size_t i = 0; !err && i < cnt; i++)
		err = take_state(json_array_get(array, i), &status->states[status->state_cnt++]);
	return err;
}

static int take_troubles(struct status *status, const json_t *array)
{
	size_t cnt = json_array_size(array);

	status->troubles = calloc(cnt + 1, sizeof(*status->troubles));
	if (!status->troubles)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++) {
		const char *trouble = json_string_value(json_array_get(array, i));

		if (trouble)
			status->troubles[status->trouble_cnt++] = trouble;
	}
	return 0;
}

static void take_processes(struct status *status, const json_t *json)
{
	status->records_processes = json_is_object(json);
	status->process_source = text(json, "source");
	status->process_interval_ns = number(json, "interval_ns");
	status->process_rows = number(json, "rows");
	status->process_rows_lost = number(json, "lost_rows");
	status->process_events_lost = number(json, "lost_events");
	status->gpus = text(json, "gpus");
}

static int take(struct status *status)
{
	const json_t *json = status->json;
	const json_t *own = json_object_get(json, "own");
	const json_t *ring = json_object_get(json, "ring");
	uint64_t pid = number(json, "pid");
	int err;

	status->pid = pid <= INT32_MAX ? (pid_t)pid : 0;
	status->start_ticks = number(json, "start_ticks");
	status->updated_ns = number(json, "updated_ns");
	status->updated_monotonic_ns = number(json, "updated_monotonic_ns");
	status->refresh_ns = number(json, "refresh_ns");
	status->recording_ns = number(json, "recording_ns");
	status->version = text(json, "version");
	status->directory = text(json, "directory");
	status->way = text(json, "way");
	status->cpu_ns = number(own, "cpu_ns");
	status->rss_bytes = number(own, "rss_bytes");
	status->ring_size_bytes = number(ring, "size_bytes");
	status->ring_peak_bytes = number(ring, "peak_bytes");
	take_processes(status, json_object_get(json, "processes"));
	err = take_troubles(status, json_object_get(json, "trouble"));
	return err ? err : take_states(status, json_object_get(json, "states"));
}

/* --- reading -----------------------------------------------------------------------------------
 */

static int check(const json_t *json, struct fault *why)
{
	const json_t *version = json_object_get(json, "tacho_status");

	if (!json_is_integer(version))
		return fault__set(why, -EINVAL, "not a status file");
	if (json_integer_value(version) != FORMAT_VERSION)
		return fault__set(why, -EINVAL,
				  "a status file of format %lld, of which this tacho knows nothing",
				  (long long)json_integer_value(version));
	return 0;
}

int status__parse(const char *text, size_t sz, struct status **ret_status, struct fault *why)
{
	struct status *status = calloc(1, sizeof(*status));
	json_error_t error;
	int err;

	if (!status)
		return fault__set(why, -ENOMEM, "no memory");
	/* jansson allows 2048 levels, and numbers and texts of any length within sz. */
	status->json = json_loadb(text, sz, JSON_REJECT_DUPLICATES, &error);
	err = status->json ? check(status->json, why)
			   : fault__set(why, -EINVAL, "not a status file: %s", error.text);
	if (!err && take(status))
		err = fault__set(why, -ENOMEM, "no memory");
	if (err)
		status__free(status);
	else
		*ret_status = status;
	return err;
}

/* A regular file does not grow while it is read, or else the rest is not of interest. */
static int slurp(int fd, char **ret_text, size_t *ret_sz, struct fault *why)
{
	size_t sz = 0;
	ssize_t got;
	struct stat st;
	char *text;

	if (fstat(fd, &st))
		return fault__set(why, -errno, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fault__set(why, -EINVAL, "not a regular file");
	if ((size_t)st.st_size > STATUS_FILE_MAX)
		return fault__set(why, -EINVAL, "not a status file: larger than any");
	text = malloc(st.st_size + 1);
	if (!text)
		return fault__set(why, -ENOMEM, "no memory");
	while (sz < (size_t)st.st_size) {
		got = read(fd, text + sz, st.st_size - sz);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int err = fault__set(why, -errno, "%s", strerror(errno));

			free(text);
			return err;
		}
		if (!got)
			break;
		sz += got;
	}
	*ret_text = text;
	*ret_sz = sz;
	return 0;
}

int status__read(const char *path, struct status **ret_status, struct fault *why)
{
	char *text = NULL;
	size_t sz = 0;
	int err;
	/* Not to be held up by a pipe or a terminal that lies there. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return fault__set(why, -errno, "%s: %s", path, strerror(errno));
	err = slurp(fd, &text, &sz, why);
	close(fd);
	if (!err)
		err = status__parse(text, sz, ret_status, why);
	free(text);
	return err ? fault__prefix(why, err, "%s", path) : 0;
}

void status__free(struct status *status)
{
	if (!status)
		return;
	for (size_t i = 0; i < status->state_cnt; i++)
		free(status->states[i].pending);
	free(status->states);
	free(status->troubles);
	json_decref(status->json);
	free(status);
}

/* --- is it true still --------------------------------------------------------------------------
 */

enum status_life status__life(const struct status *status, uint64_t monotonic_ns)
{
	uint64_t patience_ns =
		status->refresh_ns < REFRESH_MAX_NS ? status->refresh_ns : REFRESH_MAX_NS;
	uint64_t ticks;

	if (!status->pid || process_start_ticks(status->pid, &ticks) ||
	    ticks != status->start_ticks)
		return STATUS_GONE;
	patience_ns *= REFRESHES_MISSED_MAX;
	/* Of before the machine started, or of tomorrow: not written by this process. */
	if (status->updated_monotonic_ns > monotonic_ns ||
	    monotonic_ns - status->updated_monotonic_ns > patience_ns)
		return STATUS_SILENT;
	return STATUS_RUNNING;
}

const char *status_life__name(enum status_life life)
{
	static const char *const names[] = {
		[STATUS_RUNNING] = "running",
		[STATUS_SILENT] = "silent",
		[STATUS_GONE] = "not running",
	};

	return names[life];
}
