/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "doctor/examination.h"
#include "proc_text.h"
#include "doctor/report.h"
#include "doctor/show.h"
#include "doctor/targets.h"
#include "scratch.h"

/* --- /proc and /sys ------------------------------------------------------------------------- */

static const char own_status[] = "Name:\tCapEff: 1\n"
				 "Umask:\t0022\n"
				 "CapInh:\t0000000000000000\n"
				 "CapEff:\t000001fffeffffff\n"
				 "CapEffective:\t7\n"
				 "Seccomp:\t2\n"
				 "Speculation_Store_Bypass:\tvulnerable\n"
				 "Empty:\t\n"
				 "Next:\t9";

static void a_number_is_found_in_a_status_file(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_int_equal(proc_text__status_number(own_status, "CapEff", 16, &value), 0);
	assert_true(value == 0x1fffeffffff);
	assert_int_equal(proc_text__status_number(own_status, "Seccomp", 10, &value), 0);
	assert_int_equal(value, 2);
	assert_int_equal(proc_text__status_number(own_status, "Next", 10, &value), 0);
	assert_int_equal(value, 9);
}

static void what_is_no_number_in_a_status_file_is_refused(void **state)
{
	uint64_t value = 77;

	(void)state;
	assert_int_equal(proc_text__status_number(own_status, "CapAmb", 16, &value), -ENOENT);
	assert_int_equal(proc_text__status_number("", "CapEff", 16, &value), -ENOENT);
	assert_int_equal(
		proc_text__status_number(own_status, "Speculation_Store_Bypass", 10, &value),
		-EINVAL);
	assert_int_equal(proc_text__status_number(own_status, "Empty", 10, &value), -EINVAL);
	assert_int_equal(proc_text__status_number("A:\t12x\n", "A", 10, &value), -EINVAL);
	assert_int_equal(proc_text__status_number("A:\t-1\n", "A", 10, &value), -EINVAL);
	assert_int_equal(proc_text__status_number("A:\t1 2\n", "A", 10, &value), -EINVAL);
	assert_int_equal(proc_text__status_number("A:\t10000000000000000\n", "A", 16, &value),
			 -EINVAL);
	assert_int_equal(value, 77);
}

static void the_lockdown_mode_is_the_word_in_brackets(void **state)
{
	char mode[16];

	(void)state;
	assert_int_equal(proc_text__lockdown_mode("[none] integrity confidentiality", mode, 16), 0);
	assert_string_equal(mode, "none");
	assert_int_equal(proc_text__lockdown_mode("none integrity [confidentiality]", mode, 16), 0);
	assert_string_equal(mode, "confidentiality");
}

static void a_lockdown_file_without_a_mode_is_refused(void **state)
{
	char mode[16] = "as it was";

	(void)state;
	assert_int_equal(proc_text__lockdown_mode("", mode, 16), -EINVAL);
	assert_int_equal(proc_text__lockdown_mode("none integrity", mode, 16), -EINVAL);
	assert_int_equal(proc_text__lockdown_mode("[none integrity", mode, 16), -EINVAL);
	assert_int_equal(proc_text__lockdown_mode("]none[", mode, 16), -EINVAL);
	assert_int_equal(proc_text__lockdown_mode("[] none", mode, 16), -EINVAL);
	assert_int_equal(proc_text__lockdown_mode("[confidentiality]", mode, 15), -EINVAL);
	assert_string_equal(mode, "as it was");
}

static void a_file_is_read_as_far_as_there_is_room(void **state)
{
	struct scratch *scratch = *state;
	char text[8];

	scratch__write(scratch, "long", "0123456789", 10);
	scratch__write(scratch, "short", "one \n\n", 6);
	scratch__write(scratch, "empty", "", 0);
	assert_int_equal(proc_text__read(scratch__at(scratch, "long"), text, sizeof(text)), 0);
	assert_string_equal(text, "0123456");
	assert_int_equal(proc_text__read(scratch__at(scratch, "short"), text, sizeof(text)), 0);
	assert_string_equal(text, "one");
	assert_int_equal(proc_text__read(scratch__at(scratch, "empty"), text, sizeof(text)), 0);
	assert_string_equal(text, "");
	assert_int_equal(proc_text__read(scratch__at(scratch, "none"), text, sizeof(text)),
			 -ENOENT);
	assert_int_equal(proc_text__read(scratch->path, text, sizeof(text)), -EISDIR);
}

