/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A doctor's report: a table for people, JSON for programs. */
#ifndef TACHO_USER_DOCTOR_SHOW_H
#define TACHO_USER_DOCTOR_SHOW_H

#include <stdio.h>

#include "report.h"

#define DOCTOR_TABLE_COLUMNS 80

/* Flushed. 0, -ENOMEM, or -EIO when out did not take all of it. */
int doctor_show_table(const struct doctor_report *report, FILE *out);
int doctor_show_json(const struct doctor_report *report, FILE *out);

#endif
