/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A file is read in blocks, each by whichever thread is free. Each takes as if nothing unusual
 * happened before it: as if it began with a row, and as if rows had the columns that they had when
 * it was read. Whether that was so shows when everything before it is settled. Then the block is
 * settled itself, one after the other:
 *
 *     - what was found on a wrong assumption is forgotten and found again
 *     - rows that are unusual are read with care (csv_reader.h); what they mean may be that the
 * rows behind them have other columns, and these are then found again, too
 *     - states met for the first time get their series
 *
 *     thread 1   read 0 | scan 0 | settle 0 | count 0 | read 2 | scan 2 | settle 2 | ...
 *     thread 2      read 1 | scan 1         | settle 1 | count 1 | read 3 | scan 3 ...
 *
 * So the result is that of reading row after row, whatever the file and however many the threads.
 * Reading takes turns, too, and cuts blocks behind the last line feed.
 */
#include "analysis/activities_internal.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/input.h"
#include "thread.h"

#define BLOCK_SZ_MAX (512 * 1024)
/* Of a row that does not end in a block, up to half of that is kept for the next one. So all that
 * is in a block is shorter than what is too long for csv_reader.h. */
#define DATA_SZ_MAX (BLOCK_SZ_MAX + BLOCK_SZ_MAX / 2)
#define BLOCKS_ALONE 3 /* fewer are not worth a thread */
#define THREADS_MAX 64

_Static_assert(DATA_SZ_MAX < CSV_FIELD_SZ_MAX, "fields of a block are short enough");

struct block {
	uint64_t idx;
	uint64_t plan_number;
	struct scan_plan plan;
	uint64_t done; /* bytes of the file */
	size_t sz;
	char data[DATA_SZ_MAX + SCAN_BEYOND];
};

struct blocks {
	struct activities *activities;
	const char *path;
	size_t block_sz;

	/* Whoever reads: */
	pthread_mutex_t reading;
	struct input *input;
	uint64_t read_cnt;
	char *kept;
	size_t kept_sz;
	bool ended;
	int read_err;
	struct fault why;

	/* Whoever's turn it is to settle a block: */
	pthread_mutex_t settling;
	pthread_cond_t settled;
	uint64_t settled_cnt;
	struct source source;
	struct csv_reader *reader;
	int err;
};

struct worker {
	struct blocks *blocks;
	struct block *block;
	struct scan scan;
	struct scan_counts counts;
	size_t passed; /* calls whose lines the careful reader was told of */
	size_t state_passed;
	int err;
	pthread_t thread;
};

/* --- reading ---------------------------------------------------------------------------------- */

/* Everything behind the last line feed is for the next block, unless it is too much. */
static void keep_rest(struct blocks *blocks, struct block *block)
{
	const char *line_end = memrchr(block->data, '\n', block->sz);
	size_t whole = line_end ? (size_t)(line_end + 1 - block->data) : 0;

	if (blocks->ended || block->sz - whole > blocks->block_sz / 2)
		return;
	blocks->kept_sz = block->sz - whole;
	memcpy(blocks->kept, block->data + whole, blocks->kept_sz);
	block->sz = whole;
}

/* False if there is none. */
static bool read_block(struct blocks *blocks, struct block *block)
{
	ssize_t n;

	if (blocks->ended)
		return false;
	memcpy(block->data, blocks->kept, blocks->kept_sz);
	n = input__read(blocks->input, block->data + blocks->kept_sz, blocks->block_sz,
			&blocks->why);
	if (n < 0)
		blocks->read_err = (int)n;
	block->sz = blocks->kept_sz + (n > 0 ? (size_t)n : 0);
	blocks->kept_sz = 0;
	blocks->ended = n <= 0;
	keep_rest(blocks, block);
	block->done = input__done(blocks->input);
	block->idx = blocks->read_cnt++;
	return true;
}

static void note_plan(struct blocks *blocks, struct block *block)
{
	pthread_mutex_lock(&blocks->settling);
	block->plan_number = blocks->source.plan_number;
	block->plan = blocks->source.plan;
	pthread_mutex_unlock(&blocks->settling);
}

static bool take_block(struct blocks *blocks, struct block *block)
{
	bool taken;

	pthread_mutex_lock(&blocks->reading);
	taken = read_block(blocks, block);
	pthread_mutex_unlock(&blocks->reading);
	if (taken)
		note_plan(blocks, block);
	return taken;
}

/* --- settling --------------------------------------------------------------------------------- */

