/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the keys may hold; the longer ones have files of their own. */
#include "config_fixture.h"

struct value_case {
	const char *line;
	uint64_t value;
};

/* Loads each line and compares the uint64_t at this place in the struct. */
static void assert_values(const struct value_case *cases, size_t cnt, size_t offset)
{
	for (size_t i = 0; i < cnt; i++) {
		struct config *config = load_record_line(cases[i].line);
		uint64_t value;

		memcpy(&value, (char *)config + offset, sizeof(value));
		if (value != cases[i].value)
			print_error("wrong value: %s\n", cases[i].line);
		assert_int_equal(value, cases[i].value);
		config__free(config);
	}
}

static void assert_lines_refused(const struct refusal *cases, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		assert_record_line_refused(cases[i].text, cases[i].message);
}

/* ---- [record] ---- */

static void the_status_file_must_be_absolute(void **state)
{
	static const struct refusal refused[] = {
		{ "status = status.json", "status: 'status.json' is not an absolute path" },
	};
	struct config *config = load_record_line("status = /run/x.json");

	(void)state;
	assert_string_equal(config->status_path, "/run/x.json");
	config__free(config);
	config = load_record_line("status =");
	assert_null(config->status_path);
	config__free(config);
	assert_lines_refused(refused, ARRAY_SIZE(refused));
}

static void directory_must_be_absolute(void **state)
{
	static const struct refusal refused[] = {
		{ "directory = data", "directory: 'data' is not an absolute path" },
		{ "directory = ~/data", "directory: '~/data' is not an absolute path" },
	};

	(void)state;
	assert_lines_refused(refused, ARRAY_SIZE(refused));
}

static void flush_is_10ms_to_1h(void **state)
{
	static const struct value_case fine[] = {
		{ "flush = 10ms", SECOND / 100 },
		{ "flush = 1h", 3600 * SECOND },
		{ "flush = 0.5", SECOND / 2 },
	};
	static const struct refusal refused[] = {
		{ "flush = 9999us", "flush: '9999us' is out of range (10ms to 1h)" },
		{ "flush = 0", "flush: '0' is out of range (10ms to 1h)" },
		{ "flush = 61min", "flush: '61min' is out of range (10ms to 1h)" },
		{ "flush = 99999999999999999999d",
		  "flush: '99999999999999999999d' is out of range (10ms to 1h)" },
		{ "flush = never", "flush: 'never' is not a duration (write 500ms, 1s, 2min)" },
		{ "flush = 1 s", "flush: '1 s' is not a duration (write 500ms, 1s, 2min)" },
		{ "flush = 1m", "flush: '1m' is not a duration (write 500ms, 1s, 2min)" },
		{ "flush = -1s", "flush: '-1s' is not a duration (write 500ms, 1s, 2min)" },
	};

	(void)state;
	assert_values(fine, ARRAY_SIZE(fine), offsetof(struct config, flush_ns));
	assert_lines_refused(refused, ARRAY_SIZE(refused));
}

static void sync_may_be_zero_or_never(void **state)
{
	static const struct value_case fine[] = {
		{ "sync = 0", 0 },
		{ "sync = never", CONFIG_SYNC_NEVER },
		{ "sync = 1d", 86400 * SECOND },
	};
	static const struct refusal refused[] = {
		{ "sync = 25h",
		  "sync: '25h' is out of range (0 for each flush, up to 1d, or never)" },
		{ "sync = 18446744073709551615ns", "sync: '18446744073709551615ns' is out of range "
						   "(0 for each flush, up to 1d, or never)" },
		{ "sync = Never", "sync: 'Never' is not a duration (write 500ms, 1s, 2min)" },
		{ "sync = off", "sync: 'off' is not a duration (write 500ms, 1s, 2min)" },
	};

	(void)state;
	assert_values(fine, ARRAY_SIZE(fine), offsetof(struct config, sync_ns));
	assert_lines_refused(refused, ARRAY_SIZE(refused));
}

