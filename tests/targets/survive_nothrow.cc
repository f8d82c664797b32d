// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// C++ that could throw, and never does: survive_nothrow SCENARIO.
#define FUNCTIONS(F)                                                                               \
	F(leaf)                                                                                    \
	F(sleeps)                                                                                  \
	F(sorts) F(compares) F(area) F(joins)
#include "survive_truth.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

static int current_round;

TRACED bool compares(const std::string &a, const std::string &b)
{
	ENTERS(compares);
	bool less = a.size() == b.size() ? a < b : a.size() < b.size();
	ENDS(compares, RETURNED);
	return less;
}

TRACED size_t sorts(std::vector<std::string> &words)
{
	ENTERS(sorts);
	std::sort(words.begin(), words.end(), compares);
	gate_inside(current_round);
	ENDS(sorts, RETURNED);
	return words.front().size();
}

struct Shape {
	virtual ~Shape() = default;
	virtual double area() const = 0;
};

struct Square : Shape {
	double side;
	explicit Square(double side) : side(side)
	{
	}
	double area() const override
	{
		return side * side;
	}
};

TRACED double area(const std::vector<std::unique_ptr<Shape>> &shapes)
{
	double sum = 0;

	ENTERS(area);
	for (const auto &shape : shapes)
		sum += shape->area();
	ENDS(area, RETURNED);
	return sum;
}

// Returns an object, through memory that the caller provides.
__attribute__((noipa)) static std::string
joins_words(const std::vector<std::string> &words) __asm__("joins");

static std::string joins_words(const std::vector<std::string> &words)
{
	std::string all;

	ENTERS(joins);
	for (const std::string &word : words)
		all += word;
	ENDS(joins, RETURNED);
	return all;
}

static void run(int round)
{
	std::vector<std::string> words;
	std::vector<std::unique_ptr<Shape>> shapes;
	std::map<int, long> seen;

	current_round = round;
	for (int i = 0; i < 60; i++) {
		words.push_back(std::string(static_cast<size_t>(i * 37 % 23), 'a') +
				std::to_string(i));
		shapes.push_back(std::make_unique<Square>(i / 2.0));
		seen[i % 7] += leaf(i);
	}
	mix(static_cast<long>(sorts(words)));
	mix(static_cast<long>(area(shapes)));
	mix(static_cast<long>(joins_words(words).size()));
	for (const auto &entry : seen)
		mix(entry.second);
	sleep_once();
}

static const struct scenario scenarios[] = {
	{ "nothrow", run },
	{},
};

int main(int argc, char **argv)
{
	return run_scenario(scenarios, argc, argv);
}
