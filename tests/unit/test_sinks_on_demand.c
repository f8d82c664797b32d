/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sinks whose files are there only if there is something to say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "sinks_fixture.h"

#define PROBES_HEADER                                                                              \
	"time_ns,event,state,binary,build_id,function,symbol,offset,exit,calls,last_hit_ns\r\n"

static void summary_has_every_column_in_order(void **state)
{
	struct fixture *fixture = *state;
	struct summary_row row = {
		.from_ns = 1718739269730290312,
		.to_ns = 1718739270230290312,
		.state = "SAVING",
		.ended = { 1, 2, 3, 4, 5, 6, 7 },
		.count = 28,
		.sum_ns = UINT64_MAX,
		.min_ns = 0,
		.max_ns = 1ULL << 47,
	};
	char expected[4096];
	int sz;

	for (size_t i = 0; i < TACHO_BUCKETS; i++)
		row.buckets[i] = 100 + i;
	open_sink(fixture, &summary_sink_ops);
	assert_int_equal(fixture->ops->summary(fixture->sink, &row), 0);
	flush(fixture);
	sz = snprintf(expected, sizeof(expected),
		      "from_ns,to_ns,state,count,returned,exception,unwound,thread_exit,exec,"
		      "killed,sum_ns,min_ns,max_ns,ge_0_ns");
	for (unsigned int i = 1; i < TACHO_BUCKETS; i++)
		sz += snprintf(expected + sz, sizeof(expected) - sz, ",ge_%llu_ns", 1ULL << i);
	sz += snprintf(expected + sz, sizeof(expected) - sz,
		       "\r\n1718739269730290312,1718739270230290312,SAVING,28,1,2,3,4,5,6,"
		       "18446744073709551615,0,140737488355328");
	for (unsigned int i = 0; i < TACHO_BUCKETS; i++)
		sz += snprintf(expected + sz, sizeof(expected) - sz, ",%u", 100 + i);
	snprintf(expected + sz, sizeof(expected) - sz, "\r\n");
	scratch__expect(&fixture->scratch, "activity_summary.csv", expected);
}

static struct probe_row ordinary_probe(void)
{
	return (struct probe_row) {
		.time_ns = 1718739269730290312,
		.moment = PROBE_ATTACHED,
		.state = "SAVING",
		.binary = "/usr/bin/saver",
		.build_id = "5f1c",
		.function = "ns::save(int, char)",
		.symbol = "_ZN2ns4saveEic",
		.exit_mode = "fast",
		.offset = 0x11C9,
	};
}

static void put_probe(struct fixture *fixture, const struct probe_row *row)
{
	assert_int_equal(fixture->ops->probe(fixture->sink, row), 0);
}

#define PROBE_NAMES "SAVING,/usr/bin/saver,5f1c,\"ns::save(int, char)\",_ZN2ns4saveEic"

static void probes_have_every_column_in_order(void **state)
{
	struct fixture *fixture = *state;
	struct probe_row row = ordinary_probe();

	open_sink(fixture, &probes_sink_ops);
	put_probe(fixture, &row);
	row.moment = PROBE_DETACHED;
	row.calls = 17;
	row.last_hit_ns = 1718739269730290313;
	put_probe(fixture, &row);
	row.moment = PROBE_AT_END;
	row.offset = UINT64_MAX;
	put_probe(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, "activity_probes.csv",
			PROBES_HEADER "1718739269730290312,attached," PROBE_NAMES
				      ",0x11c9,fast,0,\r\n"
				      "1718739269730290312,detached," PROBE_NAMES
				      ",0x11c9,fast,17,1718739269730290313\r\n"
				      "1718739269730290312,end," PROBE_NAMES
				      ",0xffffffffffffffff,fast,17,1718739269730290313\r\n");
}

static void probes_are_as_hostile_as_names_are(void **state)
{
	struct fixture *fixture = *state;
	struct probe_row row = { .state = "\n",
				 .binary = "\\",
				 .build_id = "",
				 .function = ",",
				 .symbol = "\xff",
				 .exit_mode = "\x1b" };

	open_sink(fixture, &probes_sink_ops);
	put_probe(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, "activity_probes.csv",
			PROBES_HEADER "0,attached,\\x0a,\\\\,,\",\",\\xff,0x0,\\x1b,0,\r\n");
}

/* --- files that are made on demand ---------------------------------------------------------------
 */