static void scan_from(struct worker *worker, const char *from)
{
	const struct block *block = worker->block;

	scan__add(&worker->scan, &worker->counts, &block->plan, worker->blocks->activities->filter,
		  from, block->data + block->sz);
}

static void scan_again(struct worker *worker, const char *from)
{
	worker->block->plan_number = worker->blocks->source.plan_number;
	worker->block->plan = worker->blocks->source.plan;
	scan_from(worker, from);
}

/* The next calls, up to that one, are to come before what the careful reader reads next. */
static int pass_calls(struct worker *worker, size_t call_cnt)
{
	struct scan *scan = &worker->scan;
	struct scan_counts *counts = &worker->counts;

	for (; worker->state_passed < scan->new_state_cnt; worker->state_passed++) {
		const struct scan_state *state = &scan->new_states[worker->state_passed];
		struct activity_series **series = &counts->series[state->number];

		if (state->call_idx >= call_cnt)
			break;
		*series = activities__want(worker->blocks->activities,
					   counts->states.names[state->number]);
		if (!*series)
			return -ENOMEM;
		counts->parts[state->number].ignored = (*series)->ignored;
		counts->parts[state->number].intervals.length_ns = (*series)->intervals.length_ns;
	}
	csv_reader__pass_lines(worker->blocks->reader, call_cnt - worker->passed);
	worker->passed = call_cnt;
	return 0;
}

/* A row that began in another block; returns where it ends, or the block does. */
static int end_open_row(struct worker *worker, const char **ret_at)
{
	struct csv_reader *reader = worker->blocks->reader;
	const char *at = worker->block->data, *to = at + worker->block->sz;
	size_t sz;
	int err = 0;

	while (!err && at < to && csv_reader__inside_row(reader)) {
		err = csv_reader__feed_row(reader, at, (size_t)(to - at), &sz);
		at += sz;
	}
	*ret_at = at;
	return err;
}

static int take_rest(struct worker *worker, size_t idx)
{
	const struct scan_rest rest = worker->scan.rests[idx];
	const struct source *source = &worker->blocks->source;
	const char *at = rest.from;
	size_t sz;
	int err = pass_calls(worker, rest.call_cnt);

	while (!err && at < rest.to) {
		err = csv_reader__feed_row(worker->blocks->reader, at, (size_t)(rest.to - at), &sz);
		at += sz;
		if (source->plan_number == worker->block->plan_number &&
		    !worker->block->plan.first_row_only)
			continue;
		scan__cut(&worker->scan, rest.call_cnt, idx + 1);
		scan_again(worker, at);
		break;
	}
	return err;
}

static int settle(struct worker *worker)
{
	struct blocks *blocks = worker->blocks;
	const char *at = worker->block->data;
	int err = 0;

	worker->passed = 0;
	worker->state_passed = 0;
	if (csv_reader__inside_row(blocks->reader) ||
	    blocks->source.plan_number != worker->block->plan_number) {
		scan__cut(&worker->scan, 0, 0);
		err = end_open_row(worker, &at);
		if (!err)
			scan_again(worker, at);
	}
	/* there may be more of them when one was taken */
	for (size_t i = 0; !err && i < worker->scan.rest_cnt; i++)
		err = take_rest(worker, i);
	if (!err)
		err = pass_calls(worker, worker->scan.call_cnt);
	return err ? err : worker->scan.err;
}

static void tell_progress(const struct blocks *blocks, const struct block *block)
{
	const struct activities_watch *watch = blocks->activities->watch;

	if (watch && watch->progress)
		watch->progress(watch->ctx, blocks->path, block->done, input__size(blocks->input));
}

/* False if reading has come to an end before. */
static bool settle_in_turn(struct worker *worker)
{
	struct blocks *blocks = worker->blocks;
	bool going_on;

	pthread_mutex_lock(&blocks->settling);
	while (blocks->settled_cnt != worker->block->idx)
		pthread_cond_wait(&blocks->settled, &blocks->settling);
	if (!blocks->err)
		blocks->err = settle(worker);
	if (!blocks->err)
		tell_progress(blocks, worker->block);
	going_on = !blocks->err;
	blocks->settled_cnt++;
	pthread_cond_broadcast(&blocks->settled);
	pthread_mutex_unlock(&blocks->settling);
	return going_on;
}

/* --- threads ---------------------------------------------------------------------------------- */

