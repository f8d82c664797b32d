/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "processes/cgroup_text.h"

static void expect_choice(int version, const char *text, const char *expected)
{
	char path[PATH_MAX];

	assert_int_equal(cgroup_text__choose(text, path, sizeof(path)), version);
	assert_string_equal(path, expected);
}

/* --- which path --------------------------------------------------------------------------------
 */

static void version_2_has_one_path(void **state)
{
	(void)state;
	expect_choice(2, "0::/system.slice/robot-server.service\n",
		      "/system.slice/robot-server.service");
	expect_choice(2, "0::/user.slice/user-1000.slice/user@1000.service/app.slice/a.scope\n",
		      "/user.slice/user-1000.slice/user@1000.service/app.slice/a.scope");
	expect_choice(2, "0::/system.slice/docker-3fb2.scope\n", "/system.slice/docker-3fb2.scope");
	expect_choice(1, "0::/\n", "/");
	expect_choice(2, "0::/\\x2d", "/\\x2d"); /* as systemd names units; nothing to undo */
}

static void version_1_has_that_of_systemd(void **state)
{
	(void)state;
	expect_choice(1,
		      "12:pids:/system.slice/a.service\n"
		      "11:cpu,cpuacct:/system.slice/a.service/very/deep\n"
		      "10:name=elogind:/5\n"
		      "1:name=systemd:/system.slice/a.service\n",
		      "/system.slice/a.service");
}

static void version_1_without_systemd_has_the_deepest(void **state)
{
	(void)state;
	expect_choice(1,
		      "9:name=systemd:/\n"
		      "8:pids:/\n"
		      "4:memory:/docker/3fb2\n"
		      "3:cpuset:/docker\n"
		      "1:cpu:/\n"
		      "0::/\n",
		      "/docker/3fb2");
	/* of equally deep ones the same, in any order */
	expect_choice(1, "2:cpu:/docker/b\n1:memory:/docker/a\n", "/docker/a");
	expect_choice(1, "2:memory:/docker/a\n1:cpu:/docker/b\n", "/docker/a");
	expect_choice(1, "2:memory:/ab\n1:cpu:/a\n", "/a");
	expect_choice(1, "2:memory:/\n1:cpu:/a\n", "/a");
}

static void both_versions_have_that_of_version_2(void **state)
{
	(void)state;
	expect_choice(2, "2:memory:/a/b/c\n1:name=systemd:/d\n0::/e\n", "/e");
	expect_choice(2, "0::/e\n2:memory:/a/b/c\n1:name=systemd:/d\n", "/e");
	expect_choice(1, "2:memory:/a/b/c\n1:name=systemd:/d\n0::/\n", "/d");
}

/* As from within a cgroup namespace. */
static void paths_above_the_namespace_stay_as_they_are(void **state)
{
	(void)state;
	expect_choice(2, "0::/../other.service\n", "/../other.service");
}

static void names_may_hold_colons_and_blanks(void **state)
{
	(void)state;
	expect_choice(2, "0::/a:b c:\t\x1b\xff\\012 /0::\n", "/a:b c:\t\x1b\xff\\012 /0::");
	expect_choice(1, "1:name=systemd:/x:0::/y\n", "/x:0::/y");
}

