/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "decode.h"

#include <errno.h>
#include <string.h>

struct bytes {
	const char *at;
	size_t sz;
};

/* The next NUL-terminated string, or NULL when there is none. */
static const char *take_string(struct bytes *bytes)
{
	const char *string = bytes->at;
	const char *end = bytes->sz ? memchr(bytes->at, '\0', bytes->sz) : NULL;

	if (!end)
		return NULL;
	bytes->sz -= end + 1 - bytes->at;
	bytes->at = end + 1;
	return string;
}

static int too_short(struct fault *why, const char *kind, size_t sz)
{
	return fault__set(why, -EBADMSG, "a %s record of %zu bytes is cut short", kind, sz);
}

static int decode_stream(struct bytes bytes, struct fault *why)
{
	struct tacho_stream stream;

	if (bytes.sz < sizeof(stream))
		return too_short(why, "STREAM", bytes.sz);
	memcpy(&stream, bytes.at, sizeof(stream));
	if (stream.magic == __builtin_bswap64(TACHO_STREAM_MAGIC))
		return fault__set(
			why, -EPROTO,
			"recorded on a machine of the other byte order (replay it there)");
	if (stream.magic != TACHO_STREAM_MAGIC)
		return fault__set(why, -EPROTO, "not a tacho stream");
	if (stream.version != TACHO_STREAM_VERSION)
		return fault__set(why, -EPROTO, "stream version %u, this program reads version %d",
				  stream.version, TACHO_STREAM_VERSION);
	return 0;
}

static int decode_state(struct bytes bytes, struct event *event, struct fault *why)
{
	struct tacho_state state;
	size_t sz = bytes.sz;

	if (sz < sizeof(state))
		return too_short(why, "STATE", sz);
	memcpy(&state, bytes.at, sizeof(state));
	bytes.at += sizeof(state);
	bytes.sz -= sizeof(state);
	event->state.number = state.state;
	event->state.name = take_string(&bytes);
	return event->state.name ? 0 : too_short(why, "STATE", sz);
}

/* One of the strings that came later: "" where the record ends before it. */
static const char *take_later_string(struct bytes *bytes)
{
	return bytes->sz ? take_string(bytes) : "";
}

static int decode_probe(struct bytes bytes, struct event *event, struct fault *why)
{
	struct event_probe *ret = &event->probe;
	struct tacho_probe probe;
	size_t sz = bytes.sz;

	if (sz < sizeof(probe))
		return too_short(why, "PROBE", sz);
	memcpy(&probe, bytes.at, sizeof(probe));
	bytes.at += sizeof(probe);
	bytes.sz -= sizeof(probe);
	ret->number = probe.probe;
	ret->state = probe.state;
	ret->binary = take_string(&bytes);
	ret->function = take_string(&bytes);
	ret->build_id = take_later_string(&bytes);
	ret->symbol = take_later_string(&bytes);
	ret->exit_mode = take_later_string(&bytes);
	if (!ret->binary || !ret->function || !ret->build_id || !ret->symbol || !ret->exit_mode)
		return too_short(why, "PROBE", sz);
	return 0;
}

static int decode_capture(struct bytes bytes, struct event *event, struct fault *why)
{
	struct tacho_capture capture;
	size_t sz = bytes.sz;
	const char *name;

	if (sz < sizeof(capture))
		return too_short(why, "CAPTURE", sz);
	memcpy(&capture, bytes.at, sizeof(capture));
	bytes.at += sizeof(capture);
	bytes.sz -= sizeof(capture);
	name = take_string(&bytes);
	if (!name)
		return too_short(why, "CAPTURE", sz);
	if (!*name)
		return fault__set(why, -EBADMSG, "a CAPTURE record has no name");
	if (capture.index >= TACHO_CAPTURES_MAX)
		return fault__set(why, -EBADMSG, "a CAPTURE record is number %u of its state",
				  capture.index);
	if (capture.type == TACHO_VALUE_NONE || capture.type >= TACHO_VALUE_CNT)
		return fault__set(why, -EBADMSG, "a CAPTURE record is of unknown type %u",
				  capture.type);
	if (capture.type == TACHO_VALUE_STRING &&
	    (capture.text_offset > TACHO_TEXT_SZ ||
	     capture.text_sz > TACHO_TEXT_SZ - capture.text_offset))
		return fault__set(why, -EBADMSG, "the text of a CAPTURE record is out of bounds");
	event->capture = (struct event_capture) {
		.state = capture.state,
		.index = capture.index,
		.type = capture.type,
		.text_offset = capture.text_offset,
		.text_sz = capture.text_sz,
		.name = name,
	};
	return 0;
}

