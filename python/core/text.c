/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core.h"

#define MESSAGE_MAX 1000 /* characters; recorders read less */

#if Py_LIMITED_API + 0 < 0x030a0000
/* Of the limited API since 3.10, and in every Python since 3.3. */
PyAPI_FUNC(const char *) PyUnicode_AsUTF8AndSize(PyObject *text, Py_ssize_t *ret_size);
#endif

/* A str keeps its UTF-8; that of ASCII is the str's own memory. A new reference. */
static PyObject *with_chars(PyObject *text)
{
	if (PyUnicode_AsUTF8AndSize(text, NULL)) {
		Py_INCREF(text);
		return text;
	}
	PyErr_Clear(); /* half of a surrogate pair, as in file names that are not UTF-8 */
	return PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
}

PyObject *text_of(PyObject *object)
{
	PyObject *text, *found = NULL;

	if (PyBytes_Check(object)) {
		Py_INCREF(object);
		return object;
	}
	text = PyObject_Str(object);
	if (text)
		found = with_chars(text);
	Py_XDECREF(text);
	if (!found)
		PyErr_Clear();
	return found;
}

const char *text_chars(PyObject *text)
{
	if (!text)
		return "";
	return PyUnicode_Check(text) ? PyUnicode_AsUTF8AndSize(text, NULL) : PyBytes_AsString(text);
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
	PyObject *name = PyObject_GetAttrString(type, "__name__"), *text = NULL, *found = NULL;
	PyObject *message = message_of(value);

	if (name && message && PyUnicode_GetLength(message) > 0)
		text = PyUnicode_FromFormat("%U: %U", name, message);
	if (!text)
		PyErr_Clear();
	if (name)
		found = text_of(text ? text : name);
	PyErr_Clear();
	Py_XDECREF(text);
	Py_XDECREF(name);
	Py_XDECREF(message);
	return found;
}
