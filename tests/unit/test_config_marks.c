/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* [marks]. */
#include "config_fixture.h"

#include <sys/stat.h>

#define SECTION "[marks]\n"

static void marks_are_off_by_default(void **state)
{
	struct config *config = load_text(STATE SECTION);

	(void)state;
	assert_false(config->marks.enabled);
	config__free(config);
}

static void programs_alone_are_enough_to_record(void **state)
{
	struct config *config = load_text(SECTION "programs = /usr/bin/a, /opt/b*\n");

	(void)state;
	assert_true(config->marks.enabled);
	assert_int_equal(config->marks.program_cnt, 2);
	assert_string_equal(config->marks.programs[1], "/opt/b*");
	assert_int_equal(config->marks.label_cnt, 0);
	assert_null(config->marks.process);
	assert_int_equal(config->marks.limit, 256);
	config__free(config);
}

static void every_key_is_read(void **state)
{
	struct config *config =
		load_text(SECTION "programs = /a\nlabels = x*, [!y]\nprocess = *server*\n"
				  "limit = 1024\nenabled = yes\n");

	(void)state;
	assert_int_equal(config->marks.label_cnt, 2);
	assert_string_equal(config->marks.labels[1], "[!y]");
	assert_string_equal(config->marks.process, "*server*");
	assert_int_equal(config->marks.limit, 1024);
	config__free(config);
}

static void a_later_file_turns_them_off(void **state)
{
	struct config *config;

	(void)state;
	assert_int_equal(mkdir("tacho.conf.d", 0755), 0);
	write_file("tacho.conf.d/more.conf", SECTION "enabled = no\nlimit =\n");
	config = load_text(STATE SECTION "programs = /a\nlimit = 3\n");
	assert_false(config->marks.enabled);
	assert_int_equal(config->marks.limit, 256);
	config__free(config);
}

static void marks_without_programs_are_refused(void **state)
{
	(void)state;
	assert_text_refused(STATE SECTION "limit = 3\n",
			    "tacho.conf:4: [marks] needs files to look into (add programs = PATH)");
}

/* As the template of the settings has it. */
static void an_empty_section_is_fine_and_said_how_to_fill(void **state)
{
	struct config *config = load_text(STATE SECTION);

	(void)state;
	assert_false(config->marks.enabled);
	config__free(config);
	assert_text_refused(SECTION,
			    "no states: nothing to record (add a [state NAME] section to the "
			    "configuration, or use -s NAME=BINARY:FUNCTION; other things to record "
			    "are programs = PATH in [marks], and enabled = yes in [resources])");
}

static void what_is_no_limit_and_no_glob_is_refused(void **state)
{
	(void)state;
	assert_text_refused(SECTION "limit = 0\n",
			    "tacho.conf:2: limit: '0' is not a number of labels from 1 to 1024");
	assert_text_refused(SECTION "limit = 1025\n",
			    "tacho.conf:2: limit: '1025' is not a number of labels from 1 to 1024");
	assert_text_refused(SECTION "enabled = perhaps\n",
			    "tacho.conf:2: enabled: 'perhaps' is neither yes nor no (valid: yes, "
			    "no, true, false, on, off)");
	assert_text_refused(SECTION "programs = a,,b\n",
			    "tacho.conf:2: programs: an item of the list is empty (write a, b)");
	assert_text_refused(SECTION "label = x\n", "tacho.conf:2: unknown key 'label' in [marks] "
						   "(did you mean 'labels'?)");
}

static void a_label_glob_with_too_many_parts_is_refused(void **state)
{
	struct config *config = config__new();
	struct fault why = {};
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), SECTION "labels = a, %0200d\n", 0);
	write_file("tacho.conf", text);
	assert_int_equal(config__load(config, "tacho.conf", &why), -EINVAL);
	assert_non_null(strstr(why.text, "tacho.conf:2: labels: "));
	config__free(config);
}

static void only_what_is_recorded_makes_two_different(void **state)
{
	struct marks_config a = { .enabled = true, .limit = 1 };
	struct marks_config b = { .enabled = true, .limit = 2 };

	(void)state;
	assert_false(marks_config__same(&a, &b));
	b.limit = 1;
	b.process = "x";
	assert_false(marks_config__same(&a, &b));
	b.process = NULL;
	assert_true(marks_config__same(&a, &b));
	b.enabled = false;
	assert_false(marks_config__same(&a, &b));
	a.enabled = false;
	b.limit = 3;
	assert_true(marks_config__same(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(marks_are_off_by_default),
		CASE(programs_alone_are_enough_to_record),
		CASE(every_key_is_read),
		CASE(a_later_file_turns_them_off),
		CASE(marks_without_programs_are_refused),
		CASE(an_empty_section_is_fine_and_said_how_to_fill),
		CASE(what_is_no_limit_and_no_glob_is_refused),
		CASE(a_label_glob_with_too_many_parts_is_refused),
		CASE(only_what_is_recorded_makes_two_different),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