static void damaged_lines_are_passed_over(void **state)
{
	static const char *const texts[] = {
		"",   "\n",  "\n\n\n", ":",	 "::",	   "0",
		"0:", "0::", "0::\n",  "0::a\n", "0:/a\n", "/a\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		expect_choice(1, texts[i], "/");
	expect_choice(1, "0::\n0:\nx\n1:cpu:/a\n", "/a");
}

static void a_path_without_room_is_refused(void **state)
{
	char path[5] = "old";

	(void)state;
	assert_int_equal(cgroup_text__choose("0::/abcd\n", path, sizeof(path)), -ENAMETOOLONG);
	assert_string_equal(path, "old");
	assert_int_equal(cgroup_text__choose("0::/abc\n", path, sizeof(path)), 2);
	assert_string_equal(path, "/abc");
	assert_int_equal(cgroup_text__choose("", path, 1), -ENAMETOOLONG);
}

static void the_mark_of_removed_cgroups_is_cut(void **state)
{
	char marked[] = "/a (deleted)", twice[] = "/a (deleted) (deleted)",
	     not [] = "/a (deleted) ";

	(void)state;
	assert_true(cgroup_text__cut_deleted(marked));
	assert_string_equal(marked, "/a");
	assert_false(cgroup_text__cut_deleted(marked));
	assert_true(cgroup_text__cut_deleted(twice));
	assert_string_equal(twice, "/a (deleted)");
	assert_false(cgroup_text__cut_deleted(not ));
	assert_string_equal(not, "/a (deleted) ");
}

/* --- mounts ------------------------------------------------------------------------------------
 */

static void expect_mount(const char *line, const char *root, const char *point)
{
	struct cgroup_mount mount;

	assert_true(cgroup_text__take_mount(line, &mount));
	assert_string_equal(mount.root, root);
	assert_string_equal(mount.point, point);
}

static void mounts_of_version_2_are_found(void **state)
{
	(void)state;
	expect_mount("35 24 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n", "/",
		     "/sys/fs/cgroup");
	expect_mount(
		"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 master:1 - cgroup2 x rw",
		"/", "/sys/fs/cgroup/unified");
	expect_mount("1 2 0:3 /docker/3fb2 /c rw - cgroup2 c rw\n", "/docker/3fb2", "/c");
}

static void escaped_names_are_undone(void **state)
{
	(void)state;
	expect_mount("1 2 0:3 /a\\134040 /x\\040y\\011\\012\\043\\377 rw - cgroup2 c rw\n",
		     "/a\\040", "/x y\t\n#\377");
	/* what is no escape is itself */
	expect_mount("1 2 0:3 /a\\ /x\\0\\48\\0z9\\779 rw - cgroup2 c rw\n", "/a\\",
		     "/x\\0\\48\\0z9\\779");
}

static void other_mounts_are_not_taken(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		"-",
		"41",
		"1 2 0:3 / /c rw - cgroup cgroup rw\n",
		"1 2 0:3 / /c rw - cgroup22 c rw\n",
		"1 2 0:3 / /c rw cgroup2 c rw\n",
		"1 2 0:3 / /cgroup2 rw -\n",
		"1 2 0:3 / /c rw - tmpfs cgroup2 rw\n",
		"1 2 0:3 x /c rw - cgroup2 c rw\n",
		"1 2 0:3 / c rw - cgroup2 c rw\n",
		"1 2 0:3 / /c\\000d rw - cgroup2 c rw\n",
		"1 2 0:3 / /c rw\n- cgroup2 c rw\n",
	};
	struct cgroup_mount mount;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_false(cgroup_text__take_mount(lines[i], &mount));
}

static void a_mount_of_endless_name_is_not_taken(void **state)
{
	static char line[PATH_MAX + 100] = "1 2 0:3 / /";
	struct cgroup_mount mount;

	(void)state;
	memset(line + strlen(line), 'x', PATH_MAX - 2);
	strcat(line, " rw - cgroup2 c rw");
	assert_true(cgroup_text__take_mount(line, &mount));
	assert_int_equal(strlen(mount.point), PATH_MAX - 1);
	memmove(line + 12, line + 11, strlen(line + 11) + 1);
	assert_false(cgroup_text__take_mount(line, &mount));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_2_has_one_path),
		cmocka_unit_test(version_1_has_that_of_systemd),
		cmocka_unit_test(version_1_without_systemd_has_the_deepest),
		cmocka_unit_test(both_versions_have_that_of_version_2),
		cmocka_unit_test(paths_above_the_namespace_stay_as_they_are),
		cmocka_unit_test(names_may_hold_colons_and_blanks),
		cmocka_unit_test(damaged_lines_are_passed_over),
		cmocka_unit_test(a_path_without_room_is_refused),
		cmocka_unit_test(the_mark_of_removed_cgroups_is_cut),
		cmocka_unit_test(mounts_of_version_2_are_found),
		cmocka_unit_test(escaped_names_are_undone),
		cmocka_unit_test(other_mounts_are_not_taken),
		cmocka_unit_test(a_mount_of_endless_name_is_not_taken),
	};

	return cmocka_run_group_tests_name("cgroup_text", tests, NULL, NULL);
}
