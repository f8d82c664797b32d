/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Notices, without a thread and without a signal, that the selection of functions has changed: a
 * garbage collection looks at the status of its file or folder at most once a second. In C, because
 * a callback in Python is a place where a signal handler of the program could raise, and its
 * exception be lost.
 */
#include "core.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LOOK_INTERVAL_S 1
/* Of two changes within a tick of the kernel's coarse clock, the time tells no more than of one: in
 * a folder, where files of the same number are replaced, nothing else tells of the other. */
#define TICK_NS 20000000

static char *path;
static PyObject *changed; /* called with True when the file has changed; with False: try again */
static bool unfinished;	  /* functions of modules that are there could not be marked yet */
static struct statx last_seen;
static time_t last_look_s;
static bool collecting_state; /* a collection is running; what it pauses is being marked */
static PyObject *pause_label; /* bytes; NULL: pauses are not marked */

/* statx, not stat: the C library has had it under one name since 2.28. */
static void status_of(struct statx *ret)
{
	if (!path || statx(AT_FDCWD, path, 0, STATX_INO | STATX_SIZE | STATX_MTIME, ret) != 0)
		memset(ret, 0, sizeof(*ret));
}

/* before: when its status was not known yet. */
static bool is_recent(const struct statx_timestamp *time, const struct timespec *before)
{
	return (before->tv_sec - time->tv_sec) * INT64_C(1000000000) + before->tv_nsec -
		       time->tv_nsec <
	       TICK_NS;
}

static bool looks_changed(void)
{
	struct timespec before;
	struct statx now;

	clock_gettime(CLOCK_REALTIME, &before);
	status_of(&now);
	if (now.stx_ino == last_seen.stx_ino && now.stx_size == last_seen.stx_size &&
	    now.stx_mtime.tv_sec == last_seen.stx_mtime.tv_sec &&
	    now.stx_mtime.tv_nsec == last_seen.stx_mtime.tv_nsec)
		return false;
	last_seen = now;
	if (is_recent(&now.stx_mtime, &before))
		last_seen.stx_mtime.tv_nsec = UINT32_MAX; /* look again */
	return true;
}

static void tell(bool is_changed)
{
	PyObject *type, *value, *traceback, *result;

	PyErr_Fetch(&type, &value, &traceback);
	result = changed ? PyObject_CallFunctionObjArgs(changed, is_changed ? Py_True : Py_False,
							NULL)
			 : NULL;
	Py_XDECREF(result);
	PyErr_Clear();
	PyErr_Restore(type, value, traceback);
}

/* look(): at once. Returns whether the file has changed since the last look; tells nobody. */
static PyObject *look(PyObject *module, PyObject *none)
{
	return PyBool_FromLong(looks_changed());
}

/* --- collections of garbage --------------------------------------------------------------------
 */

static int64_t number_in(PyObject *info, const char *name)
{
	PyObject *value = PyDict_Check(info) ? PyDict_GetItemString(info, name) : NULL;
	long long number = value ? PyLong_AsLongLong(value) : 0;

	PyErr_Clear();
	return number;
}

static void mark_collection(bool starts, PyObject *info)
{
	const char *label = text_chars(pause_label);

	if (starts) {
		collecting_state = TACHO_ACTIVE(begin);
		if (collecting_state) {
			open__push(&pause_label, 0, open__next_serial());
			TACHO_BEGIN(label);
			TACHO_ATTRIBUTE_INT("generation", number_in(info, "generation"));
		}
		return;
	}
	TACHO_COUNTER("gc collections", 1);
	if (TACHO_ACTIVE(counter)) {
		TACHO_COUNTER("gc collected", number_in(info, "collected"));
		TACHO_COUNTER("gc uncollectable", number_in(info, "uncollectable"));
	}
	if (collecting_state && open__take(&pause_label))
		TACHO_END(label);
	collecting_state = false;
}

/* on_collection(phase, info): for gc.callbacks. */
static PyObject *on_collection(PyObject *module, PyObject *args)
{
	PyObject *phase, *info;
	struct timespec now;
	bool starts;

	if (!PyArg_UnpackTuple(args, "on_collection", 2, 2, &phase, &info))
		return NULL;
	starts = PyUnicode_Check(phase) && PyUnicode_CompareWithASCIIString(phase, "start") == 0;
	if (pause_label)
		mark_collection(starts, info);
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (!starts && now.tv_sec - last_look_s >= LOOK_INTERVAL_S) {
		bool is_changed = looks_changed();

		last_look_s = now.tv_sec;
		if (is_changed || unfinished)
			tell(is_changed);
	}
	Py_RETURN_NONE;
}

/* notice(path, changed): the file to look at, and what to call. */
static PyObject *notice(PyObject *module, PyObject *args)
{
	PyObject *function, *old = changed;
	const char *name;

	if (!PyArg_ParseTuple(args, "sO:notice", &name, &function))
		return NULL;
	free(path);
	path = strdup(name);
	Py_INCREF(function);
	changed = function;
	Py_XDECREF(old);
	memset(&last_seen, 0, sizeof(last_seen));
	Py_RETURN_NONE;
}

static PyObject *mark_collections(PyObject *module, PyObject *label)
{
	PyObject *old = pause_label;

	pause_label = label == Py_None ? NULL : text_of(label);
	Py_XDECREF(old);
	Py_RETURN_NONE;
}

/* try_again(flag): whether `changed` is to be called at collections although nothing has. */
static PyObject *try_again(PyObject *module, PyObject *flag)
{
	unfinished = PyObject_IsTrue(flag) > 0;
	Py_RETURN_NONE;
}

PyMethodDef notice_methods[] = {
	{ "try_again", try_again, METH_O, "Is there something that may be marked later?" },
	{ "notice", notice, METH_VARARGS, "notice(path, changed): what on_collection looks at." },
	{ "look", look, METH_NOARGS, "Has the file changed since the last look?" },
	{ "on_collection", on_collection, METH_VARARGS, "For gc.callbacks." },
	{ "mark_collections", mark_collections, METH_O,
	  "The label of pauses; None: they are not marked." },
	{},
};
