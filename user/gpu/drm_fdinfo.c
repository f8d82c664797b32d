/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "drm_fdinfo.h"

#include <errno.h>
#include <string.h>

#include "../parse.h"

#define DIGITS_SZ 24

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit no_units[] = { { "", 1 }, {} };
static const struct unit time_units[] = { { "ns", 1 }, {} };
static const struct unit size_units[] = { { "", 1 }, { "KiB", 1 << 10 }, { "MiB", 1 << 20 }, {} };
static const struct unit frequency_units[] = {
	{ "Hz", 1 }, { "KHz", 1000 }, { "MHz", 1000000 }, {}
};

/* Part of the text, without the blanks around it. */
struct word {
	const char *text;
	size_t sz;
};

/* What drivers say of the memory in one region; the later, the better. */
enum amount {
	AMOUNT_TOTAL,
	/* Of amdgpu, which wrote it before the others were agreed on: what is resident. */
	AMOUNT_MEMORY,
	AMOUNT_RESIDENT,
	AMOUNT_CNT
};

struct region {
	struct word name;
	bool known[AMOUNT_CNT];
	uint64_t bytes[AMOUNT_CNT];
};

struct parser {
	struct drm_fdinfo *info;
	struct region regions[DRM_REGIONS_MAX];
	size_t region_cnt;
	bool has_client_id;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct word make_word(const char *text, const char *end)
{
	while (text < end && is_blank(*text))
		text++;
	while (text < end && is_blank(end[-1]))
		end--;
	return (struct word) { text, (size_t)(end - text) };
}

static bool word__is(struct word word, const char *text)
{
	return word.sz == strlen(text) && !memcmp(word.text, text, word.sz);
}

/* Takes the prefix away. Behind it must be something. */
static bool word__skip(struct word *word, const char *prefix)
{
	size_t sz = strlen(prefix);

	if (word->sz <= sz || memcmp(word->text, prefix, sz))
		return false;
	word->text += sz;
	word->sz -= sz;
	return true;
}

/* The buffer is untouched if the word does not fit. */
static bool word__copy(struct word word, char *buffer, size_t sz)
{
	if (word.sz >= sz || memchr(word.text, '\0', word.sz))
		return false;
	memcpy(buffer, word.text, word.sz);
	buffer[word.sz] = '\0';
	return true;
}

/* Digits, and perhaps a unit behind them. */
static bool word__number(struct word word, const struct unit *units, uint64_t *ret)
{
	const char *end = word.text + word.sz;
	const char *at = word.text;
	char digits[DIGITS_SZ];
	struct word unit;
	uint64_t value;

	while (at < end && *at >= '0' && *at <= '9')
		at++;
	if (!word__copy(make_word(word.text, at), digits, sizeof(digits)) ||
	    parse_u64(digits, 0, UINT64_MAX, &value))
		return false;
	unit = make_word(at, end);
	while (units->name && !word__is(unit, units->name))
		units++;
	return units->name && !__builtin_mul_overflow(value, units->factor, ret);
}

/* --- engines -------------------------------------------------------------------------------- */

static struct drm_engine *find_engine(struct drm_fdinfo *info, struct word name)
{
	struct drm_engine *engine;

	for (size_t i = 0; i < info->engine_cnt; i++) {
		if (word__is(name, info->engines[i].name))
			return &info->engines[i];
	}
	if (info->engine_cnt == DRM_ENGINES_MAX)
		return NULL;
	engine = &info->engines[info->engine_cnt];
	*engine = (struct drm_engine) { .capacity = 1 };
	if (!word__copy(name, engine->name, sizeof(engine->name)))
		return NULL;
	info->engine_cnt++;
	return engine;
}

static const struct engine_key {
	const char *prefix;
	const struct unit *units;
	size_t offset; /* in struct drm_engine */
	unsigned int known;
} engine_keys[] = {
	/* Longer prefixes first. */
	{ "drm-engine-capacity-", no_units, offsetof(struct drm_engine, capacity), 0 },
	{ "drm-engine-", time_units, offsetof(struct drm_engine, busy_ns), DRM_ENGINE_BUSY },
	{ "drm-total-cycles-", no_units, offsetof(struct drm_engine, total_cycles),
	  DRM_ENGINE_TOTAL_CYCLES },
	{ "drm-cycles-", no_units, offsetof(struct drm_engine, cycles), DRM_ENGINE_CYCLES },
	{ "drm-maxfreq-", frequency_units, offsetof(struct drm_engine, maximum_hz),
	  DRM_ENGINE_MAXIMUM },
};

static void take_engine(struct parser *parser, const struct engine_key *key, struct word name,
			struct word value)
{
	struct drm_engine *engine;
	uint64_t number;

