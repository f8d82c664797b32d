/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How lines become sections, keys and values; what the keys may hold is test_config.c's. */
#include "config_fixture.h"

/* ---- what is read ---- */

static void defaults_are_the_documented_ones(void **state)
{
	struct config *config = load_text(STATE);

	(void)state;
	assert_null(config->directory);
	assert_int_equal(config->format_cnt, 2);
	assert_string_equal(config->formats[0], "opentrons");
	assert_string_equal(config->formats[1], "detail");
	assert_null(config->state_globs);
	assert_int_equal(config->state_glob_cnt, 0);
	assert_int_equal(config->flush_ns, SECOND);
	assert_int_equal(config->sync_ns, 5 * SECOND);
	assert_int_equal(config->rotate_bytes, 64 << 20);
	assert_int_equal(config->rotate_keep, 8);
	assert_int_equal(config->rotate_age_ns, 0);
	assert_false(config->rotate_compress);
	assert_int_equal(config->keep_bytes, 0);
	assert_int_equal(config->ring_bytes, 8 << 20);
	assert_int_equal(config->rate_limit, 100000);
	assert_false(config->debuginfod);
	assert_int_equal(config->state_cnt, 1);
	assert_null(config->states[0].process);
	assert_int_equal(config->states[0].exit, EXIT_AUTO);
	assert_int_equal(config->states[0].place, PLACE_AUTO);
	assert_false(config->states[0].many);
	assert_int_equal(config->states[0].begin_cnt, 0);
	assert_int_equal(config->states[0].end_cnt, 0);
	assert_int_equal(config->states[0].begin_key.source, VALUE_NONE);
	assert_int_equal(config->states[0].end_key.source, VALUE_NONE);
	assert_int_equal(config->states[0].capture_cnt, 0);
	assert_int_equal(config->states[0].failed_if.compare, TACHO_COMPARE_NONE);
	assert_int_equal(config->states[0].rate_limit, 100000);
	assert_true(config->states[0].enabled);
	config__free(config);
}

static void every_key_is_read(void **state)
{
	struct config *config = load_text("[record]\n"
					  "directory = /data/my files\n"
					  "states = A\n"
					  "formats = detail\n"
					  "flush = 250ms\n"
					  "sync = 1min\n"
					  "rotate-size = 4K\n"
					  "rotate-keep = 1000\n"
					  "rotate-age = 2h\n"
					  "rotate-compress = zstd\n"
					  "keep-size = 1G\n"
					  "ring-size = 1G\n"
					  "rate-limit = 50\n"
					  "debuginfod = yes\n"
					  "[state A]\n"
					  "function = /bin/a:f\n"
					  "process = /opt/*\n"
					  "exit = safe\n"
					  "place = symbol\n"
					  "many = yes\n"
					  "capture = arg1:u32 as n\n"
					  "failed-if = return < 0\n"
					  "rate-limit = 60\n"
					  "[state B]\n"
					  "begin = /bin/a:f\n"
					  "end = /bin/a:g\n"
					  "key = thread\n");

	(void)state;
	assert_string_equal(config->directory, "/data/my files");
	assert_int_equal(config->state_glob_cnt, 1);
	assert_string_equal(config->state_globs[0], "A");
	assert_string_equal(config->states_origin, "tacho.conf:3");
	assert_int_equal(config->format_cnt, 1);
	assert_string_equal(config->formats[0], "detail");
	assert_int_equal(config->flush_ns, SECOND / 4);
	assert_int_equal(config->sync_ns, 60 * SECOND);
	assert_int_equal(config->rotate_bytes, 4096);
	assert_int_equal(config->rotate_keep, 1000);
	assert_int_equal(config->rotate_age_ns, 7200 * SECOND);
	assert_true(config->rotate_compress);
	assert_int_equal(config->keep_bytes, 1 << 30);
	assert_int_equal(config->ring_bytes, 1 << 30);
	assert_int_equal(config->rate_limit, 50);
	assert_true(config->debuginfod);
	assert_string_equal(config->states[0].process, "/opt/*");
	assert_int_equal(config->states[0].exit, EXIT_SAFE);
	assert_string_equal(config->states[0].exit_origin, "tacho.conf:18");
	assert_int_equal(config->states[0].place, PLACE_SYMBOL);
	assert_true(config->states[0].many);
	assert_int_equal(config->states[0].capture_cnt, 1);
	assert_string_equal(config->states[0].captures_origin, "tacho.conf:21");
	assert_int_equal(config->states[0].failed_if.compare, TACHO_COMPARE_LESS);
	assert_string_equal(config->states[0].failed_if.origin, "tacho.conf:22");
	assert_int_equal(config->states[0].rate_limit, 60);
	assert_string_equal(config->states[1].begins[0].function, "f");
	assert_string_equal(config->states[1].ends[0].function, "g");
	assert_int_equal(config->states[1].begin_key.source, VALUE_THREAD);
	assert_string_equal(config->states[1].key_origin, "tacho.conf:27");
	config__free(config);
}

