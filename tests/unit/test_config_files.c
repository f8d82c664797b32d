/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The file, its drop-ins, and the file that is installed. */
#include <limits.h>
#include <sys/stat.h>

#include "config_fixture.h"

#ifndef SOURCE_DIR
#define SOURCE_DIR "."
#endif

static char shipped_path[PATH_MAX];

/* ---- the file ---- */

static void a_file_that_cannot_be_read_is_refused(void **state)
{
	(void)state;
	assert_refused(-ENOENT, "tacho.conf: No such file or directory");
	assert_int_equal(mkdir("tacho.conf", 0755), 0);
	assert_refused(-EISDIR, "tacho.conf: Is a directory");
}

static void an_endless_file_is_refused(void **state)
{
	(void)state;
	assert_int_equal(symlink("/dev/zero", "tacho.conf"), 0);
	assert_refused(-EFBIG, "tacho.conf: File too large");
}

static void an_empty_file_has_no_states(void **state)
{
	(void)state;
	assert_text_refused(
		"", "no states: nothing to record (add a [state NAME] section to the "
		    "configuration, or use -s NAME=BINARY:FUNCTION; other things to record are "
		    "programs = PATH in [marks], and enabled = yes in [resources])");
}

/* ---- drop-ins ---- */

/* A main file with one state, and an empty folder of drop-ins. */
static void write_main_file(void)
{
	write_file("tacho.conf", "[record]\nflush = 2s\nsync = 2s\n"
				 "[state A]\nfunction = /bin/a:f\nprocess = /opt/*\n");
	assert_int_equal(mkdir("tacho.conf.d", 0755), 0);
}

static void a_drop_in_overrides_key_by_key(void **state)
{
	struct config *config;

	(void)state;
	write_main_file();
	write_file("tacho.conf.d/x.conf", "[record]\nflush = 3s\n[state A]\nexit = safe\n");
	config = load();
	assert_int_equal(config->flush_ns, 3 * SECOND);
	assert_int_equal(config->sync_ns, 2 * SECOND);
	assert_int_equal(config->state_cnt, 1);
	assert_string_equal(config->states[0].process, "/opt/*");
	assert_int_equal(config->states[0].exit, EXIT_SAFE);
	config__free(config);
}

static void drop_ins_are_read_in_byte_order(void **state)
{
	struct config *config;

	(void)state;
	write_main_file();
	write_file("tacho.conf.d/9.conf", "[record]\nflush = 9s\n");
	write_file("tacho.conf.d/10.conf", "[record]\nflush = 10s\nsync = 10s\n");
	write_file("tacho.conf.d/B.conf", "[record]\nrotate-keep = 1\n");
	write_file("tacho.conf.d/a.conf", "[record]\nrotate-keep = 2\n");
	config = load();
	assert_int_equal(config->flush_ns, 9 * SECOND);
	assert_int_equal(config->sync_ns, 10 * SECOND);
	assert_int_equal(config->rotate_keep, 2);
	config__free(config);
}

static void functions_of_a_drop_in_are_added(void **state)
{
	struct config *config;

	(void)state;
	write_main_file();
	write_file("tacho.conf.d/x.conf", "[state A]\nfunction = /bin/b:g\n"
					  "[state B]\nfunction = /bin/b:h\n");
	config = load();
	assert_int_equal(config->state_cnt, 2);
	assert_int_equal(config->states[0].function_cnt, 2);
	assert_string_equal(config->states[0].functions[0].function, "f");
	assert_string_equal(config->states[0].functions[1].function, "g");
	assert_string_equal(config->states[0].functions[1].origin, "tacho.conf.d/x.conf:2");
	assert_string_equal(config->states[0].origin, "tacho.conf:4");
	assert_string_equal(config->states[1].origin, "tacho.conf.d/x.conf:3");
	config__free(config);
}

static void an_empty_function_clears_what_was_there(void **state)
{
	struct config *config;

	(void)state;
	write_main_file();
	write_file("tacho.conf.d/x.conf", "[state A]\nfunction =\nfunction = /bin/b:g\n");
	config = load();
	assert_int_equal(config->states[0].function_cnt, 1);
	assert_string_equal(config->states[0].functions[0].function, "g");
	config__free(config);
	write_file("tacho.conf.d/x.conf", "[state A]\nfunction = ; none\n");
	assert_refused(-EINVAL, "tacho.conf:4: state 'A' has no function "
				"(add function = BINARY:FUNCTION, or python, or begin and end)");
}

