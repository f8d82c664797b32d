/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "commands.h"
#include "message.h"
#include "suggest.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "record", cmd_record, "attach to functions and write what they did to CSV files" },
	{ "check", cmd_check, "show what record would attach to, without attaching" },
	{ "list", cmd_list, "show what a file has that can be attached to" },
	{ "status", cmd_status, "show how the recordings that run are going" },
	{ "replay", cmd_replay, "write the CSV files again from a raw stream" },
	{ "report", cmd_report, "statistics from the CSV files" },
	{ "compare", cmd_compare, "what changed from one recording to another" },
	{ "export", cmd_export, "convert the CSV files to what other tools read" },
	{ "plot", cmd_plot, "draw the CSV files: one HTML page, or an SVG chart" },
	{ "doctor", cmd_doctor, "try what this machine can do, and what probes cost on it" },
};

#define COMMAND_CNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	printf("Usage: tacho COMMAND [OPTION]...\n\n"
	       "Finds out how long things take in programs that nobody changed.\n\n");
	for (size_t i = 0; i < COMMAND_CNT; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].help);
	printf("\n  tacho COMMAND --help    says more about a command\n"
	       "  tacho --version         shows the version\n");
}

static int refuse(const char *name)
{
	const char *names[COMMAND_CNT + 1] = {};
	const char *nearest;

	for (size_t i = 0; i < COMMAND_CNT; i++)
		names[i] = commands[i].name;
	nearest = suggest_word(name, names);
	if (nearest)
		message("there is no command '%s'; did you mean '%s'?", name, nearest);
	else
		message("there is no %s '%s' (see tacho --help)",
			*name == '-' ? "option" : "command", name);
	return CLI_EXIT_USAGE;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		message("a command is missing (see tacho --help)");
		return CLI_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_help();
		return cli__printed(NULL);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("tacho %s\n", TACHO_VERSION);
		return cli__printed(NULL);
	}
	for (size_t i = 0; i < COMMAND_CNT; i++) {
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	}
	return refuse(argv[1]);
}
