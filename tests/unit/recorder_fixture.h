/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A recorder that writes into a directory of its own. Include cmocka.h first. */
#ifndef TACHO_TESTS_RECORDER_FIXTURE_H
#define TACHO_TESTS_RECORDER_FIXTURE_H

#include <signal.h>
#include <sys/resource.h>

#include "encode.h"
#include "output_dir.h"
#include "recorder.h"
#include "scratch.h"

struct fixture {
	struct scratch scratch;
	struct output_dir *dir;
	struct recorder *recorder;
};

static inline int feed(void *ctx, const void *data, size_t sz)
{
	struct fixture *f = ctx;

	return recorder__feed(f->recorder, data, sz, NULL);
}

static inline void feed_probe(struct fixture *f, uint32_t number, uint32_t probe_state,
			      const char *function)
{
	const struct event_probe probe = { .number = number,
					   .state = probe_state,
					   .binary = "/usr/bin/motord",
					   .function = function,
					   .build_id = "5f1c",
					   .symbol = function,
					   .exit_mode = "fast" };

	assert_int_equal(encode_probe(feed, f, &probe), 0);
}

/* A recorder with two states and a probe for each, at wall clock = monotonic + 1000, in the
 * fixture's directory. */
static inline void fixture__begin(struct fixture *f, struct sink_options options)
{
	static const char *const formats[] = { "opentrons", "detail" };

	options.sync_ns = UINT64_MAX;
	options.dir = f->dir;
	assert_int_equal(recorder__new(formats, 2, &options, &f->recorder, NULL), 0);
	assert_int_equal(encode_stream(feed, f), 0);
	assert_int_equal(encode_state(feed, f, 0, "HOMING"), 0);
	assert_int_equal(encode_state(feed, f, 1, "MOVING"), 0);
	feed_probe(f, 0, 0, "home");
	feed_probe(f, 1, 1, "move");
	assert_int_equal(encode_clock(feed, f, 0, 1000), 0);
}

static inline void fixture__make(struct fixture *f, size_t backlog_bytes)
{
	scratch__make(&f->scratch);
	assert_int_equal(output_dir__open(f->scratch.path, &f->dir, NULL), 0);
	fixture__begin(f, (struct sink_options) { .backlog_bytes = backlog_bytes });
}

static inline void fixture__remove(struct fixture *f)
{
	recorder__free(f->recorder);
	output_dir__free(f->dir);
	scratch__remove(&f->scratch);
}

static inline int feed_activity(struct fixture *f, uint32_t probe, uint64_t start_ns,
				uint64_t end_ns, enum tacho_ended ended)
{
	struct tacho_activity activity = {
		.head = { TACHO_RECORD_ACTIVITY, sizeof(activity) },
		.start_ns = start_ns,
		.end_ns = end_ns,
		.probe = probe,
		.pid = 10,
		.tid = 11,
		.ended = ended,
		.comm = "motord",
	};

	return feed(f, &activity, sizeof(activity));
}

static inline void feed_entries(struct fixture *f, uint32_t state, uint64_t entries)
{
	const struct tacho_state_counts counts = { .entries = entries };

	assert_int_equal(encode_counts(feed, f, state, &counts), 0);
}

static inline struct recorder_summary summarize(const struct fixture *f)
{
	struct recorder_summary summary;

	recorder__summarize(f->recorder, &summary);
	return summary;
}

#define DETAIL_COLUMNS                                                                             \
	"state,start_ns,duration_ns,pid,tid,comm,ended,failed,depth,cpu_ns,runqueue_ns,blocked_"   \
	"ns,"                                                                                      \
	"minor_faults,major_faults,voluntary_switches,involuntary_switches,return_value,binary,"   \
	"function"
#define LEDGER_HEADER                                                                              \
	"time_ns,state,entries,returned,exception,unwound,thread_exit,exec,killed,open,"           \
	"lost_ring,lost_nesting,lost_other,unmatched_returns\r\n"

/* As good as a full disk. */
static inline void limit_file_size(bool limited)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = limited ? 1 : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

#endif