static void an_empty_value_is_the_default(void **state)
{
	struct config *config;

	(void)state;
	write_file("tacho.conf", "[record]\ndirectory = /d\nstates = A\nformats = detail\n"
				 "flush = 7s\nsync = never\nrotate-size = 0\nrotate-keep = 7\n"
				 "rotate-age = 1h\nrotate-compress = zstd\nkeep-size = 1G\n"
				 "ring-size = 4K\nrate-limit = 9\ndebuginfod = on\n"
				 "[state A]\nfunction = /bin/a:f\nprocess = x\nexit = safe\n"
				 "place = symbol\nmany = yes\ncapture = a, b\n"
				 "failed-if = return:u8 == 3\nrate-limit = 8\n");
	assert_int_equal(mkdir("tacho.conf.d", 0755), 0);
	write_file("tacho.conf.d/x.conf", "[record]\ndirectory =\nstates =\nformats =\nflush =\n"
					  "sync =\nrotate-size =\nrotate-keep =\nring-size =\n"
					  "rate-limit =\ndebuginfod =\nrotate-age =\n"
					  "rotate-compress =\nkeep-size =\n"
					  "[state A]\nprocess =\nexit =\nplace =\nmany =\n"
					  "capture =\nfailed-if =\nrate-limit =\n"
					  "[state B]\nfunction = /bin/b:f\n");
	config = load();
	assert_null(config->directory);
	assert_null(config->state_globs);
	assert_int_equal(config->format_cnt, 2);
	assert_int_equal(config->flush_ns, SECOND);
	assert_int_equal(config->sync_ns, 5 * SECOND);
	assert_int_equal(config->rotate_bytes, 64 << 20);
	assert_int_equal(config->rotate_keep, 8);
	assert_int_equal(config->rotate_age_ns, 0);
	assert_false(config->rotate_compress);
	assert_int_equal(config->keep_bytes, 0);
	assert_int_equal(config->ring_bytes, 8 << 20);
	assert_null(config->states[0].process);
	assert_int_equal(config->rate_limit, 100000);
	assert_false(config->debuginfod);
	assert_int_equal(config->states[0].exit, EXIT_AUTO);
	assert_null(config->states[0].exit_origin);
	assert_int_equal(config->states[0].place, PLACE_AUTO);
	assert_false(config->states[0].many);
	assert_int_equal(config->states[0].capture_cnt, 0);
	assert_null(config->states[0].captures);
	assert_null(config->states[0].captures_origin);
	assert_int_equal(config->states[0].failed_if.compare, TACHO_COMPARE_NONE);
	assert_int_equal(config->states[0].failed_if.type, TACHO_VALUE_NONE);
	assert_int_equal(config->states[0].failed_if.operand, 0);
	assert_null(config->states[0].failed_if.origin);
	assert_int_equal(config->states[0].rate_limit, 100000);
	assert_true(config->states[1].enabled);
	config__free(config);
}

static void captures_of_a_drop_in_replace_those_before(void **state)
{
	struct config *config;

	(void)state;
	write_main_file();
	write_file("tacho.conf.d/1.conf", "[state A]\ncapture = arg1 as a, arg2 as b\n"
					  "failed-if = return:s32 == -1\n");
	write_file("tacho.conf.d/2.conf", "[state A]\ncapture = arg3:string as c\n"
					  "failed-if = return > 1\n");
	config = load();
	assert_int_equal(config->states[0].capture_cnt, 1);
	assert_string_equal(config->states[0].captures[0].name, "c");
	assert_string_equal(config->states[0].captures_origin, "tacho.conf.d/2.conf:2");
	assert_int_equal(config->states[0].failed_if.compare, TACHO_COMPARE_GREATER);
	assert_int_equal(config->states[0].failed_if.type, TACHO_VALUE_NONE);
	assert_string_equal(config->states[0].failed_if.origin, "tacho.conf.d/2.conf:3");
	config__free(config);
}

static void an_error_in_a_drop_in_names_it(void **state)
{
	(void)state;
	write_main_file();
	write_file("tacho.conf.d/x.conf", "[record]\n\nflsuh = 3s\n");
	assert_refused(-EINVAL, "tacho.conf.d/x.conf:3: unknown key 'flsuh' in [record] "
				"(did you mean 'flush'?)");
	write_file("tacho.conf.d/x.conf", "[state A]\nfunction = /bin/a:f\n");
	assert_refused(-EINVAL, "tacho.conf.d/x.conf:2: state 'A' already has the function "
				"'/bin/a:f' (from tacho.conf:5)");
	write_file("tacho.conf.d/x.conf", "[state A]\n[state A]\n");
	assert_refused(-EINVAL, "tacho.conf.d/x.conf:2: [state A] is already in this file, "
				"at line 1 (put its keys together)");
	write_file("tacho.conf.d/x.conf", "flush = 1s\n");
	assert_refused(-EINVAL, "tacho.conf.d/x.conf:1: key 'flush' before any section "
				"(put it below [record], [state NAME], [resources], "
				"[feature-flag] or [marks])");
}

