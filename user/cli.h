/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command line of a subcommand: one table gives the parser and the --help text. */
#ifndef TACHO_USER_CLI_H
#define TACHO_USER_CLI_H

#include <stdbool.h>

#define CLI_EXIT_FAILED 1
#define CLI_EXIT_USAGE 2

#define CLI_OPTIONS_MAX 32

struct cli_option {
	char letter;	  /* unique; a control character means: no short form */
	const char *name; /* long form, without dashes */
	/* Placeholder of its argument, NULL if it has none; "[ARG]" if it may be left out, and then
	 * stands in the same word: -xARG, --name=ARG. FILE, DIR and PATH may not be empty. */
	const char *arg;
	const char *help;
};

struct cli {
	const char *command;		  /* "record" */
	const char *usage;		  /* behind "Usage: tacho record " */
	const char *about;		  /* a paragraph */
	const struct cli_option *options; /* ended by a letter of 0; --help is added */
	const char *notes;		  /* after the options; may be NULL */
	bool runs_command; /* options end at the first operand: the rest is a command's */
};

/* Takes an option; arg is NULL if there is none. 0, or the exit status (the trouble has been told).
 */
typedef int cli_take_fn(void *ctx, int letter, char *arg);

#define CLI_END (-1)

/* Has each option taken. CLI_END: go on, operands begin at *ret_operand. Else the exit status of
 * the command: of --help (printed), of an option that is none (told, with the nearest one), of an
 * empty operand (of those that are not a command's; told), or what the take has returned. */
int cli__read(const struct cli *cli, int argc, char **argv, cli_take_fn *take, void *ctx,
	      int *ret_operand);

/* Whether all of it has gone to standard output: the exit status. command may be NULL. */
int cli__printed(const char *command);

/* Says what is wrong with the usage and how to learn more; returns CLI_EXIT_USAGE. */
int cli__refuse(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