static void several_functions_keep_their_order_and_lines(void **state)
{
	struct config *config =
		load_text("[state A]\nfunction = /bin/b:x\n\nfunction = a.so.1:y\n");

	(void)state;
	assert_string_equal(config->states[0].origin, "tacho.conf:1");
	assert_int_equal(config->states[0].function_cnt, 2);
	assert_string_equal(config->states[0].functions[0].binary, "/bin/b");
	assert_string_equal(config->states[0].functions[0].function, "x");
	assert_string_equal(config->states[0].functions[0].origin, "tacho.conf:2");
	assert_string_equal(config->states[0].functions[1].binary, "a.so.1");
	assert_string_equal(config->states[0].functions[1].origin, "tacho.conf:4");
	config__free(config);
}

static void comments_and_blank_lines_are_skipped(void **state)
{
	struct config *config = load_text("; one\n  # two\n\n \t \n"
					  "[record] ; three\n"
					  "flush = 2s ; four = five\n"
					  "sync = never\t;six\n"
					  "[state A];seven\n"
					  "function = /bin/a:f;g#h ; eight\n");

	(void)state;
	assert_int_equal(config->flush_ns, 2 * SECOND);
	assert_int_equal(config->sync_ns, CONFIG_SYNC_NEVER);
	assert_string_equal(config->states[0].functions[0].function, "f;g#h");
	config__free(config);
}

static void an_indented_line_continues_nothing(void **state)
{
	struct config *config = load_text("[state A]\nfunction = /bin/a:f\n\tfunction=/bin/a:g\n"
					  "  [record]\n    flush = 2s\n");

	(void)state;
	assert_int_equal(config->states[0].function_cnt, 2);
	assert_string_equal(config->states[0].functions[0].function, "f");
	assert_string_equal(config->states[0].functions[1].function, "g");
	assert_int_equal(config->flush_ns, 2 * SECOND);
	config__free(config);
}

static void dos_line_ends_and_byte_order_mark_are_fine(void **state)
{
	struct config *config = load_text("\xef\xbb\xbf[state A]\r\nfunction = /bin/a:f\r\n"
					  "exit = fast\r\n[record]\r\nflush = 2s");

	(void)state;
	assert_string_equal(config->states[0].functions[0].function, "f");
	assert_int_equal(config->states[0].exit, EXIT_FAST);
	assert_int_equal(config->flush_ns, 2 * SECOND);
	config__free(config);
}

static void bytes_that_are_no_utf8_are_kept(void **state)
{
	struct config *config = load_text("[state A]\nfunction = /bin/\xff\xfe:\x80g\n");

	(void)state;
	assert_string_equal(config->states[0].functions[0].binary, "/bin/\xff\xfe");
	assert_string_equal(config->states[0].functions[0].function, "\x80g");
	config__free(config);
}

static void long_names_are_not_cut(void **state)
{
	char name[129], text[512];
	struct config *config;

	(void)state;
	memset(name, 'n', 128);
	name[128] = '\0';
	snprintf(text, sizeof(text),
		 "[state %s]\nfunction = /bin/a:f\n[state %.127s]\nfunction = /bin/a:g\n", name,
		 name);
	config = load_text(text);
	assert_int_equal(config->state_cnt, 2);
	assert_string_equal(config->states[0].name, name);
	assert_string_equal(config->states[1].name, name + 1);
	config__free(config);
}

/* A file whose second line has sz bytes. */
static void write_long_line(size_t sz)
{
	static const char key[] = "function = /bin/a:";
	FILE *file = fopen("tacho.conf", "w");

	assert_non_null(file);
	fprintf(file, "[state A]\n%s", key);
	for (size_t i = strlen(key); i < sz; i++)
		fputc('f', file);
	fputs("\n", file);
	assert_int_equal(fclose(file), 0);
}

static void a_line_of_64_kib_is_read_whole(void **state)
{
	struct config *config;

	(void)state;
	write_long_line(65536);
	config = load();
	assert_int_equal(strlen(config->states[0].functions[0].function),
			 65536 - strlen("function = /bin/a:"));
	config__free(config);
}

static void a_longer_line_is_refused(void **state)
{
	(void)state;
	write_long_line(65537);
	assert_refused(-EINVAL, "tacho.conf:2: the line is longer than 65536 bytes");
}

