// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Names of C++: what is inlined a known number of times, and what can be probed.
#include "dwarf_classes.h"

volatile int sink;

namespace outer
{
namespace
{
INLINED int hidden(int x) // 1 copy
{
	return sink += x;
}
} // namespace

class Counter
{
      public:
	explicit Counter(int start) : value_(start)
	{
	}

	NOINLINE int add(int amount);

	INLINED int get(int x) const // 3 copies
	{
		sink = x;
		return value_ + sink;
	}

	INLINED int operator()(int x) // 2 copies
	{
		sink -= x;
		return sink;
	}

	template <class T> INLINED T larger(T a) // 2 copies, one of each
	{
		sink++;
		return a > value_ ? a : value_;
	}

      private:
	int value_;
};

int Counter::add(int amount)
{
	value_ += amount; /* @add */
	return get(amount) + hidden(amount);
}

NOINLINE int overloaded(int x)
{
	return sink + x;
}

NOINLINE int overloaded(const char *text)
{
	return sink + *text;
}
} // namespace outer

int main(int argc, char **argv)
{
	outer::Counter counter(argc);

	return counter.add(3) + counter.get(1) + counter.get(2) + counter(1) + counter(2) +
		       counter.larger(argc) + static_cast<int>(counter.larger(2.5)) +
		       outer::kept_once(argc) + outer::other_unit(argc) + outer::overloaded(argc) +
		       outer::overloaded(argv[0]) ==
	       0x12345678;
}
