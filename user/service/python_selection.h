/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The functions that Python programs are to mark (docs/MARKS.md), as one recorder wants them: a
 * file of its own in a folder that all recorders share. Programs read all files there, and so see
 * the union; no recorder touches what another one that lives has put there.
 *
 *	/run/tacho/python-functions/recorder-PID-START
 *
 * Readers see whole files: each is written beside, as .NAME, and renamed. The recorder holds a lock
 * (flock) on its file. One that is not locked was left behind by a recorder that was killed, and is
 * removed by the next one that begins.
 */
#ifndef TACHO_USER_SERVICE_PYTHON_SELECTION_H
#define TACHO_USER_SERVICE_PYTHON_SELECTION_H

#include <stddef.h>

#include "../fault.h"

#define PYTHON_SELECTION_FOLDER "/run/tacho/python-functions"
/* Names another, for programs as well. */
#define PYTHON_SELECTION_VARIABLE "TACHO_PYTHON_FUNCTIONS"
#define PYTHON_SELECTION_HEAD "tacho-python 1\n"
#define PYTHON_SELECTION_SZ_MAX (1 << 20) /* programs read no longer file */

struct python_selection;

/* Makes the folder, and the one above, if they are missing, and removes what was left behind.
 * Publishes nothing yet. */
int python_selection__open(const char *folder, struct python_selection **ret_selection,
			   struct fault *why);

int python_selection__folder_fd(const struct python_selection *selection);

/* Replaces what was published before, if anything was; no data: withdraws that. 0, or negative
 * errno with why; what was published before is there still then. */
int python_selection__publish(struct python_selection *selection, const char *data, size_t sz,
			      struct fault *why);

/* Withdraws and frees. NULL is fine. */
void python_selection__close(struct python_selection *selection);

#endif
