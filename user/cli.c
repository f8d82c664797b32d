/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "message.h"
#include "suggest.h"

#define HELP_LETTER 'h'
#define FIRST_PRINTABLE ' '

static bool is_optional(const char *arg)
{
	return arg && *arg == '[';
}

static void print_option(const struct cli_option *option)
{
	bool optional = is_optional(option->arg);
	char letter[48] = "   ", left[96];

	if (option->letter >= FIRST_PRINTABLE)
		snprintf(letter, sizeof(letter), "-%c%s,", option->letter,
			 optional ? option->arg : "");
	if (optional)
		snprintf(left, sizeof(left), "%s --%s[=%s", letter, option->name, option->arg + 1);
	else
		snprintf(left, sizeof(left), "%s --%s%s%s", letter, option->name,
			 option->arg ? " " : "", option->arg ? option->arg : "");
	printf("  %-26s %s\n", left, option->help);
}

static void print_help(const struct cli *cli)
{
	static const struct cli_option help = { HELP_LETTER, "help", NULL, "show this text" };

	printf("Usage: tacho %s %s\n\n%s\n\n", cli->command, cli->usage, cli->about);
	for (const struct cli_option *o = cli->options; o->letter; o++)
		print_option(o);
	print_option(&help);
	if (cli->notes)
		printf("\n%s\n", cli->notes);
}

int cli__printed(const char *command)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	message("%s%swriting to standard output failed", command ? command : "",
		command ? ": " : "");
	return CLI_EXIT_FAILED;
}

int cli__refuse(const struct cli *cli, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	message("%s: %s (see tacho %s --help)", cli->command, text, cli->command);
	return CLI_EXIT_USAGE;
}

static int refuse_unknown(const struct cli *cli, const char *text)
{
	const char *names[CLI_OPTIONS_MAX + 2] = { "help" };
	const char *nearest;
	size_t cnt = 1;

	for (const struct cli_option *o = cli->options; o->letter; o++)
		names[cnt++] = o->name;
	names[cnt] = NULL;
	nearest = strncmp(text, "--", 2) ? NULL : suggest_word(text + 2, names);
	if (nearest)
		return cli__refuse(cli, "there is no option '%s'; did you mean '--%s'?", text,
				   nearest);
	return cli__refuse(cli, "there is no option '%s'", text);
}

/* The tables that getopt_long wants. */
struct getopt_tables {
	char letters[3 * CLI_OPTIONS_MAX + 8];
	struct option longs[CLI_OPTIONS_MAX + 2];
};

static int kind_of_argument(const struct cli_option *option)
{
	if (!option->arg)
		return no_argument;
	return is_optional(option->arg) ? optional_argument : required_argument;
}

static void fill_tables(const struct cli *cli, struct getopt_tables *t)
{
	char *letters = t->letters;
	size_t cnt = 0;

	*t = (struct getopt_tables) {};
	if (cli->runs_command)
		*letters++ = '+';
	*letters++ = ':'; /* a missing argument is told apart from an unknown option */
	*letters++ = HELP_LETTER;
	t->longs[cnt++] = (struct option) { "help", no_argument, NULL, HELP_LETTER };
	for (const struct cli_option *o = cli->options; o->letter; o++) {
		t->longs[cnt++] = (struct option) { o->name, kind_of_argument(o), NULL, o->letter };
		if (o->letter < FIRST_PRINTABLE)
			continue;
		*letters++ = o->letter;
		for (int i = 0; i < kind_of_argument(o); i++)
			*letters++ = ':'; /* one: required; two: optional */
	}
}

/* given: the word that getopt_long does not know. */
static int refuse_option(const struct cli *cli, const char *given)
{
	char short_form[] = { '-', (char)optopt, '\0' };

	/* optopt is 0 for an unknown long option; for a known one with an argument that it does not
	 * take, it is the letter */
	if (optopt && strncmp(given, "--", 2) == 0)
		return cli__refuse(cli, "option '%s' takes no argument", given);
	return refuse_unknown(cli, optopt ? short_form : given);
}

static bool is_path(const char *placeholder)
{
	return placeholder && (!strcmp(placeholder, "FILE") || !strcmp(placeholder, "DIR") ||
			       !strcmp(placeholder, "PATH"));
}

/* A path may not be empty, as "$FOLDER" is in a script that has not set it. */
static int take_option(const struct cli *cli, cli_take_fn *take, void *ctx, int letter, char *arg)
{
	const struct cli_option *option = cli->options;

	while (option->letter != letter)
		option++;
	if (is_path(option->arg) && !*arg)
		return cli__refuse(cli, "--%s: the %s is empty", option->name, option->arg);
	return take(ctx, letter, arg);
}

static int check_operands(const struct cli *cli, int argc, char **argv, int first)
{
	for (int i = first; i < argc && !cli->runs_command; i++) {
		if (!*argv[i])
			return cli__refuse(cli, "an argument is empty");
	}
	return CLI_END;
}

int cli__read(const struct cli *cli, int argc, char **argv, cli_take_fn *take, void *ctx,
	      int *ret_operand)
{
	struct getopt_tables tables;
	int letter, status = 0;

	fill_tables(cli, &tables);
	opterr = 0;
	while (!status) {
		letter = getopt_long(argc, argv, tables.letters, tables.longs, NULL);
		switch (letter) {
		case -1:
			*ret_operand = optind;
			return check_operands(cli, argc, argv, optind);
		case HELP_LETTER:
			print_help(cli);
			return cli__printed(cli->command);
		case ':':
			return cli__refuse(cli, "option '%s' needs an argument", argv[optind - 1]);
		case '?':
			return refuse_option(cli, argv[optind - 1]);
		default:
			status = take_option(cli, take, ctx, letter, optarg);
		}
	}
	return status;
}
