/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <getopt.h>

#include "capture.h"
#include "cli.h"

enum { OPTION_FOR = 1 };

#define READ_SZ 256

static const struct cli_option options[] = {
	{ 'v', "verbose", NULL, "more" },
	{ 'f', "file", "FILE", "a file" },
	{ 'r', "resources", "[GLOB]", "processes" },
	{ OPTION_FOR, "for", "TIME", "a time" },
	{},
};

static const struct cli cli = {
	.command = "try",
	.usage = "[OPTION]...",
	.about = "About.",
	.options = options,
	.runs_command = true,
};

static int take(void *ctx, int letter, char *arg)
{
	char *read = ctx;
	size_t at = strlen(read);

	if (letter == OPTION_FOR && !strcmp(arg, "never"))
		return 7;
	snprintf(read + at, READ_SZ - at, "%c%s%s ", letter == OPTION_FOR ? 't' : letter,
		 arg ? "=" : "", arg ? arg : "");
	return 0;
}

/* The words behind the command's name become "v f=FILE r=GLOB r|OPERANDS", or what is said about
 * them. */
static const char *parse(const char *const *words, size_t cnt)
{
	static struct capture capture;
	static char read[READ_SZ];
	char *argv[16] = { (char *)"try" };
	int operand, status, argc = 1;

	for (size_t i = 0; i < cnt; i++)
		argv[argc++] = (char *)words[i];
	optind = 0; /* getopt(3): begin anew */
	read[0] = '\0';
	capture__begin(&capture, stderr);
	status = cli__read(&cli, argc, argv, take, read, &operand);
	capture__end(&capture);
	if (status != CLI_END) {
		assert_int_equal(status, CLI_EXIT_USAGE);
		return capture.text;
	}
	for (int i = operand; i < argc; i++)
		snprintf(read + strlen(read), sizeof(read) - strlen(read), "|%s", argv[i]);
	return read;
}

#define PARSE(...)                                                                                 \
	parse((const char *const[]) { __VA_ARGS__ },                                               \
	      sizeof((const char *const[]) { __VA_ARGS__ }) / sizeof(const char *))

static void options_have_short_and_long_forms(void **state)
{
	(void)state;
	assert_string_equal(PARSE("-v", "-fx", "-f", "y", "--file=z", "--for", "1s"),
			    "v f=x f=y f=z t=1s ");
	assert_string_equal(PARSE("--verb", "a", "-v"), "v |a|-v");
}

static void an_optional_argument_stands_in_the_same_word(void **state)
{
	(void)state;
	assert_string_equal(PARSE("-r"), "r ");
	assert_string_equal(PARSE("-rpython*"), "r=python* ");
	assert_string_equal(PARSE("--resources"), "r ");
	assert_string_equal(PARSE("--resources=a b"), "r=a b ");
	assert_string_equal(PARSE("--resources="), "r= ");
	assert_string_equal(PARSE("-r", "-ra", "--res", "-v"), "r r=a r v ");
	assert_string_equal(PARSE("-vr", "-vrx"), "v r v r=x ");
}

static void the_next_word_is_no_optional_argument(void **state)
{
	(void)state;
	assert_string_equal(PARSE("-r", "sleep", "1"), "r |sleep|1");
	assert_string_equal(PARSE("--resources", "--", "sleep"), "r |sleep");
}

static void wrong_options_are_told(void **state)
{
	(void)state;
	assert_string_equal(PARSE("--resource-s"), "tacho: try: there is no option '--resource-s'; "
						   "did you mean '--resources'? (see tacho try "
						   "--help)\n");
	assert_string_equal(PARSE("-f"),
			    "tacho: try: option '-f' needs an argument (see tacho try --help)\n");
	assert_string_equal(PARSE("--verbose=1"), "tacho: try: option '--verbose=1' takes no "
						  "argument (see tacho try --help)\n");
	assert_string_equal(PARSE("-x"),
			    "tacho: try: there is no option '-x' (see tacho try --help)\n");
}

static void an_empty_path_is_refused(void **state)
{
	static const struct cli reading = { .command = "try", .options = options };
	char *argv[] = { (char *)"try", (char *)"a", (char *)"", NULL };
	char read[READ_SZ] = "";
	struct capture capture;
	int operand;

	(void)state;
	assert_string_equal(PARSE("-f", ""),
			    "tacho: try: --file: the FILE is empty (see tacho try --help)\n");
	assert_string_equal(PARSE("--for", "", "-r"), "t= r ");
	assert_string_equal(PARSE("-v", "echo", ""), "v |echo|");
	optind = 0;
	capture__begin(&capture, stderr);
	assert_int_equal(cli__read(&reading, 3, argv, take, read, &operand), CLI_EXIT_USAGE);
	assert_string_equal(capture__end(&capture),
			    "tacho: try: an argument is empty (see tacho try --help)\n");
}

static void what_is_not_taken_ends_the_reading(void **state)
{
	char *argv[] = { (char *)"try", (char *)"-v", (char *)"--for=never", (char *)"-x", NULL };
	char read[READ_SZ] = "";
	int operand = 9;

	(void)state;
	optind = 0;
	assert_int_equal(cli__read(&cli, 4, argv, take, read, &operand), 7);
	assert_string_equal(read, "v ");
	assert_int_equal(operand, 9);
}

static void help_shows_how_arguments_are_written(void **state)
{
	char *argv[] = { (char *)"try", (char *)"-v", (char *)"--help", (char *)"-x", NULL };
	char read[READ_SZ] = "";
	struct capture capture;
	int operand, status;

	(void)state;
	optind = 0;
	capture__begin(&capture, stdout);
	status = cli__read(&cli, 4, argv, take, read, &operand);
	assert_string_equal(capture__end(&capture),
			    "Usage: tacho try [OPTION]...\n\nAbout.\n\n"
			    "  -v, --verbose              more\n"
			    "  -f, --file FILE            a file\n"
			    "  -r[GLOB], --resources[=GLOB] processes\n"
			    "      --for TIME             a time\n"
			    "  -h, --help                 show this text\n");
	assert_int_equal(status, 0);
	assert_string_equal(read, "v ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_have_short_and_long_forms),
		cmocka_unit_test(an_optional_argument_stands_in_the_same_word),
		cmocka_unit_test(the_next_word_is_no_optional_argument),
		cmocka_unit_test(wrong_options_are_told),
		cmocka_unit_test(an_empty_path_is_refused),
		cmocka_unit_test(what_is_not_taken_ends_the_reading),
		cmocka_unit_test(help_shows_how_arguments_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
