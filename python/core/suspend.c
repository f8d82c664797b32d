/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * With-blocks of coroutines are left and entered as these are suspended, where the interpreter
 * tells of that (sys.monitoring, Python 3.12 on). A block belongs
 * to the innermost frame around it that can be suspended at all: functions between the two cannot.
 * If that is a generator, nothing is known of the block: it may have been made a context manager,
 * whose block goes on while the generator stands still.
 */
#include "core.h"

#define CO_GENERATOR 0x20
#define CO_COROUTINE 0x80
#define CO_ITERABLE_COROUTINE 0x100
#define CO_ASYNC_GENERATOR 0x200
#define CO_SUSPENDS (CO_GENERATOR | CO_COROUTINE | CO_ITERABLE_COROUTINE | CO_ASYNC_GENERATOR)
#define FRAMES_MAX 16 /* that are looked at */

#define TOOL "tacho blocks"

/*
 * All of it is asked for in C: code in Python is a place where a signal handler of the program
 * could raise, and its exception be lost.
 */
static PyObject *monitoring; /* sys.monitoring; NULL: there is none */
static PyObject *leave_callback, *enter_callback;
static PyObject *get_local_events; /* of sys.monitoring; NULL: it has not been asked yet */
static int tool;
static long told_events; /* of code that has had blocks */

/* -1: there is no such event. */
static long event_of(const char *name)
{
	PyObject *events = PyObject_GetAttrString(monitoring, "events");
	PyObject *event = events ? PyObject_GetAttrString(events, name) : NULL;
	long value = event ? PyLong_AsLong(event) : -1;

	Py_XDECREF(event);
	Py_XDECREF(events);
	return value;
}

/* Takes the result of a call. */
static bool succeeded(PyObject *result)
{
	Py_XDECREF(result);
	return result != NULL;
}

/* Of the numbers without a meaning of their own; functions are 4 or 3. */
static bool take_tool(void)
{
	PyObject *user;

	for (tool = 3; tool <= 4; tool++) {
		user = PyObject_CallMethod(monitoring, "get_tool", "i", tool);
		Py_XDECREF(user);
		if (user == Py_None)
			return succeeded(
				PyObject_CallMethod(monitoring, "use_tool_id", "is", tool, TOOL));
	}
	return false;
}

static bool call_back(long event, PyObject *function)
{
	return event >= 0 && succeeded(PyObject_CallMethod(monitoring, "register_callback", "ilO",
							   tool, event, function));
}

/* PY_THROW is told of every frame, or of none. */
static bool ask(void)
{
	long yields = event_of("PY_YIELD"), resumes = event_of("PY_RESUME");
	long throws = event_of("PY_THROW");

	told_events = yields | resumes;
	if (!call_back(yields, leave_callback) || !call_back(resumes, enter_callback) ||
	    !call_back(throws, enter_callback) ||
	    !succeeded(PyObject_CallMethod(monitoring, "set_events", "il", tool, throws)))
		return false;
	get_local_events = PyObject_GetAttrString(monitoring, "get_local_events");
	return get_local_events != NULL;
}

static bool start(void)
{
	if (get_local_events)
		return true;
	if (!monitoring || !take_tool()) {
		PyErr_Clear();
		return false;
	}
	if (!ask()) {
		PyErr_Clear();
		Py_CLEAR(monitoring);
	}
	return get_local_events != NULL;
}

/* Has its suspensions told, or not any more. Returns whether they are told. */
static bool watch(PyObject *code, bool wanted)
{
	PyObject *known;
	long events;
	bool done;

	if (!start())
		return false;
	events = wanted ? told_events : 0;
	known = PyObject_CallFunction(get_local_events, "iO", tool, code);
	done = known && PyLong_AsLong(known) == events;
	Py_XDECREF(known);
	PyErr_Clear();
	if (!done)
		done = succeeded(PyObject_CallMethod(monitoring, "set_local_events", "iOl", tool,
						     code, events));
	PyErr_Clear();
	return done && wanted;
}

static long flags_of(PyObject *code)
{
	PyObject *flags = PyObject_GetAttrString(code, "co_flags");
	long value = flags ? PyLong_AsLong(flags) : 0;

	Py_XDECREF(flags);
	PyErr_Clear();
	return value;
}

/* Takes the reference to the frame. NULL: there is no other. */
static PyObject *caller_of(PyObject *frame)
{
	PyObject *back = PyObject_GetAttrString(frame, "f_back");

	Py_DECREF(frame);
	PyErr_Clear();
	if (back != Py_None)
		return back;
	Py_DECREF(back);
	return NULL;
}

static bool watch_code_of(PyObject *frame, bool *ret_suspends)
{
	PyObject *code = PyObject_GetAttrString(frame, "f_code");
	long flags = code ? flags_of(code) : CO_SUSPENDS;
	bool is_watched = (flags & CO_SUSPENDS) == CO_COROUTINE && watch(code, true);

	*ret_suspends = flags & CO_SUSPENDS;
	Py_XDECREF(code);
	PyErr_Clear();
	return is_watched;
}

const void *suspend__frame(bool of_caller)
{
	PyObject *frame = monitoring ? (PyObject *)PyEval_GetFrame() : NULL;
	bool suspends = false, is_watched = false;
	const void *found;

	Py_XINCREF(frame);
	if (frame && of_caller)
		frame = caller_of(frame);
	for (int i = 0; frame && i < FRAMES_MAX; i++) {
		is_watched = watch_code_of(frame, &suspends);
		if (suspends)
			break;
		frame = caller_of(frame);
	}
	found = frame && is_watched ? frame : NULL;
	Py_XDECREF(frame);
	return found; /* lives as long as the call that it is of */
}

/* Nobody records any more: then it need not be told either. */
static PyObject *moved(PyObject *args, bool enters)
{
	if (TACHO_ACTIVE(key_begin))
		tasks__move(PyEval_GetFrame(), enters);
	else if (PyTuple_Size(args) > 0)
		watch(PyTuple_GetItem(args, 0), false);
	Py_RETURN_NONE;
}

static PyObject *on_leave(PyObject *module, PyObject *args)
{
	return moved(args, false);
}

static PyObject *on_enter(PyObject *module, PyObject *args)
{
	return moved(args, true);
}

static PyObject *watch_suspensions(PyObject *module, PyObject *whose)
{
	PyObject *old = monitoring;

	if (get_local_events)
		Py_RETURN_NONE; /* it has been asked */
	leave_callback = PyObject_GetAttrString(module, "on_leave");
	enter_callback = PyObject_GetAttrString(module, "on_enter");
	if (!leave_callback || !enter_callback)
		return NULL;
	Py_INCREF(whose);
	monitoring = whose;
	Py_XDECREF(old);
	Py_RETURN_NONE;
}

PyMethodDef suspend_methods[] = {
	{ "on_leave", on_leave, METH_VARARGS, "A coroutine is suspended." },
	{ "on_enter", on_enter, METH_VARARGS, "It goes on." },
	{ "watch_suspensions", watch_suspensions, METH_O,
	  "watch_suspensions(monitoring): from when a block begins in a coroutine, ask that." },
	{},
};
