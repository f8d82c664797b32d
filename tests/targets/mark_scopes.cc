// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Scopes of C++: in templates and inline functions that two objects share, as members, and left by
// exceptions. With MARK_SECOND, the other object.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <tacho/mark.h>

template <typename T> inline T shared(T value)
{
	TACHO_SCOPE("shared");
	TACHO_COUNTER("shared", 1);
	return value + 1;
}

int second(int number);

#ifdef MARK_SECOND
int second(int number)
{
	TACHO_SCOPE("second");
	return shared(number);
}
#else

struct holder {
	tacho::scope whole{ "holder" };
};

static void throws(int number)
{
	TACHO_SCOPE((std::string("throws ") + std::to_string(number % 2)).size() ? "throws" : "");
	if (number % 2)
		throw std::runtime_error("odd");
}

int main()
{
	int caught = 0;

	for (int i = 0; i < 10; i++) {
		holder held;

		try {
			throws(shared(second(i)));
		} catch (const std::exception &error) {
			TACHO_FAIL(error.what());
			caught++;
		}
	}
	std::printf("caught %d\n", caught);
	return 0;
}
#endif