/* ---- lines that are no settings ---- */

static void unknown_key_names_file_line_and_nearest_word(void **state)
{
	(void)state;
	assert_text_refused("[state X]\nfunction = /bin/a:f\nfunctoin = /bin/b:g\n",
			    "tacho.conf:3: unknown key 'functoin' in [state X] "
			    "(did you mean 'function'?)");
	assert_record_line_refused("rotate_size = 1M", "unknown key 'rotate_size' in [record] "
						       "(did you mean 'rotate-size'?)");
}

static void unknown_key_far_from_all_lists_the_valid_ones(void **state)
{
	(void)state;
	assert_text_refused("[state X]\nzzzzz = 1\n",
			    "tacho.conf:2: unknown key 'zzzzz' in "
			    "[state X] (valid: function, python, begin, end, key, process, exit, "
			    "place, many, capture, failed-if, rate-limit)");
	assert_record_line_refused("q = 1",
				   "unknown key 'q' in [record] (valid: directory, states, "
				   "formats, flush, sync, rotate-size, rotate-keep, rotate-age, "
				   "rotate-compress, keep-size, ring-size, rate-limit, "
				   "debuginfod, status)");
}

static void key_of_the_other_section_says_where_it_belongs(void **state)
{
	(void)state;
	assert_record_line_refused("function = /bin/a:f", "unknown key 'function' in [record] "
							  "(it belongs in [state NAME])");
	assert_text_refused("[state X]\nflush = 1s\n", "tacho.conf:2: unknown key 'flush' in "
						       "[state X] (it belongs in [record])");
}

static void keys_are_compared_whole(void **state)
{
	(void)state;
	assert_record_line_refused(
		"directory-that-is-a-very-long-name-beyond-forty-nine-characters = /x",
		"unknown key 'directory-that-is-a-very-long-name-beyond-forty-nine-characters' in "
		"[record] (valid: directory, states, formats, flush, sync, rotate-size, "
		"rotate-keep, rotate-age, rotate-compress, keep-size, ring-size, rate-limit, "
		"debuginfod, status)");
	assert_record_line_refused("FLUSH = 1s",
				   "unknown key 'FLUSH' in [record] (did you mean 'flush'?)");
}

