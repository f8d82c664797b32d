/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `failed-if =`: what is compared with what, and whether that makes sense. */
#include "config_fixture.h"

#define FUNCTION "function = /bin/a:f\n"

struct comparison {
	const char *text;
	enum tacho_value_type type;
	enum tacho_compare compare;
	int64_t operand;
};

static void assert_comparisons(const struct comparison *cases, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		const struct failed_if_config *failed_if;
		struct config *config;
		char lines[256];

		snprintf(lines, sizeof(lines), FUNCTION "failed-if = %s", cases[i].text);
		config = load_state(lines);
		failed_if = &config->states[0].failed_if;
		if (failed_if->operand != cases[i].operand)
			print_error("wrong number: %s\n", cases[i].text);
		assert_int_equal(failed_if->type, cases[i].type);
		assert_int_equal(failed_if->compare, cases[i].compare);
		assert_int_equal(failed_if->operand, cases[i].operand);
		assert_string_equal(failed_if->origin, "tacho.conf:3");
		config__free(config);
	}
}

static void assert_refusals(const struct refusal *cases, size_t cnt)
{
	assert_state_lines_refused("failed-if", cases, cnt);
}

static void there_are_six_operators(void **state)
{
	static const struct comparison fine[] = {
		{ "return < 0", TACHO_VALUE_NONE, TACHO_COMPARE_LESS, 0 },
		{ "return<=0", TACHO_VALUE_NONE, TACHO_COMPARE_LESS_EQUAL, 0 },
		{ "return==0", TACHO_VALUE_NONE, TACHO_COMPARE_EQUAL, 0 },
		{ "return  !=\t0", TACHO_VALUE_NONE, TACHO_COMPARE_NOT_EQUAL, 0 },
		{ "return >= 1", TACHO_VALUE_NONE, TACHO_COMPARE_GREATER_EQUAL, 1 },
		{ "return > 1", TACHO_VALUE_NONE, TACHO_COMPARE_GREATER, 1 },
	};
	static const struct refusal refused[] = {
		{ "return = 0", "unknown operator '=' (did you mean '=='?)" },
		{ "return === 0", "unknown operator '===' (did you mean '=='?)" },
		{ "return =< 0", "unknown operator '=<' (did you mean '<='?)" },
		{ "return => 0", "unknown operator '=>' (did you mean '>='?)" },
		{ "return <> 0", "unknown operator '<>' (did you mean '!='?)" },
		{ "return ! 0", "unknown operator '!' (valid: <, <=, ==, !=, >=, >)" },
		{ "return << 0", "unknown operator '<<' (valid: <, <=, ==, !=, >=, >)" },
	};

	(void)state;
	assert_comparisons(fine, ARRAY_SIZE(fine));
	assert_refusals(refused, ARRAY_SIZE(refused));
}

static void a_part_that_is_missing_shows_the_form(void **state)
{
	static const struct refusal refused[] = {
		{ "return", "'return' compares nothing (write return < 0)" },
		{ "return 0", "'return 0' compares nothing (write return < 0)" },
		{ "< 0", "'< 0' names no value (write return < 0)" },
		{ "return <", "'return <' names no number (write return < 0)" },
		{ "==", "'==' names no value (write return < 0)" },
		{ "return: < 0", "'return:' names no type (write arg1:u32)" },
		{ ":s32 < 0", "':s32' names no value (write arg1:u32)" },
	};

	(void)state;
	assert_refusals(refused, ARRAY_SIZE(refused));
}

static void only_what_is_returned_can_tell(void **state)
{
	static const struct refusal refused[] = {
		{ "retrun < 0", "'retrun' cannot tell a failure (did you mean 'return'?)" },
		{ "arg1 < 0", "'arg1' cannot tell a failure (valid: return)" },
		{ "thread == 1", "'thread' cannot tell a failure (valid: return)" },
		{ "arg13 < 0", "there is no 'arg13' (arguments are arg1 to arg12)" },
		{ "0 > return", "'0' is no value (write arg1, or an argument's name)" },
		{ "return:u65 < 0", "unknown type 'u65' (did you mean 'u64'?)" },
	};

	(void)state;
	assert_refusals(refused, ARRAY_SIZE(refused));
}

