/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "debuginfod.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY "libdebuginfod.so.1"

/* debuginfod.h's part that is used here; the type of the client is the library's affair. */
struct library {
	void *handle;
	void *(*begin)(void);
	void (*end)(void *client);
	int (*find_debuginfo)(void *client, const unsigned char *build_id, int build_id_len,
			      char **path);
};

static int load(struct library *library, struct fault *why)
{
	/* libcurl, which it needs, is not made to be unmapped */
	library->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!library->handle)
		return fault__set(why, -ENOTSUP,
				  "debuginfod: " LIBRARY " is not installed (Debian's package is "
				  "libdebuginfod1)");
	*(void **)&library->begin = dlsym(library->handle, "debuginfod_begin");
	*(void **)&library->end = dlsym(library->handle, "debuginfod_end");
	*(void **)&library->find_debuginfo = dlsym(library->handle, "debuginfod_find_debuginfo");
	if (library->begin && library->end && library->find_debuginfo)
		return 0;
	dlclose(library->handle);
	return fault__set(why, -ENOTSUP, "debuginfod: " LIBRARY " lacks functions");
}

static int fetch(const struct library *library, const char *build_id, char **ret_path,
		 struct fault *why)
{
	void *client = library->begin();
	char *path = NULL;
	int fd;

	if (!client)
		return fault__set(why, -ENOMEM, "debuginfod: out of memory");
	/* length 0: the text is hexadecimal */
	fd = library->find_debuginfo(client, (const unsigned char *)build_id, 0, &path);
	library->end(client);
	if (fd < 0) {
		free(path);
		return fault__set(why, fd, "debuginfod: %s: %s", getenv("DEBUGINFOD_URLS"),
				  fd == -ENOENT ? "no server has the file" : strerror(-fd));
	}
	close(fd);
	if (!path)
		return fault__set(why, -ENOMEM, "debuginfod: out of memory");
	*ret_path = path;
	return 0;
}

int debuginfod__find(const char *build_id, char **ret_path, struct fault *why)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	struct library library = {};
	int err;

	if (!urls || !urls[strspn(urls, " ")])
		return fault__set(why, -EINVAL,
				  "debuginfod: DEBUGINFOD_URLS is not set, so no server is known");
	err = load(&library, why);
	if (err)
		return err;
	err = fetch(&library, build_id, ret_path, why);
	dlclose(library.handle);
	return err;
}