static int decode_values(struct bytes bytes, struct event_values *ret_values, struct fault *why)
{
	struct tacho_values values;

	if (bytes.sz < TACHO_VALUES_SZ)
		return too_short(why, "ACTIVITY", sizeof(struct tacho_activity) + bytes.sz);
	memcpy(&values, bytes.at, TACHO_VALUES_SZ);
	bytes.at += TACHO_VALUES_SZ;
	bytes.sz -= TACHO_VALUES_SZ;
	ret_values->return_value = values.return_value;
	ret_values->valid = values.valid;
	ret_values->truncated = values.truncated;
	memcpy(ret_values->integers, values.integers, sizeof(values.integers));
	ret_values->text = bytes.at;
	ret_values->text_sz = bytes.sz < TACHO_TEXT_SZ ? bytes.sz : TACHO_TEXT_SZ;
	return 0;
}

static int decode_attributes(struct bytes bytes, struct event_attributes *ret, struct fault *why)
{
	struct tacho_attributes attributes;

	if (bytes.sz < TACHO_ATTRIBUTES_SZ)
		return too_short(why, "ACTIVITY", sizeof(struct tacho_activity) + bytes.sz);
	memcpy(&attributes, bytes.at, TACHO_ATTRIBUTES_SZ);
	bytes.at += TACHO_ATTRIBUTES_SZ;
	bytes.sz -= TACHO_ATTRIBUTES_SZ;
	ret->set = attributes.set & ((2u << TACHO_ATTRIBUTE_FAILURE) - 1);
	ret->texts = attributes.texts;
	ret->truncated = attributes.truncated;
	memcpy(ret->values, attributes.values, sizeof(ret->values));
	ret->text = bytes.at;
	ret->text_sz = bytes.sz < TACHO_TEXT_SZ ? bytes.sz : TACHO_TEXT_SZ;
	return 0;
}

static int decode_attribute(struct bytes bytes, struct event *event, struct fault *why)
{
	struct tacho_attribute attribute;
	size_t sz = bytes.sz;
	const char *name;

	if (sz < sizeof(attribute))
		return too_short(why, "ATTRIBUTE", sz);
	memcpy(&attribute, bytes.at, sizeof(attribute));
	bytes.at += sizeof(attribute);
	bytes.sz -= sizeof(attribute);
	name = take_string(&bytes);
	if (!name)
		return too_short(why, "ATTRIBUTE", sz);
	if (!*name)
		return fault__set(why, -EBADMSG, "an ATTRIBUTE record has no name");
	if (attribute.attribute >= TACHO_ATTRIBUTES_MAX)
		return fault__set(why, -EBADMSG, "an ATTRIBUTE record is number %u",
				  attribute.attribute);
	event->attribute = (struct event_attribute) { .number = attribute.attribute, .name = name };
	return 0;
}

/* Takes the usage from the front of the bytes. */
static int take_usage(struct bytes *bytes, __u64 duration_ns, struct event_usage *ret_usage,
		      struct fault *why)
{
	struct tacho_usage usage;
	__u64 runqueue_ns;

	if (bytes->sz < sizeof(usage))
		return too_short(why, "ACTIVITY", sizeof(struct tacho_activity) + bytes->sz);
	memcpy(&usage, bytes->at, sizeof(usage));
	bytes->at += sizeof(usage);
	bytes->sz -= sizeof(usage);
	if (usage.cpu_ns == TACHO_USAGE_UNKNOWN)
		return 0;
	runqueue_ns = usage.runqueue_ns == TACHO_USAGE_UNKNOWN ? 0 : usage.runqueue_ns;
	if (usage.cpu_ns > duration_ns || runqueue_ns > duration_ns - usage.cpu_ns)
		return fault__set(why, -EBADMSG,
				  "an ACTIVITY record has used more time than it took");
	*ret_usage = (struct event_usage) {
		.known = true,
		.runqueue_known = usage.runqueue_ns != TACHO_USAGE_UNKNOWN,
		.cpu_ns = usage.cpu_ns,
		.runqueue_ns = runqueue_ns,
		.minor_faults = usage.minor_faults,
		.major_faults = usage.major_faults,
		.voluntary_switches = usage.voluntary_switches,
		.involuntary_switches = usage.involuntary_switches,
	};
	return 0;
}

