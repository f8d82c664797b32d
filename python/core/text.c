/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core.h"

#define MESSAGE_MAX 1000 /* characters; recorders read less */

static PyObject *bytes_of(PyObject *text)
{
	PyObject *bytes = PyUnicode_AsUTF8String(text);

	if (bytes)
		return bytes;
	PyErr_Clear(); /* half of a surrogate pair, as in file names that are not UTF-8 */
	return PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
}

PyObject *text_of(PyObject *object)
{
	PyObject *text, *bytes = NULL;

	if (PyBytes_Check(object)) {
		Py_INCREF(object);
		return object;
	}
	text = PyObject_Str(object);
	if (text)
		bytes = bytes_of(text);
	Py_XDECREF(text);
	if (!bytes)
		PyErr_Clear();
	return bytes;
}

const char *text_chars(PyObject *bytes)
{
	return bytes ? PyBytes_AsString(bytes) : "";
}

/* str() of an exception is the program's code: it may raise, and its text may be of any length. */
static PyObject *message_of(PyObject *value)
{
	PyObject *all = value && value != Py_None ? PyObject_Str(value) : NULL;
	PyObject *message = all ? PyUnicode_Substring(all, 0, MESSAGE_MAX) : NULL;

	if (!message)
		PyErr_Clear();
	Py_XDECREF(all);
	return message;
}

PyObject *text_of_exception(PyObject *type, PyObject *value)
{
	PyObject *name = PyObject_GetAttrString(type, "__name__"), *text = NULL, *bytes = NULL;
	PyObject *message = message_of(value);

	if (name && message && PyUnicode_GetLength(message) > 0)
		text = PyUnicode_FromFormat("%U: %U", name, message);
	if (!text)
		PyErr_Clear();
	if (name)
		bytes = text_of(text ? text : name);
	PyErr_Clear();
	Py_XDECREF(text);
	Py_XDECREF(name);
	Py_XDECREF(message);
	return bytes;
}