static void unknown_section_names_the_nearest_one(void **state)
{
	static const struct refusal cases[] = {
		{ "[recrod]\n", "tacho.conf:1: unknown section [recrod] (did you mean [record]?)" },
		{ "\n[stat X]\n",
		  "tacho.conf:2: unknown section [stat] (did you mean [state NAME]?)" },
		{ "[ANALYZING_PROTOCOL]\n", "tacho.conf:1: unknown section [ANALYZING_PROTOCOL] "
					    "(valid: [record], [state NAME], [resources], "
					    "[feature-flag], [marks])" },
		{ "[]\n", "tacho.conf:1: unknown section [] (valid: [record], [state NAME], "
			  "[resources], [feature-flag], [marks])" },
		{ "[resource]\n",
		  "tacho.conf:1: unknown section [resource] (did you mean [resources]?)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_text_refused(cases[i].text, cases[i].message);
}

static void a_heading_with_the_wrong_number_of_words_is_refused(void **state)
{
	static const struct refusal cases[] = {
		{ "[state]\n", "tacho.conf:1: [state] needs a name (write [state NAME])" },
		{ "[ state ]\n", "tacho.conf:1: [state] needs a name (write [state NAME])" },
		{ "[record X]\n", "tacho.conf:1: [record] takes no name, but has 'X'" },
		{ "[resources X]\n", "tacho.conf:1: [resources] takes no name, but has 'X'" },
		{ "[state X\n", "tacho.conf:1: no ']' behind '[state X'" },
		{ "[state X] exit = safe\n",
		  "tacho.conf:1: 'exit = safe' stands behind a section's ']'" },
		{ "[record] # main\n", "tacho.conf:1: '# main' stands behind a section's ']'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_text_refused(cases[i].text, cases[i].message);
}

static void a_key_before_any_section_is_refused(void **state)
{
	(void)state;
	assert_text_refused("# head\nflush = 1s\n[record]\n",
			    "tacho.conf:2: key 'flush' before any section "
			    "(put it below [record], [state NAME], [resources], "
			    "[feature-flag] or [marks])");
}

static void a_line_without_equals_sign_is_refused(void **state)
{
	(void)state;
	assert_record_line_refused("flush", "no '=' in 'flush' (write KEY = VALUE)");
	assert_record_line_refused("flush 1s", "no '=' in 'flush 1s' (write KEY = VALUE)");
	assert_record_line_refused("flush: 1s", "no '=' in 'flush: 1s' (write KEY = VALUE)");
	assert_record_line_refused("flush ; = 1s", "no '=' in 'flush' (write KEY = VALUE)");
	assert_record_line_refused("= 1s", "no key before '='");
}

static void a_colon_does_not_separate_key_and_value(void **state)
{
	(void)state;
	assert_record_line_refused("flush:=1s", "unknown key 'flush:' in [record] "
						"(did you mean 'flush'?)");
	assert_record_line_refused("directory:=/tmp", "unknown key 'directory:' in [record] "
						      "(did you mean 'directory'?)");
}

static void a_key_given_twice_names_its_first_line(void **state)
{
	(void)state;
	assert_text_refused("[record]\nflush = 1s\nsync = 1s\nflush = 1s\n",
			    "tacho.conf:4: 'flush' is already set in [record], at line 2");
	assert_text_refused("[state A]\nexit = safe\n\nexit =\n",
			    "tacho.conf:4: 'exit' is already set in [state A], at line 2");
}

static void the_same_key_in_two_states_is_fine(void **state)
{
	struct config *config = load_text("[state A]\nexit = safe\nfunction = /bin/a:f\n"
					  "[state B]\nexit = fast\nfunction = /bin/a:f\n");

	(void)state;
	assert_int_equal(config->states[0].exit, EXIT_SAFE);
	assert_int_equal(config->states[1].exit, EXIT_FAST);
	config__free(config);
}

static void a_section_given_twice_names_its_first_line(void **state)
{
	(void)state;
	assert_text_refused("[state A]\n[state B]\n[state  A]\n",
			    "tacho.conf:3: [state A] is already in this file, at line 1 "
			    "(put its keys together)");
	assert_text_refused("\n[record]\n[state B]\n[record]\n",
			    "tacho.conf:4: [record] is already in this file, at line 2 "
			    "(put its keys together)");
}

static void a_nul_byte_is_refused(void **state)
{
	static const char text[] = "[record]\nflush = 1s\0 ; x\n";
	static const char comment[] = "# \0\n";

	(void)state;
	write_bytes("tacho.conf", text, sizeof(text) - 1);
	assert_refused(-EINVAL, "tacho.conf:2: a NUL byte (is this a text file?)");
	write_bytes("tacho.conf", comment, sizeof(comment) - 1);
	assert_refused(-EINVAL, "tacho.conf:1: a NUL byte (is this a text file?)");
}

static void messages_do_not_pass_escape_sequences_on(void **state)
{
	(void)state;
	assert_record_line_refused("fl\x1b[31mush", "no '=' in 'fl?[31mush' (write KEY = VALUE)");
}

static void a_long_value_leaves_room_for_the_rest_of_the_message(void **state)
{
	char line[301], message[512];

	(void)state;
	snprintf(line, sizeof(line), "flush = %0280d", 0);
	line[sizeof("flush = ") - 1] = 'x';
	snprintf(message, sizeof(message),
		 "flush: 'x%0199d' is not a duration (write 500ms, 1s, 2min)", 0);
	assert_record_line_refused(line, message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(defaults_are_the_documented_ones),
		CASE(every_key_is_read),
		CASE(several_functions_keep_their_order_and_lines),
		CASE(comments_and_blank_lines_are_skipped),
		CASE(an_indented_line_continues_nothing),
		CASE(dos_line_ends_and_byte_order_mark_are_fine),
		CASE(bytes_that_are_no_utf8_are_kept),
		CASE(long_names_are_not_cut),
		CASE(a_line_of_64_kib_is_read_whole),
		CASE(a_longer_line_is_refused),
		CASE(unknown_key_names_file_line_and_nearest_word),
		CASE(unknown_key_far_from_all_lists_the_valid_ones),
		CASE(key_of_the_other_section_says_where_it_belongs),
		CASE(keys_are_compared_whole),
		CASE(unknown_section_names_the_nearest_one),
		CASE(a_heading_with_the_wrong_number_of_words_is_refused),
		CASE(a_key_before_any_section_is_refused),
		CASE(a_line_without_equals_sign_is_refused),
		CASE(a_colon_does_not_separate_key_and_value),
		CASE(a_key_given_twice_names_its_first_line),
		CASE(the_same_key_in_two_states_is_fine),
		CASE(a_section_given_twice_names_its_first_line),
		CASE(a_nul_byte_is_refused),
		CASE(messages_do_not_pass_escape_sequences_on),
		CASE(a_long_value_leaves_room_for_the_rest_of_the_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
