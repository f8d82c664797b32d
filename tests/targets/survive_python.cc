// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A Python extension module in C++, for survive_python.py.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define FUNCTIONS(F)                                                                               \
	F(leaf)                                                                                    \
	F(sleeps)                                                                                  \
	F(total) F(divides) F(averages) F(translates) F(applies)
#include "survive_truth.h"

#include <stdexcept>

static int current_round;
static long thrown_ns;

TRACED double divides(double a, double b)
{
	ENTERS(divides);
	if (b == 0) {
		gate_inside(current_round);
		thrown_ns = wall_now();
		throw std::domain_error("division by zero");
	}
	ENDS(divides, RETURNED);
	return a / b;
}

// Throws and catches in itself.
TRACED PyObject *averages(PyObject *self, PyObject *list)
{
	double sum = 0;

	(void)self;
	ENTERS(averages);
	for (Py_ssize_t i = 0; i < PyList_Size(list); i++) {
		try {
			sum += divides(1, PyFloat_AsDouble(PyList_GetItem(list, i)));
		} catch (const std::domain_error &) {
			PASSED(divides, EXCEPTION, 1, thrown_ns);
			sum += 1000;
		}
	}
	call_leaf(1);
	PyObject *result = PyFloat_FromDouble(sum);
	ENDS(averages, RETURNED);
	return result;
}

// Lets a C++ exception become a Python exception.
TRACED PyObject *translates(PyObject *self, PyObject *args)
{
	PyObject *result = nullptr;
	double a, b;

	(void)self;
	ENTERS(translates);
	if (PyArg_ParseTuple(args, "dd", &a, &b)) {
		try {
			result = PyFloat_FromDouble(divides(a, b));
		} catch (const std::exception &error) {
			PASSED(divides, EXCEPTION, 1, thrown_ns);
			if (a == 4)
				nap();
			call_leaf(1);
			PyErr_SetString(PyExc_ZeroDivisionError, error.what());
		}
	}
	ENDS(translates, RETURNED);
	return result;
}

// Calls Python back; what is raised there becomes a C++ exception, and that a Python exception.
TRACED PyObject *total(PyObject *callable, PyObject *argument)
{
	ENTERS(total);
	PyObject *result = PyObject_CallOneArg(callable, argument);
	if (!result) {
		PyErr_Clear();
		thrown_ns = wall_now();
		throw std::runtime_error("the callback raised");
	}
	ENDS(total, RETURNED);
	return result;
}

TRACED PyObject *applies(PyObject *self, PyObject *args)
{
	PyObject *callable, *argument, *result = nullptr;

	(void)self;
	ENTERS(applies);
	if (PyArg_ParseTuple(args, "OO", &callable, &argument)) {
		try {
			result = total(callable, argument);
		} catch (const std::runtime_error &error) {
			PASSED(total, EXCEPTION, 1, thrown_ns);
			PyErr_SetString(PyExc_RuntimeError, error.what());
		}
	}
	ENDS(applies, RETURNED);
	return result;
}

// --- the rounds, of which Python keeps count ----------------------------------------------------

static PyObject *begin_round(PyObject *self, PyObject *number)
{
	(void)self;
	current_round = static_cast<int>(PyLong_AsLong(number));
	if (current_round)
		gate();
	Py_RETURN_NONE;
}

static PyObject *end_round(PyObject *self, PyObject *nothing)
{
	(void)self;
	(void)nothing;
	sleep_once();
	return PyLong_FromUnsignedLong(checksum);
}

static PyObject *finish(PyObject *self, PyObject *nothing)
{
	(void)self;
	(void)nothing;
	tell_counts();
	tell("end %ld\n", wall_now());
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
	{ "averages", averages, METH_O, nullptr },
	{ "translates", translates, METH_VARARGS, nullptr },
	{ "applies", applies, METH_VARARGS, nullptr },
	{ "begin_round", begin_round, METH_O, nullptr },
	{ "end_round", end_round, METH_NOARGS, nullptr },
	{ "finish", finish, METH_NOARGS, nullptr },
	{ nullptr, nullptr, 0, nullptr },
};

static PyModuleDef module = {
	PyModuleDef_HEAD_INIT,
	"survive_python",
	nullptr,
	-1,
	methods,
	nullptr,
	nullptr,
	nullptr,
	nullptr,
};

extern "C" PyObject *PyInit_survive_python(void)
{
	return PyModule_Create(&module);
}
