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
	 * stands in the same word: -xARG, --name=ARG. */
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

enum { CLI_END = -1, CLI_BAD = -2, CLI_HELP = -3 };

/* Next option letter (its argument in *ret_arg, NULL if there is none), CLI_END (operands begin at
 * *ret_operand), CLI_HELP (printed) or CLI_BAD (told, with the nearest option). */
int cli__next(const struct cli *cli, int argc, char **argv, char **ret_arg, int *ret_operand);

/* The exit status when cli__next has ended the command: for CLI_HELP and CLI_BAD, which are the
 * negative answers but CLI_END. */
int cli__status(int answer);

/* Says what is wrong with the usage and how to learn more; returns CLI_EXIT_USAGE. */
int cli__refuse(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
