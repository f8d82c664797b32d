/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How busy the machine was: what calls.h does not read of system_detail.csv. */
#ifndef TACHO_USER_PLOT_MACHINE_H
#define TACHO_USER_PLOT_MACHINE_H

#include "plot/gather.h"

/* Of a directory, or of the file itself; all other paths are passed over, standard input too. Rows
 * that make no sense are, too: calls.h tells of them. 0 or -ENOMEM. */
int plot_machine__read(struct plot_data *data, const char *path);

#endif
