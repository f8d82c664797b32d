/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finding the separate debug file, where it should be and where something else is. */
#include "elf_fixture.h"
#include "scratch.h"

#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <sys/wait.h>

#include "elf/debug_file.h"

/* A folder with the program in bin/, and D, which is debug/ in it. */
struct place {
	struct scratch scratch;
	struct elf_file *file;
	char directory[PATH_MAX];
	char by_id[PATH_MAX];		   /* where D should have it */
	struct debug_file_options options; /* no directory: ask() fills in the one of the place */
};

static void copy(const char *name, const char *to)
{
	struct bytes bytes = read_fixture(name);
	FILE *file = fopen(to, "w");

	if (!file)
		fail_msg("%s: %s", to, strerror(errno));
	assert_int_equal(fwrite(bytes.at, 1, bytes.sz, file), bytes.sz);
	assert_int_equal(fclose(file), 0);
	free(bytes.at);
}

static void make_folders(const char *path)
{
	char copied[PATH_MAX];

	snprintf(copied, sizeof(copied), "%s", path);
	for (char *slash = strchr(copied + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copied, 0700) != 0)
			assert_int_equal(errno, EEXIST);
		*slash = '/';
	}
}

static void open_program(struct place *place, const char *path)
{
	struct fault why = {};
	const char *id;

	if (elf_file__open(path, &place->file, &why) != 0)
		fail_msg("%s", why.text);
	id = elf_file__build_id(place->file);
	snprintf(place->directory, sizeof(place->directory), "%s/debug", place->scratch.path);
	snprintf(place->by_id, sizeof(place->by_id), "%s/debug/.build-id/%.2s/%s.debug",
		 place->scratch.path, id, *id ? id + 2 : id);
	make_folders(place->by_id);
}

static struct place make_place(const char *program)
{
	struct place place = {};
	const char *path;

	scratch__make(&place.scratch);
	assert_return_code(mkdir(scratch__at(&place.scratch, "bin"), 0700), errno);
	path = scratch__at(&place.scratch, "bin/program");
	copy(program, path);
	open_program(&place, path);
	return place;
}

static void remove_place(struct place *place)
{
	elf_file__free(place->file);
	scratch__remove(&place->scratch);
}

/* A path in the place, and the folders to it. */
static const char *at(struct place *place, const char *name)
{
	const char *path = scratch__at(&place->scratch, name);

	make_folders(path);
	return path;
}

static int ask(const struct place *place, char **ret_path, struct fault *why)
{
	struct debug_file_options options = place->options;

	if (!options.directory)
		options.directory = place->directory;
	return debug_file__find(place->file, &options, ret_path, why);
}

static void expect_found(const struct place *place, const char *path)
{
	struct fault why = {};
	char *found = NULL;

	if (ask(place, &found, &why) != 0)
		fail_msg("%s", why.text);
	assert_string_equal(found, path);
	free(found);
}

static void expect_refused(const struct place *place, int err, const char *part)
{
	struct fault why = {};
	char *found = NULL;

	assert_int_equal(ask(place, &found, &why), err);
	assert_null(found);
	assert_says(&why, part);
	assert_says(&why, elf_file__path(place->file));
}

/* --- where it should be ----------------------------------------------------------------------- */

static void the_build_id_leads_to_it(void **state)
{
	struct place place = make_place("dwarf_split");
	char directories[2 * PATH_MAX];

	(void)state;
	copy("dwarf_split.debug", place.by_id);
	copy("dwarf_split.debug", at(&place, "bin/dwarf_split.debug"));
	expect_found(&place, place.by_id);
	snprintf(directories, sizeof(directories), ":/nowhere::%s:/", place.directory);
	place.options.directory = directories;
	expect_found(&place, place.by_id);
	remove_place(&place);
}

