/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `record -- COMMAND`: a child that waits, before its first instruction, until we are ready. */
#ifndef TACHO_USER_COMMAND_H
#define TACHO_USER_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#include "fault.h"

/* Of the recorder itself when it runs a command, as timeout(1) has them. */
#define COMMAND_STATUS_FAILED 125 /* the recorder failed */
#define COMMAND_STATUS_NOT_EXECUTABLE 126
#define COMMAND_STATUS_NOT_FOUND 127

struct command;

/* Forks a child that waits to become argv. It keeps the signal mask and dispositions of this
 * moment: call this before changing them. */
int command__start(char *const argv[], struct command **ret_command, struct fault *why);

pid_t command__pid(const struct command *command);

/* Lets it go. When exec fails: negative errno with why, and the child is gone. */
int command__release(struct command *command, struct fault *why);

/* Has it ended? Collects it if so. *ret_status: its exit status, 128 + N if signal N ended it. */
bool command__ended(struct command *command, int *ret_status);

/* Passes a signal on. */
void command__signal(const struct command *command, int signal);

/* A child that was not released yet ends without having become anything. NULL is fine. */
void command__free(struct command *command);

#endif
