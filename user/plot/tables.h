/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the charts show, in numbers: the tables of the page. */
#ifndef TACHO_USER_PLOT_TABLES_H
#define TACHO_USER_PLOT_TABLES_H

#include "plot/page.h"

/* 0 or -ENOMEM. */
int plot_tables__states(const struct plot_page *page, FILE *out);
void plot_tables__processes(const struct plot_page *page, FILE *out);
void plot_tables__losses(const struct plot_page *page, FILE *out);

#endif