static void rotate_size_is_zero_or_at_least_4k(void **state)
{
	static const struct value_case fine[] = {
		{ "rotate-size = 0", 0 },
		{ "rotate-size = 4096", 4096 },
		{ "rotate-size = 5000000", 5000000 },
		{ "rotate-size = 2TiB", UINT64_C(2) << 40 },
	};
	static const struct refusal refused[] = {
		{ "rotate-size = 4095",
		  "rotate-size: '4095' is too small (at least 4K, or 0 for never)" },
		{ "rotate-size = 1",
		  "rotate-size: '1' is too small (at least 4K, or 0 for never)" },
		{ "rotate-size = 16777215T",
		  "rotate-size: '16777215T' is larger than any file (write 0 for never)" },
		{ "rotate-size = 99999999999T",
		  "rotate-size: '99999999999T' is larger than any file (write 0 for never)" },
		{ "rotate-size = never",
		  "rotate-size: 'never' is not a size (write 4096, 64K, 8M, 1G)" },
		{ "rotate-size = 64m",
		  "rotate-size: '64m' is not a size (write 4096, 64K, 8M, 1G)" },
	};

	(void)state;
	assert_values(fine, ARRAY_SIZE(fine), offsetof(struct config, rotate_bytes));
	assert_lines_refused(refused, ARRAY_SIZE(refused));
}

static void rotate_age_is_zero_or_1s_to_ten_years(void **state)
{
	static const struct value_case fine[] = {
		{ "rotate-age = 0", 0 },
		{ "rotate-age = 1s", UINT64_C(1000000000) },
		{ "rotate-age = 1d", UINT64_C(86400) * 1000000000 },
		{ "rotate-age = 3650d", UINT64_C(3650) * 86400 * 1000000000 },
	};
	static const struct refusal refused[] = {
		{ "rotate-age = 999ms",
		  "rotate-age: '999ms' is out of range (0 for never, or 1s to 3650d)" },
		{ "rotate-age = 3651d",
		  "rotate-age: '3651d' is out of range (0 for never, or 1s to 3650d)" },
		{ "rotate-age = never",
		  "rotate-age: 'never' is not a duration (write 500ms, 1s, 2min)" },
	};

	(void)state;
	assert_values(fine, ARRAY_SIZE(fine), offsetof(struct config, rotate_age_ns));
	assert_lines_refused(refused, ARRAY_SIZE(refused));
}

static void keep_size_is_zero_or_at_least_4k(void **state)
{
	static const struct value_case fine[] = {
		{ "keep-size = 0", 0 },
		{ "keep-size = 4K", 4096 },
		{ "keep-size = 1G", UINT64_C(1) << 30 },
	};
	static const struct refusal refused[] = {
		{ "keep-size = 4095",
		  "keep-size: '4095' is too small (at least 4K, or 0 for no limit)" },
		{ "keep-size = 16777215T",
		  "keep-size: '16777215T' is larger than any disk (write 0 for no limit)" },
		{ "keep-size = all", "keep-size: 'all' is not a size (write 4096, 64K, 8M, 1G)" },
	};

	(void)state;
	assert_values(fine, ARRAY_SIZE(fine), offsetof(struct config, keep_bytes));
	assert_lines_refused(refused, ARRAY_SIZE(refused));
}

static void rotate_compress_is_no_or_zstd(void **state)
{
	static const struct refusal refused[] = {
		{ "rotate-compress = gzip",
		  "rotate-compress: unknown value 'gzip' (valid: no, zstd)" },
		{ "rotate-compress = ZSTD",
		  "rotate-compress: unknown value 'ZSTD' (did you mean 'zstd'?)" },
	};
	struct config *config = load_record_line("rotate-compress = zstd");

	(void)state;
	assert_true(config->rotate_compress);
	config__free(config);
	config = load_record_line("rotate-compress = no");
	assert_false(config->rotate_compress);
	config__free(config);
	assert_lines_refused(refused, ARRAY_SIZE(refused));
}

static void rotate_keep_is_0_to_1000(void **state)
{
	static const struct refusal refused[] = {
		{ "rotate-keep = 1001",
		  "rotate-keep: '1001' is not a number of files from 0 to 1000" },
		{ "rotate-keep = -1", "rotate-keep: '-1' is not a number of files from 0 to 1000" },
		{ "rotate-keep = 4294967296",
		  "rotate-keep: '4294967296' is not a number of files from 0 to 1000" },
		{ "rotate-keep = 8K", "rotate-keep: '8K' is not a number of files from 0 to 1000" },
	};
	struct config *config = load_record_line("rotate-keep = 0");

	(void)state;
	assert_int_equal(config->rotate_keep, 0);
	config__free(config);
	config = load_record_line("rotate-keep = 1000");
	assert_int_equal(config->rotate_keep, 1000);
	config__free(config);
	assert_lines_refused(refused, ARRAY_SIZE(refused));
}