static int decode_activity(struct bytes bytes, struct event *event, struct fault *why)
{
	struct tacho_activity *activity = &event->activity;
	int err = 0;

	if (bytes.sz < sizeof(*activity))
		return too_short(why, "ACTIVITY", bytes.sz);
	memcpy(activity, bytes.at, sizeof(*activity));
	bytes.at += sizeof(*activity);
	bytes.sz -= sizeof(*activity);
	activity->comm[sizeof(activity->comm) - 1] = '\0';
	if (activity->ended >= TACHO_ENDED_CNT)
		return fault__set(why, -EBADMSG, "an ACTIVITY record ended in an unknown way (%u)",
				  activity->ended);
	if (activity->end_ns < activity->start_ns)
		return fault__set(why, -EBADMSG, "an ACTIVITY record ended before it began");
	if (activity->flags & TACHO_ACTIVITY_USAGE)
		err = take_usage(&bytes, activity->end_ns - activity->start_ns, &event->usage, why);
	if (!err && activity->flags & TACHO_ACTIVITY_VALUES)
		err = decode_values(bytes, &event->values, why);
	else if (!err && activity->flags & TACHO_ACTIVITY_ATTRIBUTES)
		err = decode_attributes(bytes, &event->attributes, why);
	return err;
}

/* Records of fixed size that need no further check. */
static int decode_plain(struct bytes bytes, void *ret, size_t ret_sz, const char *kind,
			struct fault *why)
{
	if (bytes.sz < ret_sz)
		return too_short(why, kind, bytes.sz);
	memcpy(ret, bytes.at, ret_sz);
	return 0;
}

static int decode_counter(struct bytes bytes, struct event *event, struct fault *why)
{
	int err = decode_plain(bytes, &event->counter, sizeof(event->counter), "COUNTER", why);

	event->counter.name[sizeof(event->counter.name) - 1] = '\0';
	return err;
}

static int decode_return(struct bytes bytes, struct event *event, struct fault *why)
{
	int err = decode_plain(bytes, &event->returns, sizeof(event->returns), "RETURN", why);

	if (err)
		return err;
	if (event->returns.type >= TACHO_VALUE_CNT)
		return fault__set(why, -EBADMSG, "a RETURN record is of unknown type %u",
				  event->returns.type);
	if (event->returns.compare >= TACHO_COMPARE_CNT)
		return fault__set(why, -EBADMSG, "a RETURN record compares in an unknown way (%u)",
				  event->returns.compare);
	return 0;
}

static int decode_placed(struct bytes bytes, struct event *event, struct fault *why)
{
	int err = decode_plain(bytes, &event->placed, sizeof(event->placed), "PLACED", why);

	if (!err && event->placed.placing >= TACHO_PLACING_CNT)
		err = fault__set(why, -EBADMSG, "a PLACED record says something unknown (%u)",
				 event->placed.placing);
	return err;
}

/* The largest by far: it is left where it is. */
static int decode_summary(struct bytes bytes, struct event *event, struct fault *why)
{
	const struct tacho_summary *summary = (const void *)bytes.at;

	if (bytes.sz < sizeof(*summary))
		return too_short(why, "SUMMARY", bytes.sz);
	if (summary->to_ns < summary->from_ns)
		return fault__set(why, -EBADMSG, "a SUMMARY record ended before it began");
	event->summary = summary;
	return 0;
}

static int decode_process(struct bytes bytes, struct event *event, struct fault *why)
{
	struct event_process *process = &event->process;
	struct tacho_process_usage *usage = &process->usage;
	size_t sz = bytes.sz;

	if (sz < sizeof(*usage))
		return too_short(why, "PROCESS", sz);
	memcpy(usage, bytes.at, sizeof(*usage));
	bytes.at += sizeof(*usage);
	bytes.sz -= sizeof(*usage);
	usage->comm[sizeof(usage->comm) - 1] = '\0';
	process->command = take_string(&bytes);
	process->cgroup = take_string(&bytes);
	if (!process->command || !process->cgroup)
		return too_short(why, "PROCESS", sz);
	if (usage->moment >= TACHO_PROCESS_MOMENT_CNT)
		return fault__set(why, -EBADMSG, "a PROCESS record is of an unknown moment (%u)",
				  usage->moment);
	return 0;
}