static bool work_once(struct worker *worker)
{
	if (!take_block(worker->blocks, worker->block))
		return false;
	scan__cut(&worker->scan, 0, 0);
	scan_from(worker, worker->block->data);
	if (!settle_in_turn(worker))
		return false;
	worker->err = scan_counts__add(&worker->counts, worker->blocks->activities->filter,
				       &worker->scan);
	return !worker->err;
}

static void *work(void *ctx)
{
	struct worker *worker = ctx;

	while (work_once(worker))
		;
	return NULL;
}

static struct worker *worker__new(struct blocks *blocks)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->blocks = blocks;
	worker->block = malloc(sizeof(*worker->block));
	if (!worker->block) {
		free(worker);
		return NULL;
	}
	return worker;
}

/* Also adds what it has counted. */
static int worker__free(struct worker *worker)
{
	int err;

	if (!worker)
		return 0;
	err = scan_counts__join(&worker->counts, worker->blocks->activities);
	err = worker->err ? worker->err : err;
	scan_counts__free(&worker->counts);
	scan__free(&worker->scan);
	free(worker->block);
	free(worker);
	return err;
}

static size_t block_sz(const struct activities *activities)
{
	size_t sz = activities->reading.block_sz;

	return !sz || sz > BLOCK_SZ_MAX ? BLOCK_SZ_MAX : sz;
}

static size_t thread_cnt(const struct activities *activities)
{
	size_t cnt = activities->reading.threads;
	cpu_set_t set;

	if (activities->reading.careful)
		return 1;
	if (!cnt)
		cnt = sched_getaffinity(0, sizeof(set), &set) ? 1 : (size_t)CPU_COUNT(&set);
	return cnt > THREADS_MAX ? THREADS_MAX : cnt;
}

/* Threads that cannot be had are done without. */
static size_t start_workers(struct blocks *blocks, struct worker *workers[THREADS_MAX])
{
	size_t cnt = 0, wanted = thread_cnt(blocks->activities);

	for (; cnt + 1 < wanted; cnt++) {
		workers[cnt] = worker__new(blocks);
		if (!workers[cnt] || thread__start(&workers[cnt]->thread, work, workers[cnt]))
			break;
	}
	if (cnt + 1 < wanted)
		worker__free(workers[cnt]);
	return cnt;
}

static int work_together(struct blocks *blocks)
{
	struct worker *first = worker__new(blocks), *others[THREADS_MAX];
	size_t other_cnt = 0;
	bool more = true;
	int err = 0, other_err;

	if (!first)
		return -ENOMEM;
	for (int i = 0; more && i < BLOCKS_ALONE; i++)
		more = work_once(first);
	if (more)
		other_cnt = start_workers(blocks, others);
	if (more)
		work(first);
	for (size_t i = 0; i < other_cnt; i++)
		pthread_join(others[i]->thread, NULL);
	err = worker__free(first);
	for (size_t i = 0; i < other_cnt; i++) {
		other_err = worker__free(others[i]);
		err = err ? err : other_err;
	}
	return err ? err : blocks->err;
}

/* --- files ------------------------------------------------------------------------------------ */

static int read_all(struct blocks *blocks, struct fault *why)
{
	int err = work_together(blocks);

	if (!err && blocks->read_err)
		return fault__set(why, blocks->read_err, "%s", blocks->why.text);
	if (!err)
		err = csv_reader__finish(blocks->reader);
	return err ? fault__set(why, err, "%s: cannot read: %s", blocks->path, strerror(-err)) : 0;
}

int activities__read_fd(struct activities *activities, int fd, const char *path, struct fault *why)
{
	struct blocks blocks = {
		.activities = activities,
		.path = path,
		.block_sz = block_sz(activities),
		.reading = PTHREAD_MUTEX_INITIALIZER,
		.settling = PTHREAD_MUTEX_INITIALIZER,
		.settled = PTHREAD_COND_INITIALIZER,
	};
	int err;

	source__init(&blocks.source, activities);
	blocks.input = input__new(fd, path);
	blocks.kept = malloc(BLOCK_SZ_MAX / 2);
	blocks.reader = csv_reader__new(path, source__take, &blocks.source);
	if (blocks.input && blocks.kept && blocks.reader)
		err = read_all(&blocks, why);
	else
		err = fault__set(why, -ENOMEM, "%s: no memory", path);
	csv_reader__free(blocks.reader);
	source__free(&blocks.source);
	free(blocks.kept);
	input__free(blocks.input);
	return err;
}