static void a_file_that_holds_a_number_is_read_whole_or_refused(void **state)
{
	struct scratch *scratch = *state;
	uint64_t value = 77;

	scratch__write(scratch, "words", "12 34\n", 6);
	scratch__write(scratch, "number", "192536\n", 7);
	assert_int_equal(proc_text__read_number(scratch__at(scratch, "words"), &value), -EINVAL);
	assert_int_equal(value, 77);
	assert_int_equal(proc_text__read_number(scratch__at(scratch, "number"), &value), 0);
	assert_int_equal(value, 192536);
}

/* --- targets and costs ---------------------------------------------------------------------- */

/* The probes go where these offsets say: the file must have the function's own bytes there. */
static void every_target_is_found_in_the_program_s_file(void **state)
{
	unsigned char bytes[4];
	uint64_t offset;
	FILE *file = fopen("/proc/self/exe", "r");

	(void)state;
	assert_non_null(file);
	assert_in_range(doctor_target_cnt, 2, DOCTOR_TARGETS_MAX);
	for (size_t i = 0; i < doctor_target_cnt; i++) {
		const void *code = (const void *)doctor_targets[i].call;

		assert_int_equal(doctor_file_offset(code, &offset), 0);
		assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
		assert_int_equal(fread(bytes, 1, sizeof(bytes), file), sizeof(bytes));
		assert_memory_equal(bytes, code, sizeof(bytes));
	}
	fclose(file);
}

static void every_target_can_be_called(void **state)
{
	(void)state;
	for (size_t i = 0; i < doctor_target_cnt; i++)
		doctor_targets[i].call();
}

static void the_semaphore_lies_in_the_program_s_file(void **state)
{
	uint64_t offset;

	(void)state;
	assert_int_equal(doctor_file_offset(&doctor_semaphore, &offset), 0);
	assert_true(offset > 0);
	assert_int_equal(doctor_semaphore, 0);
}

static void what_is_not_in_the_program_s_file_is_refused(void **state)
{
	uint64_t offset = 77;
	int local = 0;

	(void)state;
	assert_int_equal(doctor_file_offset(&local, &offset), -ENOENT);
	assert_int_equal(doctor_file_offset(NULL, &offset), -ENOENT);
	assert_int_equal(offset, 77);
}

static void the_median_is_the_middle_value(void **state)
{
	double one[] = { 5 };
	double odd[] = { 9, 1, 7, 3, 1000 };
	double even[] = { 4, 3, 2, 1 };

	(void)state;
	assert_true(cost_median(one, 1) == 5);
	assert_true(cost_median(odd, 5) == 7);
	assert_true(cost_median(even, 4) == 3);
}

static void a_cost_is_named_after_the_nearest_known_one(void **state)
{
	(void)state;
	assert_string_equal(cost_how(450, 500, 17000), "emulated");
	assert_string_equal(cost_how(2500, 500, 17000), "emulated");
	assert_string_equal(cost_how(3500, 500, 17000), "single-stepped");
	assert_string_equal(cost_how(20000, 500, 17000), "single-stepped");
	assert_string_equal(cost_how(620, 500, 700), "single-stepped");
}

/* --- the report ----------------------------------------------------------------------------- */

static void fill_report(struct doctor_report *report)
{
	*report = (struct doctor_report) { .kernel = "6.1\xff", .machine = "x86_64" };
	doctor_report__add(report, "kernel", DOCTOR_OK, "Linux %s", "6.1");
	doctor_report__add(report, "session links", DOCTOR_FALLBACK, "Invalid argument");
	doctor_report__remedy(report, "Linux %d.%d has them", 6, 13);
	doctor_report__add(report, "multi links", DOCTOR_NOT_TRIED, "no\x1b[31m");
	doctor_report__remedy(report, "run it as root");
	doctor_report__add(report, "perf links", DOCTOR_MISSING, "no\xfe");
	doctor_report__remedy(report, "run it as root");
	doctor_report__add_cost(report, "nop", "emulated", 449.6);
	doctor_report__add_cost(report, "ret", "single-stepped", 16900);
	doctor_report__add_cost(report, "noise", "emulated", -3);
	report->can_record = true;
	snprintf(report->way, sizeof(report->way), "perf");
	snprintf(report->summary, sizeof(report->summary), "recording works here");
}

