/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Functions that sys.monitoring tells of (Python 3.12 on): nothing is wrapped, the function stays
 * what it is. on_start and its like are the callbacks; they are called for the watched code objects
 * alone, but for exceptions (PY_UNWIND, PY_THROW), which are told of every frame.
 *
 * A plain call is a block of its thread. A coroutine or generator is a keyed block, known by its
 * frame, and is left and entered as it is suspended. From Python 3.13 on, one that is closed where
 * nothing could catch that vanishes without an event: its block ends with the generator itself.
 */
#include "core.h"

#include <stdlib.h>

#define CO_GENERATOR 0x20
#define CO_COROUTINE 0x80
#define CO_ASYNC_GENERATOR 0x200
#define LABELS_MAX 8 /* states that one function belongs to */

struct watched {
	PyObject *code; /* a reference, for good: ends of calls may still come */
	PyObject *labels[LABELS_MAX];
	unsigned label_cnt;  /* 0: not any more */
	unsigned ending_cnt; /* labels of calls that began earlier */
	bool suspends;
};

struct suspended {
	const void *frame;
	const struct watched *watched;
	uint64_t key, serial;
	unsigned label_cnt;
	PyObject *end; /* weak reference to the generator, with a callback */
};

/* --- tables by address, with open addressing; slots that were taken stay taken ---------------- */

struct table {
	void **items; /* each begins with the pointer that is its key */
	size_t room, used;
};

static struct table watched_table, suspended_table;
static bool closes_silently; /* Python 3.13 on */

static size_t slot_of(const struct table *table, const void *pointer)
{
	size_t i = (size_t)(((uintptr_t)pointer >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32);

	for (i &= table->room - 1;; i = (i + 1) & (table->room - 1)) {
		if (!table->items[i] || *(const void **)table->items[i] == pointer)
			return i;
	}
}

static void *table__find(const struct table *table, const void *pointer)
{
	return table->room ? table->items[slot_of(table, pointer)] : NULL;
}

static bool table__grow(struct table *table)
{
	struct table bigger = { .room = table->room ? 2 * table->room : 64, .used = table->used };

	bigger.items = calloc(bigger.room, sizeof(*bigger.items));
	if (!bigger.items)
		return false;
	for (size_t i = 0; i < table->room; i++) {
		if (table->items[i])
			bigger.items[slot_of(&bigger, *(void **)table->items[i])] = table->items[i];
	}
	free(table->items);
	*table = bigger;
	return true;
}

/* The item of the pointer, made of zeros if there is none. NULL: no memory. */
static void *table__get(struct table *table, const void *pointer, size_t sz)
{
	void *item = table__find(table, pointer);
	size_t slot;

	if (item)
		return item;
	if (2 * table->used >= table->room && !table__grow(table))
		return NULL;
	item = calloc(1, sz);
	if (!item)
		return NULL;
	slot = slot_of(table, pointer);
	*(const void **)item = pointer;
	table->items[slot] = item;
	table->used++;
	return item;
}

/* --- calls ------------------------------------------------------------------------------------ */

static void end_keyed(struct suspended *call)
{
	PyObject *end = call->end;

	call->end = NULL;
	Py_XDECREF(end);
	for (unsigned i = call->label_cnt; i-- > 0;)
		TACHO_KEY_END(text_chars(call->watched->labels[i]), call->key + i);
	call->key = 0;
}

static void run(struct suspended *call, bool enter)
{
	if (!enter)
		open__take(call);
	for (unsigned i = 0; i < call->label_cnt; i++) {
		if (enter)
			TACHO_KEY_ENTER(call->key + i);
		else
			TACHO_KEY_LEAVE(call->key + i);
	}
	if (enter)
		open__push(call, call->key + call->label_cnt - 1, call->serial);
}

/* The callback: its self is the address of the call. */
static PyObject *on_vanished(PyObject *address, PyObject *reference)
{
	struct suspended *call = PyLong_AsVoidPtr(address);

	if (call && call->key && call->end == reference) {
		open__take(call);
		end_keyed(call);
	}
	Py_RETURN_NONE;
}

/* Public since 3.11, but no part of the limited API: may be missing. */
extern PyObject *PyFrame_GetGenerator(const void *frame) __attribute__((weak));

static void notice_end(struct suspended *call)
{
	static PyMethodDef callback = { "on_vanished", on_vanished, METH_O, NULL };
	PyObject *generator = PyFrame_GetGenerator ? PyFrame_GetGenerator(call->frame) : NULL;
	PyObject *address = generator ? PyLong_FromVoidPtr(call) : NULL;
	PyObject *function = address ? PyCFunction_New(&callback, address) : NULL;

	if (function)
		call->end = PyWeakref_NewRef(generator, function);
	PyErr_Clear();
	Py_XDECREF(function);
	Py_XDECREF(address);
	Py_XDECREF(generator);
}

static void begin_keyed(const struct watched *watched)
{
	const void *frame = PyEval_GetFrame();
	struct suspended *call = frame ? table__get(&suspended_table, frame, sizeof(*call)) : NULL;

	if (!call)
		return;
	if (call->key) { /* of a generator that was dropped */
		open__take(call);
		end_keyed(call);
	}
	call->watched = watched;
	call->label_cnt = watched->label_cnt;
	call->key = open__next_key(call->label_cnt);
	call->serial = open__next_serial();
	for (unsigned i = 0; i < call->label_cnt; i++)
		TACHO_KEY_BEGIN(text_chars(watched->labels[i]), call->key + i);
	open__push(call, call->key + call->label_cnt - 1, call->serial);
	if (closes_silently)
		notice_end(call);
}

static struct suspended *keyed_call(void)
{
	const void *frame = PyEval_GetFrame();
	struct suspended *call = frame ? table__find(&suspended_table, frame) : NULL;

	return call && call->key ? call : NULL;
}

static const struct watched *watched_code(PyObject *args)
{
	return PyTuple_Size(args) > 0 ? table__find(&watched_table, PyTuple_GetItem(args, 0))
				      : NULL;
}

static PyObject *on_start(PyObject *module, PyObject *args)
{
	const struct watched *watched = watched_code(args);

	if (!watched || !watched->label_cnt) {
		/* nothing */
	} else if (watched->suspends) {
		if (TACHO_ACTIVE(key_begin))
			begin_keyed(watched);
	} else if (TACHO_ACTIVE(begin)) {
		open__push(watched, 0, open__next_serial());
		for (unsigned i = 0; i < watched->label_cnt; i++)
			TACHO_BEGIN(text_chars(watched->labels[i]));
	}
	Py_RETURN_NONE;
}

static bool is_failure(PyObject *exception)
{
	return exception && !PyErr_GivenExceptionMatches(exception, PyExc_GeneratorExit);
}

static void end_call(const struct watched *watched, PyObject *exception)
{
	PyObject *type = exception ? (PyObject *)Py_TYPE(exception) : NULL;
	struct suspended *call;

	if (!watched->suspends) {
		if (!open__take(watched))
			return;
		for (unsigned i = watched->ending_cnt; i-- > 0;) {
			if (exception)
				mark_failed(type, exception);
			TACHO_END(text_chars(watched->labels[i]));
		}
		return;
	}
	call = keyed_call();
	if (!call)
		return;
	open__take(call);
	for (unsigned i = 0; is_failure(exception) && i < call->label_cnt; i++)
		mark_key_failed(type, exception, call->key + i);
	end_keyed(call);
}

static PyObject *on_return(PyObject *module, PyObject *args)
{
	const struct watched *watched = watched_code(args);

	if (watched)
		end_call(watched, NULL);
	Py_RETURN_NONE;
}

static PyObject *on_unwind(PyObject *module, PyObject *args)
{
	const struct watched *watched = watched_code(args);

	if (watched && PyTuple_Size(args) > 2)
		end_call(watched, PyTuple_GetItem(args, 2));
	Py_RETURN_NONE;
}

static PyObject *on_yield(PyObject *module, PyObject *args)
{
	const struct watched *watched = watched_code(args);
	struct suspended *call = watched && watched->suspends ? keyed_call() : NULL;

	if (call)
		run(call, false);
	Py_RETURN_NONE;
}

/* Also when an exception is thrown into it. */
static PyObject *on_resume(PyObject *module, PyObject *args)
{
	const struct watched *watched = watched_code(args);
	struct suspended *call = watched && watched->suspends ? keyed_call() : NULL;

	if (call)
		run(call, true);
	Py_RETURN_NONE;
}

/* --- which ones --------------------------------------------------------------------------------
 */

static bool code_suspends(PyObject *code)
{
	PyObject *flags = PyObject_GetAttrString(code, "co_flags");
	long value = flags ? PyLong_AsLong(flags) : 0;

	Py_XDECREF(flags);
	return value & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR);
}