	if (!word__number(value, key->units, &number))
		return;
	if (!number && (!key->known || key->known == DRM_ENGINE_MAXIMUM))
		return; /* both are divided by */
	engine = find_engine(parser->info, name);
	if (!engine)
		return;
	memcpy((char *)engine + key->offset, &number, sizeof(number));
	engine->known |= key->known;
}

/* --- memory --------------------------------------------------------------------------------- */

static const char *const amount_prefixes[AMOUNT_CNT] = {
	[AMOUNT_TOTAL] = "drm-total-",
	[AMOUNT_MEMORY] = "drm-memory-",
	[AMOUNT_RESIDENT] = "drm-resident-",
};

static void take_memory(struct parser *parser, enum amount amount, struct word name,
			struct word value)
{
	struct region *region = parser->regions;
	struct region *end = region + parser->region_cnt;
	uint64_t bytes;

	if (!word__number(value, size_units, &bytes))
		return;
	while (region < end &&
	       (region->name.sz != name.sz || memcmp(region->name.text, name.text, name.sz)))
		region++;
	if (region == end) {
		if (parser->region_cnt == DRM_REGIONS_MAX)
			return;
		parser->region_cnt++;
		*region = (struct region) { .name = name };
	}
	region->known[amount] = true;
	region->bytes[amount] = bytes;
}

static void add_up_memory(struct parser *parser)
{
	struct drm_fdinfo *info = parser->info;

	for (size_t i = 0; i < parser->region_cnt; i++) {
		const struct region *region = &parser->regions[i];
		size_t amount = AMOUNT_CNT - 1;

		while (!region->known[amount])
			amount--; /* one is */
		info->memory_known = true;
		if (__builtin_add_overflow(info->memory_bytes, region->bytes[amount],
					   &info->memory_bytes))
			info->memory_bytes = UINT64_MAX;
	}
}

/* --- lines ---------------------------------------------------------------------------------- */

static void take_pair(struct parser *parser, struct word key, struct word value)
{
	struct drm_fdinfo *info = parser->info;

	if (word__is(key, "drm-driver")) {
		word__copy(value, info->driver, sizeof(info->driver));
	} else if (word__is(key, "drm-pdev")) {
		word__copy(value, info->pdev, sizeof(info->pdev));
	} else if (word__is(key, "drm-client-id")) {
		if (word__number(value, no_units, &info->client_id))
			parser->has_client_id = true;
	} else {
		for (size_t i = 0; i < sizeof(engine_keys) / sizeof(engine_keys[0]); i++) {
			if (word__skip(&key, engine_keys[i].prefix)) {
				take_engine(parser, &engine_keys[i], key, value);
				return;
			}
		}
		for (size_t i = 0; i < AMOUNT_CNT; i++) {
			if (word__skip(&key, amount_prefixes[i])) {
				take_memory(parser, (enum amount)i, key, value);
				return;
			}
		}
	}
}

int drm_fdinfo__parse(const char *text, struct drm_fdinfo *ret_info)
{
	struct drm_fdinfo info = {};
	struct parser parser = { .info = &info };
	const char *end, *colon;

	for (; *text; text = *end ? end + 1 : end) {
		end = text + strcspn(text, "\n");
		colon = memchr(text, ':', (size_t)(end - text));
		if (colon)
			take_pair(&parser, make_word(text, colon), make_word(colon + 1, end));
	}
	if (!*info.driver || !parser.has_client_id)
		return -ENOENT;
	add_up_memory(&parser);
	*ret_info = info;
	return 0;
}