typedef int show_fn(const struct doctor_report *report, FILE *out);

static char *shown(show_fn *show, const struct doctor_report *report)
{
	char *text = NULL;
	size_t sz = 0;
	FILE *out = open_memstream(&text, &sz);

	assert_non_null(out);
	assert_int_equal(show(report, out), 0);
	fclose(out);
	return text;
}

static void the_table_has_a_line_for_each_row(void **state)
{
	static const char expected[] = "kernel               ok         Linux 6.1\n"
				       "session links        fallback   Invalid argument\n"
				       "    -> Linux 6.13 has them\n"
				       "multi links          not tried  no\\x1b[31m\n"
				       "    -> run it as root\n"
				       "perf links           missing    no\\xfe\n"
				       "\n"
				       "a probe on           is here                 and costs\n"
				       "nop                  emulated                   450 ns\n"
				       "ret                  single-stepped            16.9 us\n"
				       "noise                emulated                     0 ns\n"
				       "\n"
				       "recording works here\n";
	struct doctor_report report;
	char *text;

	(void)state;
	fill_report(&report);
	text = shown(doctor_show_table, &report);
	assert_string_equal(text, expected);
	free(text);
}

static void long_texts_are_wrapped_where_the_table_ends(void **state)
{
	struct doctor_report report = {};
	char word[DOCTOR_TEXT_SZ];
	char *text, *rest, *line;
	size_t lines = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(word) - 1; i++)
		word[i] = i % 7 == 6 ? ' ' : 'w';
	word[sizeof(word) - 1] = '\0';
	doctor_report__add(&report, "words", DOCTOR_MISSING, "%s", word);
	doctor_report__remedy(&report, "%s", word);
	/* a word that no line can hold, and characters that must not be cut */
	for (size_t i = 0; i + 2 < sizeof(word); i += 2)
		memcpy(word + i, "\xc3\xa9", 2);
	word[sizeof(word) - 2] = '\0';
	doctor_report__add(&report, "one word", DOCTOR_OK, "%s", word);
	text = shown(doctor_show_table, &report);
	for (rest = text; (line = strsep(&rest, "\n")) && rest; lines++) {
		assert_in_range(strlen(line), 0, DOCTOR_TABLE_COLUMNS);
		assert_true((line[0] & 0xc0) != 0x80);
		assert_true(!*line || line[strlen(line) - 1] != '\xc3');
	}
	assert_in_range(lines, 20, 40);
	free(text);
}

static void a_report_without_costs_says_why(void **state)
{
	struct doctor_report report = { .costs_missing = "not measured: run it as root" };
	char *text = shown(doctor_show_table, &report);

	(void)state;
	assert_non_null(strstr(text, "\ncost of probes       not measured: run it as root\n"));
	free(text);
}

static void the_JSON_has_the_same_rows(void **state)
{
	struct doctor_report report;
	json_t *json, *row = NULL;
	char *text;

	(void)state;
	fill_report(&report);
	text = shown(doctor_show_json, &report);
	json = json_loads(text, 0, NULL);
	free(text);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "tacho")), TACHO_VERSION);
	assert_string_equal(json_string_value(json_object_get(json, "kernel")), "6.1\\xff");
	assert_string_equal(json_string_value(json_object_get(json, "machine")), "x86_64");
	assert_string_equal(json_string_value(json_object_get(json, "way")), "perf");
	assert_true(json_is_true(json_object_get(json, "can_record")));
	assert_int_equal(json_array_size(json_object_get(json, "checks")), report.check_cnt);
	for (size_t i = 0; i < report.check_cnt; i++) {
		const struct doctor_check *check = &report.checks[i];

		row = json_array_get(json_object_get(json, "checks"), i);
		assert_string_equal(json_string_value(json_object_get(row, "name")), check->name);
		assert_string_equal(json_string_value(json_object_get(row, "status")),
				    doctor_status__name(check->status));
		if (check->status == DOCTOR_OK)
			assert_true(json_is_null(json_object_get(row, "remedy")));
		else
			assert_string_equal(json_string_value(json_object_get(row, "remedy")),
					    check->remedy);
	}
	assert_string_equal(json_string_value(json_object_get(row, "detail")), "no\\xfe");
	row = json_array_get(json_object_get(json, "costs"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "class")), "nop");
	assert_string_equal(json_string_value(json_object_get(row, "how")), "emulated");
	assert_int_equal(json_integer_value(json_object_get(row, "ns")), 450);
	json_decref(json);
}