static void the_debuglink_leads_to_it(void **state)
{
	static const char *const names[] = { "bin/dwarf_split.debug",
					     "bin/.debug/dwarf_split.debug" };
	static const char *const programs[] = { "dwarf_split", "dwarf_noid" };
	char in_directory[3 * PATH_MAX];

	(void)state;
	for (size_t p = 0; p < 2; p++) {
		struct place place = make_place(programs[p]);

		for (size_t i = 0; i < 2; i++) {
			copy("dwarf_split.debug", at(&place, names[i]));
			expect_found(&place, at(&place, names[i]));
			assert_return_code(unlink(at(&place, names[i])), errno);
		}
		snprintf(in_directory, sizeof(in_directory), "%s%s/bin/dwarf_split.debug",
			 place.directory, place.scratch.path);
		make_folders(in_directory);
		copy("dwarf_split.debug", in_directory);
		expect_found(&place, in_directory);
		remove_place(&place);
	}
}

static void a_symbolic_link_to_the_program_is_followed(void **state)
{
	struct place place = make_place("dwarf_noid");

	(void)state;
	copy("dwarf_split.debug", at(&place, "bin/dwarf_split.debug"));
	assert_return_code(symlink("../bin/program", at(&place, "usr/alias")), errno);
	elf_file__free(place.file);
	open_program(&place, at(&place, "usr/alias"));
	expect_found(&place, at(&place, "bin/dwarf_split.debug"));
	remove_place(&place);
}

static void a_symbolic_link_to_the_debug_file_is_followed(void **state)
{
	struct place place = make_place("dwarf_split");

	(void)state;
	copy("dwarf_split.debug", at(&place, "store/some.debug"));
	assert_return_code(symlink(at(&place, "store/some.debug"), place.by_id), errno);
	expect_found(&place, place.by_id);
	remove_place(&place);
}

static void defaults_are_those_of_the_distribution(void **state)
{
	struct place place = make_place("dwarf_split");
	struct fault why = {};
	char *found = NULL;

	(void)state;
	assert_int_equal(debug_file__find(place.file, NULL, &found, &why), -ENOENT);
	assert_says(&why, "tried /usr/lib/debug/.build-id/");
	remove_place(&place);
}

/* --- where it is not -------------------------------------------------------------------------- */

static void every_place_that_was_tried_is_named(void **state)
{
	struct place place = make_place("dwarf_split");
	char real[PATH_MAX], expected[3 * PATH_MAX];

	(void)state;
	assert_non_null(realpath(place.scratch.path, real));
	expect_refused(&place, -ENOENT, "no debug file; tried ");
	expect_refused(&place, -ENOENT, place.by_id);
	snprintf(expected, sizeof(expected), "%s/bin/dwarf_split.debug", real);
	expect_refused(&place, -ENOENT, expected);
	snprintf(expected, sizeof(expected), "%s/bin/.debug/dwarf_split.debug", real);
	expect_refused(&place, -ENOENT, expected);
	snprintf(expected, sizeof(expected), "%s%s/bin/dwarf_split.debug", place.directory, real);
	expect_refused(&place, -ENOENT, expected);
	remove_place(&place);
}

static void nothing_to_go_by_is_said(void **state)
{
	static const uint8_t code[] = { 0xc3 };
	const struct tiny_elf spec = { .machine = EM_X86_64, .code = code, .code_sz = 1 };
	struct tiny_file bytes;
	struct place place = {};
	char path[64];
	int fd;

	(void)state;
	tiny_elf__make(&spec, &bytes);
	fd = tiny_file__publish(bytes.bytes, bytes.sz, path, sizeof(path));
	assert_return_code(fd, errno);
	scratch__make(&place.scratch);
	open_program(&place, path);
	expect_refused(&place, -ENOENT, "has neither a build-id nor .gnu_debuglink");
	remove_place(&place);
	close(fd);
}

