/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The CSV reader, from any bytes: what it hands on must not depend on how the bytes come in pieces,
 * must account for every line, and must read the same again when written by our own writer. The
 * same bytes then pass as a file of activities.
 *
 * The first byte says how long the pieces are.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analysis/activities.h"
#include "analysis/csv_reader.h"
#include "csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);

static void require(int holds)
{
	if (!holds)
		abort();
}

/* Everything that was handed on, in a form that can be compared. */
struct transcript {
	FILE *file;
	char *text;
	size_t sz;
	uint64_t next_line;
	bool torn;
	struct csv_row row;
	FILE *rewritten; /* the whole rows; may be NULL */
};

static void rewrite(struct transcript *transcript, const struct csv_record *record)
{
	csv_row__begin(&transcript->row);
	for (size_t i = 0; i < record->field_cnt; i++)
		csv_row__text(&transcript->row, record->fields[i].text);
	require(csv_row__end(&transcript->row) == 0);
	fwrite(transcript->row.data, 1, transcript->row.sz, transcript->rewritten);
}

static int note(void *ctx, const struct csv_record *record)
{
	struct transcript *transcript = ctx;

	require(!transcript->torn);
	require(record->line >= transcript->next_line && record->line_cnt >= 1);
	require((record->kind == CSV_RECORD_MALFORMED) == (record->wrong != NULL));
	require(record->kind != CSV_RECORD_MALFORMED || !record->field_cnt);
	require(record->kind != CSV_RECORD_WHOLE || record->field_cnt);
	require(record->field_cnt <= CSV_FIELD_CNT_MAX);
	transcript->next_line = record->line + record->line_cnt;
	transcript->torn = record->kind == CSV_RECORD_TORN;
	fprintf(transcript->file, "%d %zu", record->kind, record->field_cnt);
	for (size_t i = 0; i < record->field_cnt; i++) {
		require(strlen(record->fields[i].text) == record->fields[i].sz);
		require(record->fields[i].sz <= CSV_FIELD_SZ_MAX);
		fprintf(transcript->file, " %zu:%s", record->fields[i].sz, record->fields[i].text);
	}
	fprintf(transcript->file, "\n");
	if (transcript->rewritten && record->kind == CSV_RECORD_WHOLE)
		rewrite(transcript, record);
	return 0;
}

static void begin(struct transcript *transcript, FILE *rewritten)
{
	*transcript = (struct transcript) { .rewritten = rewritten };
	/* a row of one empty field is only a row with its quotes */
	transcript->row.quoting = CSV_QUOTE_ALL;
	transcript->file = open_memstream(&transcript->text, &transcript->sz);
	require(transcript->file != NULL);
}

static void end(struct transcript *transcript)
{
	require(fclose(transcript->file) == 0);
	csv_row__free(&transcript->row);
}

static void read_in_pieces(const char *data, size_t sz, size_t piece_sz, FILE *rewritten,
			   struct transcript *transcript)
{
	struct csv_reader *reader;
	size_t piece;

	begin(transcript, rewritten);
	reader = csv_reader__new("fuzz", note, transcript);
	require(reader != NULL);
	for (; sz; data += piece, sz -= piece) {
		piece = sz < piece_sz ? sz : piece_sz;
		require(csv_reader__feed(reader, data, piece) == 0);
	}
	require(csv_reader__finish(reader) == 0);
	csv_reader__free(reader);
	end(transcript);
}

static void require_same(const struct transcript *a, const struct transcript *b)
{
	require(a->sz == b->sz && !memcmp(a->text, b->text, a->sz));
}

static void fuzz_reader(const char *data, size_t sz, size_t piece_sz)
{
	struct transcript whole, pieces, again, once_more;
	char *rewritten = NULL, *rewritten_again = NULL;
	size_t rewritten_sz = 0, rewritten_again_sz = 0;
	FILE *file = open_memstream(&rewritten, &rewritten_sz);
	FILE *file_again = open_memstream(&rewritten_again, &rewritten_again_sz);

	require(file && file_again);
	read_in_pieces(data, sz, sz, file, &whole);
	read_in_pieces(data, sz, piece_sz, NULL, &pieces);
	require_same(&whole, &pieces);
	require(fclose(file) == 0);
	read_in_pieces(rewritten, rewritten_sz, rewritten_sz, file_again, &again);
	require(fclose(file_again) == 0);
	require(!again.torn);
	require(rewritten_sz == rewritten_again_sz &&
		!memcmp(rewritten, rewritten_again, rewritten_sz));
	read_in_pieces(rewritten, rewritten_sz, piece_sz, NULL, &once_more);
	require_same(&again, &once_more);
	free(whole.text);
	free(pieces.text);
	free(again.text);
	free(once_more.text);
	free(rewritten);
	free(rewritten_again);
}

static void fuzz_activities(const char *data, size_t sz)
{
	struct activities *activities = activities__new(NULL);
	int fd = memfd_create("csv", MFD_CLOEXEC);
	struct fault why = {};
	char path[64];
	int err;

	require(activities && fd >= 0 && write(fd, data, sz) == (ssize_t)sz);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = activities__add_path(activities, path, &why);
	/* what begins as zstd does may not be unpacked */
	require(!err == !*why.text && (!err || err == -EBADMSG));
	for (size_t i = 0; i < activities__series_cnt(activities); i++) {
		const struct activity_series *series = activities__series(activities, i);

		require(*series->state && series->cnt == durations__cnt(&series->durations));
		require(!series->ledger_latest.entries);
	}
	close(fd);
	activities__free(activities);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	if (!sz)
		return 0;
	fuzz_reader((const char *)data + 1, sz - 1, data[0] + 1U);
	fuzz_activities((const char *)data + 1, sz - 1);
	return 0;
}
