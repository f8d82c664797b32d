/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files that make a list share; nobody else includes it. */
#ifndef TACHO_USER_LIST_LIST_PRIVATE_H
#define TACHO_USER_LIST_LIST_PRIVATE_H

#include "list.h"

#define USDT_NAME_PREFIX "usdt:"

/* Adds the USDT probes that match. Nothing found is no error. */
int list__add_usdts(struct list *list, const char *pattern, struct fault *why);
void listed_usdt__clear(struct listed_usdt *usdt);

#endif