static void numbers_are_decimal_or_hexadecimal_or_words(void **state)
{
	static const struct comparison fine[] = {
		{ "return == -1", TACHO_VALUE_NONE, TACHO_COMPARE_EQUAL, -1 },
		{ "return == 0x1F", TACHO_VALUE_NONE, TACHO_COMPARE_EQUAL, 31 },
		{ "return == -0x10", TACHO_VALUE_NONE, TACHO_COMPARE_EQUAL, -16 },
		{ "return == 9223372036854775807", TACHO_VALUE_NONE, TACHO_COMPARE_EQUAL,
		  INT64_MAX },
		{ "return == -9223372036854775808", TACHO_VALUE_NONE, TACHO_COMPARE_EQUAL,
		  INT64_MIN },
		{ "return:u64 == 18446744073709551615", TACHO_VALUE_U64, TACHO_COMPARE_EQUAL, -1 },
		{ "return:u64 >= 0x8000000000000000", TACHO_VALUE_U64, TACHO_COMPARE_GREATER_EQUAL,
		  INT64_MIN },
	};
	static const struct refusal refused[] = {
		{ "return < x", "'x' is not a number (write -1, 0x1f, NULL, true or false)" },
		{ "return < 0 || return > 9", "'0 || return > 9' is not a number (write -1, 0x1f, "
					      "NULL, true or false)" },
		{ "return < - 1", "'- 1' is not a number (write -1, 0x1f, NULL, true or false)" },
		{ "return < 1.5", "'1.5' is not a number (write -1, 0x1f, NULL, true or false)" },
		{ "return < TRUE", "'TRUE' is not a number (write -1, 0x1f, NULL, true or false)" },
		{ "return < 18446744073709551616",
		  "'18446744073709551616' does not fit into 64 bits" },
		{ "return == 18446744073709551615",
		  "'18446744073709551615' is too large without a type (write return:u64)" },
		{ "return == 0x8000000000000000",
		  "'0x8000000000000000' is too large without a type (write return:u64)" },
		{ "return == -9223372036854775809",
		  "-9223372036854775809 is out of range for a number without type "
		  "(-9223372036854775808 to 9223372036854775807)" },
	};

	(void)state;
	assert_comparisons(fine, ARRAY_SIZE(fine));
	assert_refusals(refused, ARRAY_SIZE(refused));
}

static void words_bring_their_type_unless_there_is_one(void **state)
{
	static const struct comparison fine[] = {
		{ "return == NULL", TACHO_VALUE_POINTER, TACHO_COMPARE_EQUAL, 0 },
		{ "return != null", TACHO_VALUE_POINTER, TACHO_COMPARE_NOT_EQUAL, 0 },
		{ "return == false", TACHO_VALUE_BOOL, TACHO_COMPARE_EQUAL, 0 },
		{ "return != true", TACHO_VALUE_BOOL, TACHO_COMPARE_NOT_EQUAL, 1 },
		{ "return:int == false", TACHO_VALUE_S32, TACHO_COMPARE_EQUAL, 0 },
		{ "return:u64 == NULL", TACHO_VALUE_U64, TACHO_COMPARE_EQUAL, 0 },
		{ "return:bool == 0", TACHO_VALUE_BOOL, TACHO_COMPARE_EQUAL, 0 },
	};

	(void)state;
	assert_comparisons(fine, ARRAY_SIZE(fine));
}

static void a_number_must_be_one_of_its_type(void **state)
{
	static const struct comparison fine[] = {
		{ "return:u8 == 255", TACHO_VALUE_U8, TACHO_COMPARE_EQUAL, 255 },
		{ "return:s8 == -128", TACHO_VALUE_S8, TACHO_COMPARE_EQUAL, -128 },
		{ "return:s16 == 32767", TACHO_VALUE_S16, TACHO_COMPARE_EQUAL, 32767 },
		{ "return:u32 != 4294967295", TACHO_VALUE_U32, TACHO_COMPARE_NOT_EQUAL,
		  UINT32_MAX },
		{ "return:s32 == -2147483648", TACHO_VALUE_S32, TACHO_COMPARE_EQUAL, INT32_MIN },
		{ "return:u16 == -0", TACHO_VALUE_U16, TACHO_COMPARE_EQUAL, 0 },
		{ "return:ptr == -1", TACHO_VALUE_POINTER, TACHO_COMPARE_EQUAL, -1 },
		{ "return:ptr == 0xffffffffffffffff", TACHO_VALUE_POINTER, TACHO_COMPARE_EQUAL,
		  -1 },
	};
	static const struct refusal refused[] = {
		{ "return:u8 == 256", "256 is out of range for u8 (0 to 255)" },
		{ "return:s8 == -129", "-129 is out of range for s8 (-128 to 127)" },
		{ "return:s8 < 128", "128 is out of range for s8 (-128 to 127)" },
		{ "return:u16 < -1", "-1 is out of range for u16 (0 to 65535)" },
		{ "return:u32 == -1", "-1 is out of range for u32 (0 to 4294967295)" },
		{ "return:s32 == 0xffffffff",
		  "4294967295 is out of range for s32 (-2147483648 to 2147483647)" },
		{ "return:u64 == -1", "-1 is out of range for u64 (0 to 18446744073709551615)" },
		{ "return:s64 == 0xffffffffffffffff",
		  "18446744073709551615 is out of range for s64 (-9223372036854775808 to "
		  "9223372036854775807)" },
		{ "return:bool == 2", "2 is out of range for bool (0 to 1)" },
	};

	(void)state;
	assert_comparisons(fine, ARRAY_SIZE(fine));
	assert_refusals(refused, ARRAY_SIZE(refused));
}