static void ring_size_is_a_power_of_two(void **state)
{
	static const struct value_case fine[] = {
		{ "ring-size = 4K", 4096 },
		{ "ring-size = 1024K", 1 << 20 },
		{ "ring-size = 8192", 8192 },
		{ "ring-size = 1G", 1 << 30 },
	};
	static const struct refusal refused[] = {
		{ "ring-size = 5M",
		  "ring-size: '5M' is not a power of two (the nearest are 4M and 8M)" },
		{ "ring-size = 4097",
		  "ring-size: '4097' is not a power of two (the nearest are 4K and 8K)" },
		{ "ring-size = 1023K",
		  "ring-size: '1023K' is not a power of two (the nearest are 512K and 1M)" },
		{ "ring-size = 1023M",
		  "ring-size: '1023M' is not a power of two (the nearest are 512M and 1G)" },
		{ "ring-size = 0", "ring-size: '0' is too small (at least 4K)" },
		{ "ring-size = 2048", "ring-size: '2048' is too small (at least 4K)" },
		{ "ring-size = 2G", "ring-size: '2G' is too large (at most 1G)" },
		{ "ring-size = 99999999999999T",
		  "ring-size: '99999999999999T' is too large (at most 1G)" },
		{ "ring-size = big", "ring-size: 'big' is not a size (write 4096, 64K, 8M, 1G)" },
	};

	(void)state;
	assert_values(fine, ARRAY_SIZE(fine), offsetof(struct config, ring_bytes));
	assert_lines_refused(refused, ARRAY_SIZE(refused));
}

static void rate_limit_is_a_number_of_rows(void **state)
{
#define ROWS " is not a number of rows a second from 0 (no limit) to 1000000000"
	static const struct value_case fine[] = {
		{ "rate-limit = 0", 0 },
		{ "rate-limit = 1", 1 },
		{ "rate-limit = 1000000000", 1000000000 },
		{ "rate-limit =", 100000 },
	};
	static const struct refusal refused[] = {
		{ "rate-limit = 1000000001", "rate-limit: '1000000001'" ROWS },
		{ "rate-limit = -1", "rate-limit: '-1'" ROWS },
		{ "rate-limit = 100K", "rate-limit: '100K'" ROWS },
		{ "rate-limit = never", "rate-limit: 'never'" ROWS },
		{ "rate-limit = 99999999999999999999", "rate-limit: '99999999999999999999'" ROWS },
	};

	(void)state;
	assert_values(fine, ARRAY_SIZE(fine), offsetof(struct config, rate_limit));
	assert_lines_refused(refused, ARRAY_SIZE(refused));
}

