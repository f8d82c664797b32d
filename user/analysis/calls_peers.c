/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/calls_internal.h"
#include "analysis/peer_rows.h"

static struct call make_call(const struct peer_call *peer)
{
	return (struct call) {
		.state = peer->state,
		.start_ns = peer->start_ns,
		.duration_ns = peer->duration_ns,
		.failed = peer->failed,
		.comm = "",
		.return_value = "",
		.binary = "",
		.function = "",
	};
}

/* --- QuantumLeap -------------------------------------------------------------------------- */

static int take_quantumleap(void *ctx, const struct data_row *row, const char **ret_wrong)
{
	const struct calls_taker *taker = ((struct calls_reader *)ctx)->taker;
	struct peer_call peer;
	struct call call;

	*ret_wrong = quantumleap_columns__parse(row->values, &peer);
	if (*ret_wrong || !peer.is_call || !taker->call)
		return 0;
	call = make_call(&peer);
	call.known = CALL_KNOWS_PID;
	call.pid = peer.pid;
	return taker->call(taker->ctx, &call);
}

const struct data_layout calls__quantumleap_layout = {
	quantumleap_columns, QUANTUMLEAP_COLUMN_CNT, QUANTUMLEAP_COLUMN_CNT, NULL, take_quantumleap,
};

/* --- Junmai ------------------------------------------------------------------------------- */

/* What a call was about is as good as captured. */
static int take_junmai(void *ctx, const struct data_row *row, const char **ret_wrong)
{
	const struct calls_taker *taker = ((struct calls_reader *)ctx)->taker;
	struct data_value captured[JUNMAI_COLUMN_CNT - JUNMAI_PHOTO];
	struct peer_call peer;
	struct call call;

	*ret_wrong = junmai_columns__parse(row->values, &peer);
	if (*ret_wrong || !taker->call)
		return 0;
	call = make_call(&peer);
	for (size_t i = JUNMAI_PHOTO; i < JUNMAI_COLUMN_CNT; i++)
		captured[call.captured_cnt++] =
			(struct data_value) { junmai_columns[i], calls__text(row->values[i]) };
	call.captured = captured;
	return taker->call(taker->ctx, &call);
}

const struct data_layout calls__junmai_layout = {
	junmai_columns, JUNMAI_COLUMN_CNT, JUNMAI_PHOTO, NULL, take_junmai,
};