/* Labels are kept for ever: the calls that began under them end under them. */
static PyObject *watch(PyObject *module, PyObject *args)
{
	PyObject *code, *labels;
	struct watched *watched;
	Py_ssize_t cnt;

	if (!PyArg_ParseTuple(args, "OO:watch", &code, &labels))
		return NULL;
	cnt = PySequence_Size(labels);
	if (cnt < 0)
		return NULL;
	watched = table__get(&watched_table, code, sizeof(*watched));
	if (!watched)
		return PyErr_NoMemory();
	Py_INCREF(code);
	closes_silently = PySys_GetObject("hexversion") &&
			  PyLong_AsLong(PySys_GetObject("hexversion")) >= 0x030d0000;
	watched->suspends = code_suspends(code);
	watched->label_cnt = 0;
	for (Py_ssize_t i = 0; i < cnt && i < LABELS_MAX; i++) {
		PyObject *label = PySequence_GetItem(labels, i);

		watched->labels[i] = label ? text_of(label) : NULL;
		Py_XDECREF(label);
		watched->label_cnt++;
	}
	if (watched->label_cnt)
		watched->ending_cnt = watched->label_cnt;
	if (PyErr_Occurred())
		return NULL;
	Py_RETURN_NONE;
}

PyMethodDef watch_methods[] = {
	{ "watch", watch, METH_VARARGS, "watch(code, labels): no labels = no more." },
	{ "on_start", on_start, METH_VARARGS, NULL },
	{ "on_return", on_return, METH_VARARGS, NULL },
	{ "on_yield", on_yield, METH_VARARGS, NULL },
	{ "on_resume", on_resume, METH_VARARGS, NULL },
	{ "on_unwind", on_unwind, METH_VARARGS, NULL },
	{},
};