static void another_build_is_refused_by_its_id(void **state)
{
	struct place place = make_place("dwarf_split");
	char directories[2 * PATH_MAX];

	(void)state;
	copy("dwarf_gcc4", place.by_id);
	expect_refused(&place, -EBADMSG, "belongs to another build (its build-id is ");
	expect_refused(&place, -EBADMSG, elf_file__build_id(place.file));
	expect_refused(&place, -EBADMSG, place.by_id);
	copy("elf_pie", at(&place, "bin/dwarf_split.debug"));
	expect_refused(&place, -EBADMSG, place.by_id);
	/* one that has no id, in the place that is named by id */
	copy("dwarf_noid", place.by_id);
	expect_refused(&place, -EBADMSG, "its build-id is missing, not ");
	/* a wrong one in one directory does not hide the right one in another */
	memmove(strstr(place.by_id, "/debug/"), "/right/", 7);
	make_folders(place.by_id);
	copy("dwarf_split.debug", place.by_id);
	snprintf(directories, sizeof(directories), "%s:%s/right", place.directory,
		 place.scratch.path);
	place.options.directory = directories;
	expect_found(&place, place.by_id);
	remove_place(&place);
}

static void another_build_is_refused_by_its_checksum(void **state)
{
	struct place place = make_place("dwarf_noid");
	const char *path = at(&place, "bin/dwarf_split.debug");
	FILE *file;

	(void)state;
	copy("dwarf_split.debug", path);
	file = fopen(path, "a");
	assert_non_null(file);
	fputc(0, file);
	fclose(file);
	expect_refused(&place, -EBADMSG, "belongs to another build (its CRC is ");
	expect_refused(&place, -EBADMSG, "bin/dwarf_split.debug");
	remove_place(&place);
}

static void the_program_is_not_its_own_debug_file(void **state)
{
	struct place place = make_place("dwarf_split");

	(void)state;
	assert_return_code(link(at(&place, "bin/program"), place.by_id), errno);
	expect_refused(&place, -ENOENT, "that is the file itself");
	remove_place(&place);
}

/* --- what lies in wait ------------------------------------------------------------------------ */

static void what_is_no_file_is_not_opened(void **state)
{
	struct place place = make_place("dwarf_split");

	(void)state;
	assert_return_code(mkfifo(place.by_id, 0600), errno);
	expect_refused(&place, -ENOENT, ".debug (not a regular file)");
	assert_return_code(unlink(place.by_id), errno);
	assert_return_code(mkdir(place.by_id, 0700), errno);
	expect_refused(&place, -ENOENT, ".debug (not a regular file)");
	assert_return_code(rmdir(place.by_id), errno);
	assert_return_code(symlink("/dev/zero", place.by_id), errno);
	expect_refused(&place, -ENOENT, ".debug (not a regular file)");
	assert_return_code(unlink(place.by_id), errno);
	assert_return_code(symlink(place.by_id, place.by_id), errno);
	expect_refused(&place, -ENOENT, ".debug (Too many levels of symbolic links)");
	remove_place(&place);
}

static void what_is_no_elf_file_is_refused(void **state)
{
	struct place place = make_place("dwarf_split");
	struct bytes bytes = read_fixture("dwarf_split.debug");
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)(void *)bytes.at;
	FILE *file;

	(void)state;
	for (size_t sz = 0; sz < bytes.sz; sz += sz < 128 ? 1 : 997) {
		file = fopen(place.by_id, "w");
		assert_int_equal(fwrite(bytes.at, 1, sz, file), sz);
		fclose(file);
		expect_refused(&place, -ENOENT, ".debug (");
	}
	ehdr->e_shnum = 0xffff;
	ehdr->e_shoff = bytes.sz - 64;
	file = fopen(place.by_id, "w");
	assert_int_equal(fwrite(bytes.at, 1, bytes.sz, file), bytes.sz);
	fclose(file);
	expect_refused(&place, -ENOENT, "section headers are missing");
	free(bytes.at);
	remove_place(&place);
}

