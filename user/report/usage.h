/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of processes: what each has used. */
#ifndef TACHO_USER_REPORT_USAGE_H
#define TACHO_USER_REPORT_USAGE_H

#include "analysis/processes.h"
#include "report/sheet.h"

/* The most processor time first. processes may be NULL, which are none. NULL without memory.
 * Borrows nothing. */
struct sheet *report_usage__sheet(struct processes *processes);

/* Has any of them ended otherwise than with 0? */
bool report_usage__any_failed(struct processes *processes);

#endif