static void only_visible_regular_conf_files_are_drop_ins(void **state)
{
	struct config *config;

	(void)state;
	write_main_file();
	write_file("tacho.conf.d/x.conf~", "rubbish");
	write_file("tacho.conf.d/x.conf.bak", "rubbish");
	write_file("tacho.conf.d/README", "rubbish");
	write_file("tacho.conf.d/.hidden.conf", "rubbish");
	assert_int_equal(symlink("nobody@host", "tacho.conf.d/.#x.conf"), 0);
	assert_int_equal(mkdir("tacho.conf.d/folder.conf", 0755), 0);
	assert_int_equal(mkfifo("tacho.conf.d/fifo.conf", 0644), 0);
	assert_int_equal(symlink("/dev/null", "tacho.conf.d/masked.conf"), 0);
	write_file("elsewhere", "[record]\nflush = 4s\n");
	assert_int_equal(symlink("../elsewhere", "tacho.conf.d/link.conf"), 0);
	config = load();
	assert_int_equal(config->flush_ns, 4 * SECOND);
	config__free(config);
}

static void a_drop_in_that_cannot_be_read_is_refused(void **state)
{
	(void)state;
	write_main_file();
	assert_int_equal(symlink("nowhere", "tacho.conf.d/x.conf"), 0);
	assert_refused(-ENOENT, "tacho.conf.d/x.conf: No such file or directory");
	assert_int_equal(unlink("tacho.conf.d/x.conf"), 0);
	assert_int_equal(symlink("x.conf", "tacho.conf.d/x.conf"), 0);
	assert_refused(-ELOOP, "tacho.conf.d/x.conf: Too many levels of symbolic links");
}

static void a_folder_of_drop_ins_that_is_none_is_refused(void **state)
{
	(void)state;
	write_file("tacho.conf", STATE);
	write_file("tacho.conf.d", "");
	assert_refused(-ENOTDIR, "tacho.conf.d: Not a directory");
}

/* ---- the file that is installed ---- */

/* The shipped file; with `active`, every line that a ';' switches off is on. */
static void copy_shipped_file(bool active)
{
	FILE *from = fopen(shipped_path, "r"), *to = fopen("tacho.conf", "w");
	char line[256];

	if (!from)
		fail_msg("%s cannot be opened", shipped_path);
	assert_non_null(to);
	while (fgets(line, sizeof(line), from))
		fputs(line + (active && line[0] == ';'), to);
	fclose(from);
	assert_int_equal(fclose(to), 0);
}

static void the_shipped_file_is_read(void **state)
{
	struct config *config = config__new();
	struct fault why = {};

	(void)state;
	copy_shipped_file(false);
	if (config__load(config, "tacho.conf", &why))
		fail_msg("%s", why.text);
	assert_int_equal(config->state_cnt, 0);
	config__free(config);
}

static void the_shipped_file_shows_the_defaults_and_eight_states(void **state)
{
	struct config *config, *fresh = config__new();

	(void)state;
	copy_shipped_file(true);
	config = load();
	assert_int_equal(config->state_cnt, 8);
	assert_int_equal(config->flush_ns, fresh->flush_ns);
	assert_int_equal(config->sync_ns, fresh->sync_ns);
	assert_int_equal(config->rotate_bytes, fresh->rotate_bytes);
	assert_int_equal(config->rotate_keep, fresh->rotate_keep);
	assert_int_equal(config->ring_bytes, fresh->ring_bytes);
	assert_int_equal(config->rate_limit, fresh->rate_limit);
	assert_int_equal(config->debuginfod, fresh->debuginfod);
	assert_int_equal(config->resources.enabled, fresh->resources.enabled);
	assert_int_equal(config->resources.interval_ns, fresh->resources.interval_ns);
	assert_int_equal(config->resources.pattern_cnt, fresh->resources.pattern_cnt);
	for (size_t i = 0; i < fresh->resources.pattern_cnt; i++)
		assert_string_equal(config->resources.patterns[i], fresh->resources.patterns[i]);
	assert_int_equal(config->format_cnt, fresh->format_cnt);
	for (size_t i = 0; i < fresh->format_cnt; i++)
		assert_string_equal(config->formats[i], fresh->formats[i]);
	for (size_t i = 0; i < config->state_cnt; i++)
		assert_true(config->states[i].enabled);
	config__free(config);
	config__free(fresh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_file_that_cannot_be_read_is_refused),
		CASE(an_endless_file_is_refused),
		CASE(an_empty_file_has_no_states),
		CASE(a_drop_in_overrides_key_by_key),
		CASE(drop_ins_are_read_in_byte_order),
		CASE(functions_of_a_drop_in_are_added),
		CASE(an_empty_function_clears_what_was_there),
		CASE(an_empty_value_is_the_default),
		CASE(captures_of_a_drop_in_replace_those_before),
		CASE(an_error_in_a_drop_in_names_it),
		CASE(only_visible_regular_conf_files_are_drop_ins),
		CASE(a_drop_in_that_cannot_be_read_is_refused),
		CASE(a_folder_of_drop_ins_that_is_none_is_refused),
		CASE(the_shipped_file_is_read),
		CASE(the_shipped_file_shows_the_defaults_and_eight_states),
	};

	if (!realpath(SOURCE_DIR "/systemd/tacho.conf", shipped_path))
		strcpy(shipped_path, SOURCE_DIR "/systemd/tacho.conf");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
