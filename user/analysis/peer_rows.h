/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rows of calls that other tools have written, recognised by their header rows.
 *
 *     QuantumLeap   Timepoint (when it ended), Measurement (seconds), Label, PID. The values that
 *                   it samples have the same columns, and are no calls: they are known by its
 *                   labels for them
 *     Junmai        timestamp (when it was recorded, at its end; local time unless it says
 *                   otherwise), operation, duration_ms, success, and what it was about
 */
#ifndef TACHO_USER_ANALYSIS_PEER_ROWS_H
#define TACHO_USER_ANALYSIS_PEER_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "row.h"

enum {
	QUANTUMLEAP_TIMEPOINT,
	QUANTUMLEAP_MEASUREMENT,
	QUANTUMLEAP_LABEL,
	QUANTUMLEAP_PID,
	QUANTUMLEAP_COLUMN_CNT
};

enum {
	JUNMAI_TIMESTAMP,
	JUNMAI_OPERATION,
	JUNMAI_DURATION,
	JUNMAI_SUCCESS,
	JUNMAI_PHOTO,
	JUNMAI_JOB,
	JUNMAI_STAGE,
	JUNMAI_ERROR,
	JUNMAI_COLUMN_CNT
};

extern const char *const quantumleap_columns[QUANTUMLEAP_COLUMN_CNT];
extern const char *const junmai_columns[JUNMAI_COLUMN_CNT];

struct peer_call {
	bool is_call;
	const char *state; /* borrowed */
	uint64_t start_ns;
	uint64_t duration_ns;
	uint64_t pid; /* QuantumLeap only */
	enum row_failed failed;
};

/* Is it the label of a series that QuantumLeap samples? */
bool quantumleap_label__is_sampled(const char *label);

/* Both return what is wrong with the row, or NULL. */
const char *quantumleap_columns__parse(const char *const *values, struct peer_call *ret_call);
const char *junmai_columns__parse(const char *const *values, struct peer_call *ret_call);

/* Their files of calls in a directory, by their names: duration.*.csv and processing_metrics_*.csv,
 * in the order of these. */
struct peer_files {
	char **paths;
	size_t cnt;
};

int peer_files__list(const char *dir, struct peer_files *ret_files, struct fault *why);
void peer_files__free(struct peer_files *files);

#endif