static void the_JSON_of_a_machine_that_cannot_record_has_no_way(void **state)
{
	struct doctor_report report = {};
	char *text = shown(doctor_show_json, &report);
	json_t *json = json_loads(text, 0, NULL);

	(void)state;
	free(text);
	assert_non_null(json);
	assert_true(json_is_false(json_object_get(json, "can_record")));
	assert_true(json_is_null(json_object_get(json, "way")));
	assert_int_equal(json_array_size(json_object_get(json, "costs")), 0);
	json_decref(json);
}

static void a_full_disk_is_an_error(void **state)
{
	struct doctor_report report;
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	fill_report(&report);
	assert_int_equal(doctor_show_table(&report, full), -EIO);
	clearerr(full);
	assert_int_equal(doctor_show_json(&report, full), -EIO);
	fclose(full);
}

static void rows_beyond_the_last_one_are_left_out(void **state)
{
	struct doctor_report report = {};

	(void)state;
	doctor_report__remedy(&report, "of nothing");
	for (int i = 0; i < DOCTOR_CHECKS_MAX + 3; i++)
		doctor_report__add(&report, "row", DOCTOR_OK, "%d", i);
	for (int i = 0; i < DOCTOR_COSTS_MAX + 3; i++)
		doctor_report__add_cost(&report, "nop", "emulated", i);
	assert_int_equal(report.check_cnt, DOCTOR_CHECKS_MAX);
	assert_int_equal(report.cost_cnt, DOCTOR_COSTS_MAX);
}

static void texts_are_cut_never_overrun(void **state)
{
	struct doctor_report report = {};
	char text[3 * DOCTOR_TEXT_SZ];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	doctor_report__add(&report, "row", DOCTOR_MISSING, "%s", text);
	doctor_report__remedy(&report, "%s", text);
	assert_int_equal(strlen(report.checks[0].detail), DOCTOR_TEXT_SZ - 1);
	assert_int_equal(strlen(report.checks[0].remedy), DOCTOR_TEXT_SZ - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_found_in_a_status_file),
		cmocka_unit_test(what_is_no_number_in_a_status_file_is_refused),
		cmocka_unit_test(the_lockdown_mode_is_the_word_in_brackets),
		cmocka_unit_test(a_lockdown_file_without_a_mode_is_refused),
		cmocka_unit_test_setup_teardown(a_file_is_read_as_far_as_there_is_room,
						scratch__set_up, scratch__tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_holds_a_number_is_read_whole_or_refused,
						scratch__set_up, scratch__tear_down),
		cmocka_unit_test(every_target_is_found_in_the_program_s_file),
		cmocka_unit_test(every_target_can_be_called),
		cmocka_unit_test(the_semaphore_lies_in_the_program_s_file),
		cmocka_unit_test(what_is_not_in_the_program_s_file_is_refused),
		cmocka_unit_test(the_median_is_the_middle_value),
		cmocka_unit_test(a_cost_is_named_after_the_nearest_known_one),
		cmocka_unit_test(the_table_has_a_line_for_each_row),
		cmocka_unit_test(long_texts_are_wrapped_where_the_table_ends),
		cmocka_unit_test(a_report_without_costs_says_why),
		cmocka_unit_test(the_JSON_has_the_same_rows),
		cmocka_unit_test(the_JSON_of_a_machine_that_cannot_record_has_no_way),
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(rows_beyond_the_last_one_are_left_out),
		cmocka_unit_test(texts_are_cut_never_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