static void what_is_never_or_always_true_is_refused(void **state)
{
	static const struct comparison fine[] = {
		{ "return:u32 <= 0", TACHO_VALUE_U32, TACHO_COMPARE_LESS_EQUAL, 0 },
		{ "return:u8 >= 255", TACHO_VALUE_U8, TACHO_COMPARE_GREATER_EQUAL, 255 },
		{ "return:u32 > 0", TACHO_VALUE_U32, TACHO_COMPARE_GREATER, 0 },
		{ "return:s8 <= -128", TACHO_VALUE_S8, TACHO_COMPARE_LESS_EQUAL, -128 },
		{ "return:bool < 1", TACHO_VALUE_BOOL, TACHO_COMPARE_LESS, 1 },
	};
	static const struct refusal refused[] = {
		{ "return:u32 < 0", "'return < 0' is never true (u32 is 0 to 4294967295)" },
		{ "return:size_t < 0",
		  "'return < 0' is never true (u64 is 0 to 18446744073709551615)" },
		{ "return:u32 >= 0", "'return >= 0' is always true (u32 is 0 to 4294967295)" },
		{ "return:u8 > 255", "'return > 255' is never true (u8 is 0 to 255)" },
		{ "return:u8 <= 0xff", "'return <= 255' is always true (u8 is 0 to 255)" },
		{ "return:s8 < -128", "'return < -128' is never true (s8 is -128 to 127)" },
		{ "return:s8 >= -128", "'return >= -128' is always true (s8 is -128 to 127)" },
		{ "return > true", "'return > 1' is never true (bool is 0 to 1)" },
		{ "return < false", "'return < 0' is never true (bool is 0 to 1)" },
	};

	(void)state;
	assert_comparisons(fine, ARRAY_SIZE(fine));
	assert_refusals(refused, ARRAY_SIZE(refused));
}

static void pointers_have_no_order_and_strings_are_not_compared(void **state)
{
	static const struct refusal refused[] = {
		{ "return:ptr < 0", "pointers have no order (write == or !=)" },
		{ "return:ptr >= 1", "pointers have no order (write == or !=)" },
		{ "return > NULL", "pointers have no order (write == or !=)" },
		{ "return:void* <= NULL", "pointers have no order (write == or !=)" },
		{ "return:string == 0",
		  "a string is not compared (return:ptr == NULL, if that is meant)" },
		{ "return:char* == NULL",
		  "a string is not compared (return:ptr == NULL, if that is meant)" },
	};

	(void)state;
	assert_refusals(refused, ARRAY_SIZE(refused));
}

static void a_type_that_is_known_later_is_checked_then(void **state)
{
	struct failed_if_config below = { .compare = TACHO_COMPARE_LESS, .operand = 0 };
	struct failed_if_config minus_one = { .compare = TACHO_COMPARE_EQUAL, .operand = -1 };
	struct failed_if_config lowest = { .compare = TACHO_COMPARE_LESS, .operand = INT64_MIN };
	struct fault why = {};

	(void)state;
	assert_int_equal(failed_if_config__check(&below, TACHO_VALUE_S32, &why), 0);
	assert_int_equal(failed_if_config__check(&minus_one, TACHO_VALUE_S8, &why), 0);
	assert_int_equal(failed_if_config__check(&minus_one, TACHO_VALUE_POINTER, &why), 0);
	assert_string_equal(why.text, "");
	assert_int_equal(failed_if_config__check(&below, TACHO_VALUE_U8, &why), -EINVAL);
	assert_string_equal(why.text, "'return < 0' is never true (u8 is 0 to 255)");
	assert_int_equal(failed_if_config__check(&below, TACHO_VALUE_POINTER, &why), -EINVAL);
	assert_string_equal(why.text, "pointers have no order (write == or !=)");
	assert_int_equal(failed_if_config__check(&minus_one, TACHO_VALUE_U32, &why), -EINVAL);
	assert_string_equal(why.text, "-1 is out of range for u32 (0 to 4294967295)");
	assert_int_equal(failed_if_config__check(&lowest, TACHO_VALUE_S64, &why), -EINVAL);
	assert_int_equal(failed_if_config__check(&below, TACHO_VALUE_STRING, &why), -EINVAL);
	assert_string_equal(why.text,
			    "a string is not compared (return:ptr == NULL, if that is meant)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(there_are_six_operators),
		CASE(a_part_that_is_missing_shows_the_form),
		CASE(only_what_is_returned_can_tell),
		CASE(numbers_are_decimal_or_hexadecimal_or_words),
		CASE(words_bring_their_type_unless_there_is_one),
		CASE(a_number_must_be_one_of_its_type),
		CASE(what_is_never_or_always_true_is_refused),
		CASE(pointers_have_no_order_and_strings_are_not_compared),
		CASE(a_type_that_is_known_later_is_checked_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