static void debuginfod_is_yes_or_no(void **state)
{
	static const struct {
		const char *line;
		bool value;
	} fine[] = {
		{ "debuginfod = yes", true }, { "debuginfod = true", true },
		{ "debuginfod = on", true },  { "debuginfod = 1", true },
		{ "debuginfod = Yes", true }, { "debuginfod = no", false },
		{ "debuginfod = 0", false },  { "debuginfod =", false },
	};
	static const struct refusal refused[] = {
		{ "debuginfod = ye",
		  "debuginfod: 'ye' is neither yes nor no (did you mean 'yes'?)" },
		{ "debuginfod = always",
		  "debuginfod: 'always' is neither yes nor no (valid: yes, no, "
		  "true, false, on, off)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
		struct config *config = load_record_line(fine[i].line);

		assert_int_equal(config->debuginfod, fine[i].value);
		config__free(config);
	}
	assert_lines_refused(refused, ARRAY_SIZE(refused));
}

static void formats_are_those_that_sinks_have(void **state)
{
	struct config *config = load_record_line("formats = detail ,opentrons");

	(void)state;
	assert_int_equal(config->format_cnt, 2);
	assert_string_equal(config->formats[0], "detail");
	assert_string_equal(config->formats[1], "opentrons");
	config__free(config);
	assert_record_line_refused("formats = opentrons, detial",
				   "formats: unknown format 'detial' (did you mean 'detail'?)");
}

static void the_ledger_is_no_format_to_choose(void **state)
{
	struct config *config = config__new();
	struct fault why = {};

	(void)state;
	write_file("tacho.conf", "[record]\nformats = ledger\n");
	assert_int_equal(config__load(config, "tacho.conf", &why), -EINVAL);
	assert_non_null(strstr(why.text, "tacho.conf:2: formats: unknown format 'ledger' (valid: "
					 "opentrons, detail"));
	config__free(config);
}

static void a_list_has_no_empty_and_no_double_items(void **state)
{
	static const struct refusal refused[] = {
		{ "formats = detail,", "formats: an item of the list is empty (write a, b)" },
		{ "formats = ,detail", "formats: an item of the list is empty (write a, b)" },
		{ "formats = detail, ,opentrons",
		  "formats: an item of the list is empty (write a, b)" },
		{ "formats = ,", "formats: an item of the list is empty (write a, b)" },
		{ "formats = detail, opentrons, detail", "formats: 'detail' is listed twice" },
		{ "states = A,A", "states: 'A' is listed twice" },
	};

	(void)state;
	assert_lines_refused(refused, ARRAY_SIZE(refused));
}

static void a_list_of_too_many_items_is_refused(void **state)
{
	char text[16384] = "[record]\nstates = ";

	(void)state;
	memset(text + strlen(text), ',', 4096);
	assert_text_refused(text, "tacho.conf:2: states: the list has more than 4096 items");
}

/* ---- [state NAME] ---- */

static void exit_is_auto_safe_or_fast(void **state)
{
	static const struct {
		const char *name;
		enum exit_choice exit;
	} fine[] = { { "auto", EXIT_AUTO }, { "safe", EXIT_SAFE }, { "fast", EXIT_FAST } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
		struct config *config;
		char text[128];

		snprintf(text, sizeof(text), STATE "exit = %s\n", fine[i].name);
		config = load_text(text);
		assert_int_equal(config->states[0].exit, fine[i].exit);
		config__free(config);
	}
	assert_state_refused("exit = saef",
			     "tacho.conf:2: exit: unknown value 'saef' (did you mean 'safe'?)");
	assert_state_refused("exit = uretprobe", "tacho.conf:2: exit: unknown value 'uretprobe' "
						 "(valid: auto, safe, fast)");
}

static void place_is_auto_or_symbol(void **state)
{
	struct config *config = load_text(STATE "place = symbol\n[state B]\nfunction = a:f\n"
						"place = auto\n");

	(void)state;
	assert_int_equal(config->states[0].place, PLACE_SYMBOL);
	assert_int_equal(config->states[1].place, PLACE_AUTO);
	config__free(config);
	assert_state_refused("place = symbl", "tacho.conf:2: place: unknown value 'symbl' "
					      "(did you mean 'symbol'?)");
	assert_state_refused("place = entry", "tacho.conf:2: place: unknown value 'entry' "
					      "(valid: auto, symbol)");
}

static void many_is_yes_or_no(void **state)
{
	struct config *config = load_text(STATE "many = on\n[state B]\nfunction = a:f\n"
						"many = off\n[state C]\nfunction = a:f\n");

	(void)state;
	assert_true(config->states[0].many);
	assert_false(config->states[1].many);
	assert_false(config->states[2].many);
	config__free(config);
	assert_state_refused("many = 5", "tacho.conf:2: many: '5' is neither yes nor no (valid: "
					 "yes, no, true, false, on, off)");
}

static void a_state_may_have_a_rate_limit_of_its_own(void **state)
{
	struct config *config = load_text("[state A]\nfunction = a:f\nrate-limit = 7\n"
					  "[state B]\nfunction = a:f\n"
					  "[state C]\nfunction = a:f\nrate-limit = 0\n"
					  "[record]\nrate-limit = 5000\n");

	(void)state;
	assert_int_equal(config->states[0].rate_limit, 7);
	assert_int_equal(config->states[1].rate_limit, 5000);
	assert_int_equal(config->states[2].rate_limit, 0);
	config__free(config);
	assert_state_refused("rate-limit = 1/s", "tacho.conf:2: rate-limit: '1/s'" ROWS);
}

static void the_names_of_the_opentrons_states_are_fine(void **state)
{
	static const char *const names[] = {
		"ANALYZING_PROTOCOL",
		"GETTING_CACHED_ANALYSIS",
		"RUNNING_PROTOCOL",
		"CALIBRATING",
		"ROBOT_STARTING_UP",
		"ROBOT_SHUTTING_DOWN",
		"store.get.connector",
		"a:b-c",
		"x",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct config *config;
		char text[128];

		snprintf(text, sizeof(text), "[state %s]\nfunction = /bin/a:f\n", names[i]);
		config = load_text(text);
		assert_string_equal(config->states[0].name, names[i]);
		config__free(config);
	}
}

static void a_name_with_other_characters_is_refused(void **state)
{
#define ONLY " may only hold letters, digits, '_', '.', ':' and '-'"
	static const struct refusal refused[] = {
		{ "[state A B]", "tacho.conf:1: state name 'A B'" ONLY },
		{ "[state A,B]", "tacho.conf:1: state name 'A,B'" ONLY },
		{ "[state A ;B]", "tacho.conf:1: state name 'A ;B'" ONLY },
		{ "[state A*]", "tacho.conf:1: state name 'A*'" ONLY },
		{ "[state A/B]", "tacho.conf:1: state name 'A/B'" ONLY },
		{ "[state A\"B]", "tacho.conf:1: state name 'A\"B'" ONLY },
		{ "[state \xc3\x84]",
		  "tacho.conf:1: state name '\xc3\x84' doesn't begin with a letter" },
		{ "[state 1A]", "tacho.conf:1: state name '1A' doesn't begin with a letter" },
		{ "[state _A]", "tacho.conf:1: state name '_A' doesn't begin with a letter" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_text_refused(refused[i].text, refused[i].message);
}

static void a_name_of_129_characters_is_refused(void **state)
{
	char name[130], text[256], message[256];

	(void)state;
	memset(name, 'n', 129);
	name[129] = '\0';
	snprintf(text, sizeof(text), "[state %s]\n", name);
	snprintf(message, sizeof(message),
		 "tacho.conf:1: state name '%s' is longer than 128 characters", name);
	assert_text_refused(text, message);
}

static void write_states(unsigned int cnt)
{
	FILE *file = fopen("tacho.conf", "w");

	assert_non_null(file);
	for (unsigned int i = 0; i < cnt; i++)
		fprintf(file, "[state S%u]\nfunction = /bin/a:f\n", i);
	assert_int_equal(fclose(file), 0);
}

static void there_may_be_4096_states_and_no_more(void **state)
{
	struct config *config;

	(void)state;
	write_states(4096);
	config = load();
	assert_int_equal(config->state_cnt, 4096);
	assert_string_equal(config->states[4095].name, "S4095");
	config__free(config);
	write_states(4097);
	assert_refused(-EINVAL, "tacho.conf:8193: state 'S4096' is one too many (at most 4096)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(directory_must_be_absolute),
		CASE(the_status_file_must_be_absolute),
		CASE(flush_is_10ms_to_1h),
		CASE(sync_may_be_zero_or_never),
		CASE(rotate_size_is_zero_or_at_least_4k),
		CASE(rotate_age_is_zero_or_1s_to_ten_years),
		CASE(rotate_compress_is_no_or_zstd),
		CASE(rotate_keep_is_0_to_1000),
		CASE(keep_size_is_zero_or_at_least_4k),
		CASE(ring_size_is_a_power_of_two),
		CASE(rate_limit_is_a_number_of_rows),
		CASE(debuginfod_is_yes_or_no),
		CASE(formats_are_those_that_sinks_have),
		CASE(the_ledger_is_no_format_to_choose),
		CASE(a_list_has_no_empty_and_no_double_items),
		CASE(a_list_of_too_many_items_is_refused),
		CASE(exit_is_auto_safe_or_fast),
		CASE(place_is_auto_or_symbol),
		CASE(many_is_yes_or_no),
		CASE(a_state_may_have_a_rate_limit_of_its_own),
		CASE(the_names_of_the_opentrons_states_are_fine),
		CASE(a_name_with_other_characters_is_refused),
		CASE(a_name_of_129_characters_is_refused),
		CASE(there_may_be_4096_states_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