static void a_file_on_demand_is_made_with_its_first_row(void **state)
{
	struct fixture *fixture = *state;
	struct probe_row row = ordinary_probe();

	open_sink(fixture, &probes_sink_ops);
	assert_true(fixture->ops->has_room(fixture->sink));
	assert_int_equal(fixture->ops->pending(fixture->sink), 0);
	flush(fixture);
	assert_false(scratch__has(&fixture->scratch, "activity_probes.csv"));
	put_probe(fixture, &row);
	assert_int_equal(fixture->ops->pending(fixture->sink), 1);
	flush(fixture);
	assert_int_equal(fixture->ops->pending(fixture->sink), 0);
	assert_true(scratch__has(&fixture->scratch, "activity_probes.csv"));
	open_sink(fixture, &summary_sink_ops);
	flush(fixture);
	assert_false(scratch__has(&fixture->scratch, "activity_summary.csv"));
}

static void a_file_on_demand_that_is_there_is_repaired_at_once(void **state)
{
	static const char torn[] = PROBES_HEADER "1,attached,S,b,,f,f,0x0,fast,0,\r\n2,det";
	struct fixture *fixture = *state;

	scratch__write(&fixture->scratch, "activity_probes.csv", torn, strlen(torn));
	open_sink(fixture, &probes_sink_ops);
	assert_int_equal(fixture->notice_cnt, 1);
	scratch__expect(&fixture->scratch, "activity_probes.csv",
			PROBES_HEADER "1,attached,S,b,,f,f,0x0,fast,0,\r\n");
}

static void a_file_on_demand_that_is_there_and_no_file_is_refused_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct sink *sink = NULL;
	struct fault why = { 0 };

	assert_int_equal(mkdir(scratch__at(&fixture->scratch, "activity_summary.csv"), 0755), 0);
	assert_int_equal(summary_sink_ops.open(&fixture->options, &sink, &why), -EISDIR);
	assert_null(sink);
	assert_non_null(strstr(why.text, "activity_summary.csv"));
}

/* The row is the caller's to count; the next one may find that the trouble is over. */
static void a_file_on_demand_that_cannot_be_made_is_told_once(void **state)
{
	struct fixture *fixture = *state;
	const char *path = scratch__at(&fixture->scratch, "activity_probes.csv");
	struct probe_row row = ordinary_probe();

	open_sink(fixture, &probes_sink_ops);
	assert_int_equal(symlink("/nonexistent", path), 0);
	assert_int_equal(fixture->ops->probe(fixture->sink, &row), -ELOOP);
	assert_int_equal(fixture->ops->probe(fixture->sink, &row), -ELOOP);
	flush(fixture);
	assert_int_equal(fixture->notice_cnt, 1);
	assert_int_equal(unlink(path), 0);
	put_probe(fixture, &row);
	flush(fixture);
	assert_true(scratch__has(&fixture->scratch, "activity_probes.csv"));
}

static void a_file_on_demand_finds_its_directory_gone(void **state)
{
	struct fixture *fixture = *state;
	struct probe_row row = ordinary_probe();

	open_sink(fixture, &probes_sink_ops);
	scratch__remove(&fixture->scratch);
	put_probe(fixture, &row);
	flush(fixture);
	assert_true(scratch__has(&fixture->scratch, "activity_probes.csv"));
}

static void a_file_on_demand_is_rotated_as_any(void **state)
{
	struct fixture *fixture = *state;
	struct probe_row row = ordinary_probe();

	fixture->options.rotate_bytes = sizeof(PROBES_HEADER) + 120;
	open_sink(fixture, &probes_sink_ops);
	put_probe(fixture, &row);
	put_probe(fixture, &row);
	flush(fixture);
	for (int i = 0; i < 2; i++)
		scratch__expect(&fixture->scratch,
				i ? "activity_probes.csv" : "activity_probes.csv.1",
				PROBES_HEADER "1718739269730290312,attached," PROBE_NAMES
					      ",0x11c9,fast,0,\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(summary_has_every_column_in_order),
		CASE(probes_have_every_column_in_order),
		CASE(probes_are_as_hostile_as_names_are),
		CASE(a_file_on_demand_is_made_with_its_first_row),
		CASE(a_file_on_demand_that_is_there_is_repaired_at_once),
		CASE(a_file_on_demand_that_is_there_and_no_file_is_refused_at_once),
		CASE(a_file_on_demand_that_cannot_be_made_is_told_once),
		CASE(a_file_on_demand_finds_its_directory_gone),
		CASE(a_file_on_demand_is_rotated_as_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