static void a_file_beyond_all_measure_is_not_read(void **state)
{
	struct place place = make_place("dwarf_noid");
	const char *path = at(&place, "bin/dwarf_split.debug");

	(void)state;
	copy("dwarf_split.debug", path);
	assert_return_code(truncate(path, (off_t)1 << 40), errno);
	expect_refused(&place, -ENOENT, "(larger than 4 GiB)");
	remove_place(&place);
}

/* Replaces the name within the program's .gnu_debuglink by one of the same length. */
static void rename_link(struct place *place, const char *name)
{
	static const char old[] = "dwarf_split.debug";
	const char *path = at(place, "bin/program");
	struct bytes bytes = read_fixture("dwarf_noid");
	uint8_t *found = memmem(bytes.at, bytes.sz, old, sizeof(old));
	FILE *file = fopen(path, "w");

	assert_non_null(found);
	assert_int_equal(strlen(name), sizeof(old) - 1);
	memcpy(found, name, strlen(name));
	assert_int_equal(fwrite(bytes.at, 1, bytes.sz, file), bytes.sz);
	fclose(file);
	free(bytes.at);
	elf_file__free(place->file);
	open_program(place, path);
}

static void a_debuglink_that_is_a_path_is_not_followed(void **state)
{
	static const char *const names[] = { "../arf_split.debug", "/warf_split.debug",
					     "dwarf/split.debug" };
	struct place place = make_place("dwarf_noid");

	(void)state;
	copy("dwarf_split.debug", at(&place, "arf_split.debug"));
	copy("dwarf_split.debug", at(&place, "bin/dwarf/split.debug"));
	for (size_t i = 0; i < 3; i++) {
		char name[18];

		snprintf(name, sizeof(name), "%s", names[i]);
		rename_link(&place, name);
		expect_refused(&place, -ENOENT, "names no file but a path: not followed");
	}
	remove_place(&place);
}

/* --- debuginfod ------------------------------------------------------------------------------- */

/* Serves the files of its folder as debuginfod does, and says its port. Dies with its parent. */
static const char server[] = "import ctypes, http.server, signal, sys\n"
			     "ctypes.CDLL(None).prctl(1, signal.SIGKILL)\n"
			     "class Handler(http.server.BaseHTTPRequestHandler):\n"
			     "    def do_GET(self):\n"
			     "        part = self.path.split('/')\n"
			     "        try:\n"
			     "            assert part[1] == 'buildid' and part[3] == 'debuginfo'\n"
			     "            data = open(sys.argv[1] + '/' + part[2], 'rb').read()\n"
			     "        except (OSError, IndexError, AssertionError):\n"
			     "            return self.send_error(404)\n"
			     "        self.send_response(200)\n"
			     "        self.send_header('Content-Length', str(len(data)))\n"
			     "        self.end_headers()\n"
			     "        self.wfile.write(data)\n"
			     "    def log_message(self, *args):\n"
			     "        pass\n"
			     "server = http.server.HTTPServer(('127.0.0.1', 0), Handler)\n"
			     "print(server.server_port, flush=True)\n"
			     "server.serve_forever()\n";

static pid_t start_server(const char *folder, char *url, size_t sz)
{
	char port[16] = "";
	int ends[2];
	pid_t pid;
	FILE *from;

	assert_return_code(pipe(ends), errno);
	pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execlp("python3", "python3", "-c", server, folder, NULL);
		_exit(127);
	}
	close(ends[1]);
	from = fdopen(ends[0], "r");
	assert_non_null(fgets(port, sizeof(port), from));
	fclose(from);
	snprintf(url, sz, "http://127.0.0.1:%d/", atoi(port));
	return pid;
}

static void stop_server(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static bool has_library(void)
{
	void *library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_NODELETE);

	if (!library)
		return false;
	dlclose(library);
	return true;
}