static int decode_gpu(struct bytes bytes, struct event *event, struct fault *why)
{
	struct event_gpu *gpu = &event->gpu;
	size_t sz = bytes.sz;

	if (sz < sizeof(gpu->usage))
		return too_short(why, "GPU", sz);
	memcpy(&gpu->usage, bytes.at, sizeof(gpu->usage));
	bytes.at += sizeof(gpu->usage);
	bytes.sz -= sizeof(gpu->usage);
	gpu->device = take_string(&bytes);
	gpu->name = take_string(&bytes);
	gpu->driver = take_string(&bytes);
	if (!gpu->device || !gpu->name || !gpu->driver)
		return too_short(why, "GPU", sz);
	return 0;
}

/* Large as well: its arrays are left where they are. */
static int decode_system(struct bytes bytes, struct event *event, struct fault *why)
{
	const struct tacho_system *record = (const void *)bytes.at;
	const __u16 *cpu_busy = (const void *)(record + 1);

	if (bytes.sz < sizeof(*record))
		return too_short(why, "SYSTEM", bytes.sz);
	if (record->cpu_cnt > TACHO_CPUS_MAX)
		return fault__set(why, -EBADMSG, "a SYSTEM record has %u CPUs", record->cpu_cnt);
	if (bytes.sz - sizeof(*record) < record->cpu_cnt * sizeof(*cpu_busy))
		return too_short(why, "SYSTEM", bytes.sz);
	for (__u32 i = 0; i < record->cpu_cnt; i++) {
		if (cpu_busy[i] > TACHO_CPU_BUSY_MAX && cpu_busy[i] != TACHO_CPU_UNKNOWN)
			return fault__set(why, -EBADMSG,
					  "a SYSTEM record has CPU %u busier than can be", i);
	}
	event->system = (struct event_system) {
		.time_ns = record->time_ns,
		.known = record->known,
		.values = record->values,
		.cpu_cnt = record->cpu_cnt,
		.cpu_busy = cpu_busy,
	};
	return 0;
}

static int decode_kind(struct bytes bytes, struct event *event, struct fault *why)
{
	switch (event->kind) {
	case TACHO_RECORD_STREAM:
		return decode_stream(bytes, why);
	case TACHO_RECORD_STATE:
		return decode_state(bytes, event, why);
	case TACHO_RECORD_PROBE:
		return decode_probe(bytes, event, why);
	case TACHO_RECORD_CLOCK:
		return decode_plain(bytes, &event->clock, sizeof(event->clock), "CLOCK", why);
	case TACHO_RECORD_ACTIVITY:
		return decode_activity(bytes, event, why);
	case TACHO_RECORD_COUNTS:
		return decode_plain(bytes, &event->counts, sizeof(event->counts), "COUNTS", why);
	case TACHO_RECORD_FLUSH:
		return decode_plain(bytes, &event->flush, sizeof(event->flush), "FLUSH", why);
	case TACHO_RECORD_CAPTURE:
		return decode_capture(bytes, event, why);
	case TACHO_RECORD_RETURN:
		return decode_return(bytes, event, why);
	case TACHO_RECORD_SUMMARY:
		return decode_summary(bytes, event, why);
	case TACHO_RECORD_PLACED:
		return decode_placed(bytes, event, why);
	case TACHO_RECORD_EXEC:
		return decode_plain(bytes, &event->exec, sizeof(event->exec), "EXEC", why);
	case TACHO_RECORD_PROCESS:
		return decode_process(bytes, event, why);
	case TACHO_RECORD_GPU:
		return decode_gpu(bytes, event, why);
	case TACHO_RECORD_SYSTEM:
		return decode_system(bytes, event, why);
	case TACHO_RECORD_ATTRIBUTE:
		return decode_attribute(bytes, event, why);
	case TACHO_RECORD_COUNTER:
		return decode_counter(bytes, event, why);
	}
	return fault__set(why, -EPROTO, "a record of unknown kind %u", event->kind);
}

int decode_record(const void *data, size_t sz, struct event *ret_event, struct fault *why)
{
	struct tacho_record head;
	struct event event;
	int err;

	if (sz < sizeof(head))
		return too_short(why, "", sz);
	memcpy(&head, data, sizeof(head));
	if (head.size < sizeof(head) || head.size > sz || head.size > DECODE_RECORD_MAX)
		return fault__set(why, -EBADMSG, "a record says it has %u bytes, %zu are there",
				  head.size, sz);
	event = (struct event) { .kind = head.kind };
	err = decode_kind((struct bytes) { data, head.size }, &event, why);
	if (!err)
		*ret_event = event;
	return err;
}
