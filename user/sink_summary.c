/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * activity_summary.csv: calls that have no row of their own, because there were too many; by state
 * and interval, what all of them come to. The file is there only if there were such calls.
 *
 *     from_ns,to_ns,state,count,returned,...,sum_ns,min_ns,max_ns,ge_0_ns,ge_2_ns,ge_4_ns,...
 *
 * ge_N_ns ("greater or equal") are the calls that took N ns or more, and less than the next column
 * says.
 */
#include "sink_csv.h"

#include <stddef.h>

#define AT(member) offsetof(struct summary_row, member)

static const struct sink_csv_column columns[] = {
	{ "from_ns", sink_csv__put_u64, AT(from_ns) },
	{ "to_ns", sink_csv__put_u64, AT(to_ns) },
	{ "state", sink_csv__put_hostile_text, AT(state) },
	{ "count", sink_csv__put_u64, AT(count) },
	{ "returned", sink_csv__put_u64, AT(ended[TACHO_ENDED_RETURN]) },
	{ "exception", sink_csv__put_u64, AT(ended[TACHO_ENDED_EXCEPTION]) },
	{ "unwound", sink_csv__put_u64, AT(ended[TACHO_ENDED_UNWOUND]) },
	{ "thread_exit", sink_csv__put_u64, AT(ended[TACHO_ENDED_THREAD_EXIT]) },
	{ "exec", sink_csv__put_u64, AT(ended[TACHO_ENDED_EXEC]) },
	{ "killed", sink_csv__put_u64, AT(ended[TACHO_ENDED_KILLED]) },
	{ "sum_ns", sink_csv__put_u64, AT(sum_ns) },
	{ "min_ns", sink_csv__put_u64, AT(min_ns) },
	{ "max_ns", sink_csv__put_u64, AT(max_ns) },
	{ "ge_0_ns", sink_csv__put_u64, AT(buckets[0]) },
	{ "ge_2_ns", sink_csv__put_u64, AT(buckets[1]) },
	{ "ge_4_ns", sink_csv__put_u64, AT(buckets[2]) },
	{ "ge_8_ns", sink_csv__put_u64, AT(buckets[3]) },
	{ "ge_16_ns", sink_csv__put_u64, AT(buckets[4]) },
	{ "ge_32_ns", sink_csv__put_u64, AT(buckets[5]) },
	{ "ge_64_ns", sink_csv__put_u64, AT(buckets[6]) },
	{ "ge_128_ns", sink_csv__put_u64, AT(buckets[7]) },
	{ "ge_256_ns", sink_csv__put_u64, AT(buckets[8]) },
	{ "ge_512_ns", sink_csv__put_u64, AT(buckets[9]) },
	{ "ge_1024_ns", sink_csv__put_u64, AT(buckets[10]) },
	{ "ge_2048_ns", sink_csv__put_u64, AT(buckets[11]) },
	{ "ge_4096_ns", sink_csv__put_u64, AT(buckets[12]) },
	{ "ge_8192_ns", sink_csv__put_u64, AT(buckets[13]) },
	{ "ge_16384_ns", sink_csv__put_u64, AT(buckets[14]) },
	{ "ge_32768_ns", sink_csv__put_u64, AT(buckets[15]) },
	{ "ge_65536_ns", sink_csv__put_u64, AT(buckets[16]) },
	{ "ge_131072_ns", sink_csv__put_u64, AT(buckets[17]) },
	{ "ge_262144_ns", sink_csv__put_u64, AT(buckets[18]) },
	{ "ge_524288_ns", sink_csv__put_u64, AT(buckets[19]) },
	{ "ge_1048576_ns", sink_csv__put_u64, AT(buckets[20]) },
	{ "ge_2097152_ns", sink_csv__put_u64, AT(buckets[21]) },
	{ "ge_4194304_ns", sink_csv__put_u64, AT(buckets[22]) },
	{ "ge_8388608_ns", sink_csv__put_u64, AT(buckets[23]) },
	{ "ge_16777216_ns", sink_csv__put_u64, AT(buckets[24]) },
	{ "ge_33554432_ns", sink_csv__put_u64, AT(buckets[25]) },
	{ "ge_67108864_ns", sink_csv__put_u64, AT(buckets[26]) },
	{ "ge_134217728_ns", sink_csv__put_u64, AT(buckets[27]) },
	{ "ge_268435456_ns", sink_csv__put_u64, AT(buckets[28]) },
	{ "ge_536870912_ns", sink_csv__put_u64, AT(buckets[29]) },
	{ "ge_1073741824_ns", sink_csv__put_u64, AT(buckets[30]) },
	{ "ge_2147483648_ns", sink_csv__put_u64, AT(buckets[31]) },
	{ "ge_4294967296_ns", sink_csv__put_u64, AT(buckets[32]) },
	{ "ge_8589934592_ns", sink_csv__put_u64, AT(buckets[33]) },
	{ "ge_17179869184_ns", sink_csv__put_u64, AT(buckets[34]) },
	{ "ge_34359738368_ns", sink_csv__put_u64, AT(buckets[35]) },
	{ "ge_68719476736_ns", sink_csv__put_u64, AT(buckets[36]) },
	{ "ge_137438953472_ns", sink_csv__put_u64, AT(buckets[37]) },
	{ "ge_274877906944_ns", sink_csv__put_u64, AT(buckets[38]) },
	{ "ge_549755813888_ns", sink_csv__put_u64, AT(buckets[39]) },
	{ "ge_1099511627776_ns", sink_csv__put_u64, AT(buckets[40]) },
	{ "ge_2199023255552_ns", sink_csv__put_u64, AT(buckets[41]) },
	{ "ge_4398046511104_ns", sink_csv__put_u64, AT(buckets[42]) },
	{ "ge_8796093022208_ns", sink_csv__put_u64, AT(buckets[43]) },
	{ "ge_17592186044416_ns", sink_csv__put_u64, AT(buckets[44]) },
	{ "ge_35184372088832_ns", sink_csv__put_u64, AT(buckets[45]) },
	{ "ge_70368744177664_ns", sink_csv__put_u64, AT(buckets[46]) },
	{ "ge_140737488355328_ns", sink_csv__put_u64, AT(buckets[47]) },
};

static const struct sink_csv_format format = {
	.file_name = "activity_summary.csv",
	.quoting = CSV_QUOTE_MINIMAL,
	.columns = columns,
	.column_cnt = sizeof(columns) / sizeof(columns[0]),
	.on_demand = true,
};

static int summary_open(const struct sink_options *options, struct sink **ret_sink,
			struct fault *why)
{
	return sink_csv__open(&format, options, ret_sink, why);
}

static int summary_summary(struct sink *sink, const struct summary_row *row)
{
	return sink_csv__add(sink, row);
}

const struct sink_ops summary_sink_ops = {
	.name = "summary",
	.open = summary_open,
	.summary = summary_summary,
	SINK_CSV_OPERATIONS,
};