static void servers_are_asked_only_when_allowed(void **state)
{
	struct place place = make_place("dwarf_split");
	struct fault why = {};
	char *found = NULL;

	(void)state;
	setenv("DEBUGINFOD_URLS", "http://127.0.0.1:1/", 1);
	assert_int_equal(ask(&place, &found, &why), -ENOENT);
	assert_null(strstr(why.text, "debuginfod"));
	unsetenv("DEBUGINFOD_URLS");
	place.options.debuginfod = true;
	expect_refused(&place, -ENOENT, "DEBUGINFOD_URLS is not set");
	setenv("DEBUGINFOD_URLS", "  ", 1);
	expect_refused(&place, -ENOENT, "DEBUGINFOD_URLS is not set");
	unsetenv("DEBUGINFOD_URLS");
	remove_place(&place);
}

/* A program, and a server that has what lies in its folder. */
static struct place make_served_place(pid_t *ret_server)
{
	char cache[PATH_MAX], url[64];
	struct place place;

	if (!has_library()) {
		print_message("skipped: libdebuginfod.so.1 is not installed\n");
		skip();
	}
	place = make_place("dwarf_split");
	place.options.debuginfod = true;
	*ret_server = start_server(place.scratch.path, url, sizeof(url));
	snprintf(cache, sizeof(cache), "%s/cache", place.scratch.path);
	setenv("DEBUGINFOD_URLS", url, 1);
	setenv("DEBUGINFOD_CACHE_PATH", cache, 1);
	return place;
}

static void remove_served_place(struct place *place, pid_t server_pid)
{
	stop_server(server_pid);
	unsetenv("DEBUGINFOD_URLS");
	remove_place(place);
}

static void servers_are_asked_last(void **state)
{
	char cache[PATH_MAX];
	struct place place;
	pid_t pid;

	(void)state;
	place = make_served_place(&pid);
	expect_refused(&place, -ENOENT, "no server has the file");
	/* the library remembers what is missing */
	snprintf(cache, sizeof(cache), "%s/cache2", place.scratch.path);
	setenv("DEBUGINFOD_CACHE_PATH", cache, 1);
	copy("dwarf_split.debug", at(&place, elf_file__build_id(place.file)));
	strcat(cache, "/");
	strcat(cache, elf_file__build_id(place.file));
	strcat(cache, "/debuginfo");
	expect_found(&place, cache);
	copy("dwarf_split.debug", place.by_id);
	expect_found(&place, place.by_id);
	remove_served_place(&place, pid);
}

static void a_server_that_lies_is_not_believed(void **state)
{
	struct place place;
	pid_t pid;

	(void)state;
	place = make_served_place(&pid);
	copy("dwarf_gcc4", at(&place, elf_file__build_id(place.file)));
	expect_refused(&place, -EBADMSG, "belongs to another build");
	remove_served_place(&place, pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_build_id_leads_to_it),
		cmocka_unit_test(the_debuglink_leads_to_it),
		cmocka_unit_test(a_symbolic_link_to_the_program_is_followed),
		cmocka_unit_test(a_symbolic_link_to_the_debug_file_is_followed),
		cmocka_unit_test(defaults_are_those_of_the_distribution),
		cmocka_unit_test(every_place_that_was_tried_is_named),
		cmocka_unit_test(nothing_to_go_by_is_said),
		cmocka_unit_test(another_build_is_refused_by_its_id),
		cmocka_unit_test(another_build_is_refused_by_its_checksum),
		cmocka_unit_test(the_program_is_not_its_own_debug_file),
		cmocka_unit_test(what_is_no_file_is_not_opened),
		cmocka_unit_test(what_is_no_elf_file_is_refused),
		cmocka_unit_test(a_file_beyond_all_measure_is_not_read),
		cmocka_unit_test(a_debuglink_that_is_a_path_is_not_followed),
		cmocka_unit_test(servers_are_asked_only_when_allowed),
		cmocka_unit_test(servers_are_asked_last),
		cmocka_unit_test(a_server_that_lies_is_not_believed),
	};

	return cmocka_run_group_tests_name("debug_file", tests, NULL, NULL);
}
