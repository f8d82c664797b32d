/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is said about entries and exits, against what a processor does: code_shapes is run one
 * instruction at a time, and each call is seen to begin and to end by the stack and by the
 * addresses alone. Every end has to be at a predicted exit of the right kind, no such exit may be
 * passed without one, a jump that may leave has to be judged rightly from the registers, and the
 * entry's place has to be passed once in each call.
 */
#include "elf_fixture.h"

#if defined(__x86_64__)

#include "plan/code.h"
#include "step_fixture.h"

#define SHAPES_MAX 64
#define FRAMES_MAX 64
#define REFUSED_MAX 5
#define ENTRY_CNT 3

static const struct code_entry_wish wishes[ENTRY_CNT] = {
	{},
	{ .return_intact = true },
	{ .arguments = 0x3f },
};

/* A function as its symbols have it, and as it is planned. */
struct shape {
	char name[64];
	uint64_t vaddr, size, cold_vaddr, cold_size;
	struct code_exits exits;
	struct code_entry entries[ENTRY_CNT];
	unsigned calls;
};

struct frame {
	struct shape *shape;
	struct user_regs_struct entry;
	uint64_t return_address;
	unsigned hits[ENTRY_CNT];
};

struct program {
	const char *name;
	struct shape shapes[SHAPES_MAX];
	size_t shape_cnt;
	bool stripped;
	struct stepped stepped;
	struct frame frames[FRAMES_MAX];
	size_t frame_cnt;
	/* what was seen */
	unsigned returns, tail_calls, left, stayed, unwound, cold;
};

/* ---- the truth about extents: the symbols ---- */

static struct shape *find_shape(struct program *p, const char *name, size_t len)
{
	for (size_t i = 0; i < p->shape_cnt; i++) {
		if (strlen(p->shapes[i].name) == len && !strncmp(p->shapes[i].name, name, len))
			return &p->shapes[i];
	}
	return NULL;
}

static void take_symbol(struct program *p, const char *name, const GElf_Sym *sym, bool cold)
{
	size_t len = strcspn(name, ".");
	struct shape *shape = find_shape(p, name, len);

	if (!shape) {
		assert_true(p->shape_cnt < SHAPES_MAX && len < sizeof(shape->name));
		shape = &p->shapes[p->shape_cnt++];
		memcpy(shape->name, name, len);
	}
	if (cold) {
		shape->cold_vaddr = sym->st_value;
		shape->cold_size = sym->st_size;
	} else {
		shape->vaddr = sym->st_value;
		shape->size = sym->st_size;
	}
}

static void read_shapes(struct program *p)
{
	int fd = open(fixture(p->name), O_RDONLY);
	Elf_Scn *section = NULL;
	GElf_Shdr shdr;
	GElf_Sym sym;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	assert_non_null(elf);
	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data = elf_getdata(section, NULL);

		gelf_getshdr(section, &shdr);
		if (shdr.sh_type != SHT_SYMTAB)
			continue;
		for (int i = 0; gelf_getsym(data, i, &sym); i++) {
			const char *name = elf_strptr(elf, shdr.sh_link, sym.st_name);

			if (GELF_ST_TYPE(sym.st_info) == STT_FUNC && sym.st_size > 0 &&
			    (!strncmp(name, "shape_", 6) || !strcmp(name, "near_tail")))
				take_symbol(p, name, &sym, strstr(name, ".cold"));
		}
	}
	elf_end(elf);
	close(fd);
	assert_true(p->shape_cnt > 30);
}

static bool within(const struct program *p, const struct shape *shape, uint64_t pc)
{
	return pc - p->stepped.base - shape->vaddr < shape->size ||
	       pc - p->stepped.base - shape->cold_vaddr < shape->cold_size;
}

/* ---- the prediction ---- */

static void plan_shape(struct code_reader *reader, struct shape *shape, bool may_refuse)
{
	struct fault why = {};
	struct code *code;

	if (code__load(reader, shape->vaddr, shape->size, &code, &why) != 0)
		fail_msg("%s", why.text);
	if (code__find_exits(code, &shape->exits, &why) != 0 && !may_refuse)
		fail_msg("%s: %s", shape->name, why.text);
	for (size_t i = 0; i < ENTRY_CNT; i++) {
		if (code__place_entry(code, &wishes[i], &shape->entries[i], &why) != 0)
			fail_msg("%s: %s", shape->name, why.text);
	}
	code__free(code);
}

/* Without unwind tables a cold part may not be understood; then it is to be refused, not guessed.
 */
static void plan_shapes(struct program *p, const char *file_name, bool may_refuse)
{
	struct elf_file *file = open_fixture(file_name);
	struct code_reader *reader;
	size_t refused = 0;

	assert_int_equal(code_reader__new(file, &reader, NULL), 0);
	for (size_t i = 0; i < p->shape_cnt; i++)
		plan_shape(reader, &p->shapes[i], may_refuse);
	for (size_t i = 0; i < p->shape_cnt; i++)
		refused += p->shapes[i].exits.cnt == 0;
	assert_true(refused <= (may_refuse ? REFUSED_MAX : 0));
	code_reader__free(reader);
	elf_file__free(file);
}

/* ---- what a probe on a jump does ---- */

static uint64_t read_register(const struct user_regs_struct *regs, uint8_t number)
{
	const uint64_t values[] = {
		regs->rax, regs->rcx, regs->rdx, regs->rbx, regs->rsp, regs->rbp,
		regs->rsi, regs->rdi, regs->r8,	 regs->r9,  regs->r10, regs->r11,
		regs->r12, regs->r13, regs->r14, regs->r15,
	};

	if (number == CODE_REGISTER_NONE)
		return 0;
	if (number == CODE_REGISTER_IP)
		return regs->rip;
	assert_true(number < 16);
	return values[number];
}

/* Intel SDM, volume 1, appendix B. */
static bool holds(uint8_t condition, uint64_t flags)
{
	bool carry = flags & 0x1, parity = flags & 0x4, zero = flags & 0x40, sign = flags & 0x80,
	     overflow = flags & 0x800, result;

	if (condition == CODE_ALWAYS)
		return true;
	switch (condition >> 1) {
	case 0:
		result = overflow;
		break;
	case 1:
		result = carry;
		break;
	case 2:
		result = zero;
		break;
	case 3:
		result = carry || zero;
		break;
	case 4:
		result = sign;
		break;
	case 5:
		result = parity;
		break;
	case 6:
		result = sign != overflow;
		break;
	default:
		result = zero || sign != overflow;
	}
	return result != (condition & 1);
}

static uint64_t peek(const struct program *p, uint64_t address)
{
	return stepped__peek(&p->stepped, address);
}

static bool leaves(const struct program *p, const struct code_jump *jump,
		   const struct user_regs_struct *regs)
{
	uint64_t target;

	if (!holds(jump->condition, regs->eflags))
		return false;
	if (jump->target == CODE_TARGET_DIRECT)
		return true;
	target = read_register(regs, jump->base);
	if (jump->target == CODE_TARGET_MEMORY) {
		target += read_register(regs, jump->index) * jump->scale;
		target = peek(p, target + (uint64_t)jump->displacement);
	}
	for (size_t i = 0; i < 2; i++) {
		int64_t distance = (int64_t)(target - regs->rip);

		if (distance >= jump->inside[i][0] && distance < jump->inside[i][1])
			return false;
	}
	return true;
}

/* ---- stepping ---- */

static const struct code_exit *exit_at(const struct program *p, const struct shape *shape,
				       uint64_t pc)
{
	for (size_t i = 0; i < shape->exits.cnt; i++) {
		if (p->stepped.base + shape->vaddr + (uint64_t)shape->exits.items[i].offset == pc)
			return &shape->exits.items[i];
	}
	return NULL;
}

#define fail_at(p, frame, pc, fmt, ...)                                                            \
	fail_msg("%s: %s+0x%llx: " fmt, (p)->name, (frame)->shape->name,                           \
		 (unsigned long long)((pc) - (p)->stepped.base - (frame)->shape->vaddr),           \
		 ##__VA_ARGS__)

static void check_left(struct program *p, const struct frame *frame,
		       const struct user_regs_struct *at, bool returned)
{
	const struct code_exit *exit = exit_at(p, frame->shape, at->rip);

	if (frame->shape->exits.cnt == 0)
		return; /* refused */
	if (!exit)
		fail_at(p, frame, at->rip, "left, where there should be no exit");
	if (returned != (exit->kind == CODE_EXIT_RETURN))
		fail_at(p, frame, at->rip, "left in another way than predicted");
	if (at->rsp != frame->entry.rsp)
		fail_at(p, frame, at->rip, "left with another stack pointer");
	if (exit->kind == CODE_EXIT_MAYBE && !leaves(p, &exit->jump, at))
		fail_at(p, frame, at->rip, "left, and would be judged to stay");
	for (size_t i = 0; i < ENTRY_CNT; i++) {
		if (frame->hits[i] != 1 && !(frame->shape->exits.restarts && frame->hits[i]))
			fail_at(p, frame, at->rip, "the place for wish %zu was passed %u times", i,
				frame->hits[i]);
	}
	p->returns += returned;
	p->tail_calls += exit->kind == CODE_EXIT_TAIL_CALL;
	p->left += exit->kind == CODE_EXIT_MAYBE;
	p->cold += at->rip - p->stepped.base - frame->shape->vaddr >= frame->shape->size;
}

static void check_stayed(struct program *p, const struct frame *frame,
			 const struct user_regs_struct *at)
{
	const struct code_exit *exit = exit_at(p, frame->shape, at->rip);

	if (!exit || at->rsp != frame->entry.rsp)
		return;
	if (exit->kind != CODE_EXIT_MAYBE || leaves(p, &exit->jump, at))
		fail_at(p, frame, at->rip, "stayed at a predicted exit");
	p->stayed++;
}

/* Before the instruction at is run: is it where a probe would see the call begin? */
static void check_entries(struct program *p, struct frame *frame, const struct user_regs_struct *at)
{
	for (size_t i = 0; i < ENTRY_CNT; i++) {
		const struct code_entry *entry = &frame->shape->entries[i];
		const struct user_regs_struct *e = &frame->entry;

		if (at->rip != p->stepped.base + frame->shape->vaddr + entry->offset)
			continue;
		frame->hits[i]++;
		if (at->rsp + (uint64_t)entry->sp_delta != e->rsp)
			fail_at(p, frame, at->rip, "the stack pointer is not where it is said");
		if (wishes[i].return_intact &&
		    (at->rsp != e->rsp || peek(p, at->rsp) != frame->return_address))
			fail_at(p, frame, at->rip, "the return address is not where it was");
		if (frame->hits[i] == 1 && wishes[i].arguments &&
		    (at->rdi != e->rdi || at->rsi != e->rsi || at->rdx != e->rdx ||
		     at->rcx != e->rcx || at->r8 != e->r8 || at->r9 != e->r9))
			fail_at(p, frame, at->rip, "an argument is gone");
	}
}

static bool is_call(const struct program *p, const struct user_regs_struct *before,
		    const struct user_regs_struct *after)
{
	uint64_t top = peek(p, after->rsp);

	return after->rsp == before->rsp - 8 && top - before->rip - 1 < 15 && after->rip != top;
}

static bool is_return(const struct program *p, const struct user_regs_struct *before)
{
	uint8_t first = (uint8_t)peek(p, before->rip), second = (uint8_t)peek(p, before->rip + 1);

	return first == 0xc3 || first == 0xc2 ||
	       ((first == 0xf3 || first == 0xf2) && second == 0xc3);
}

static void begin_call(struct program *p, struct shape *shape, const struct user_regs_struct *at)
{
	struct frame *frame = &p->frames[p->frame_cnt++];

	assert_true(p->frame_cnt < FRAMES_MAX);
	*frame = (struct frame) { .shape = shape, .entry = *at };
	frame->return_address = peek(p, at->rsp);
	shape->calls++;
}

/*
 * In a stripped file a cold part that is entered with nothing on the stack, and does not come back,
 * looks like another function in every way: there the call ends for the probes.
 */
static bool goes_cold(const struct program *p, const struct frame *frame,
		      const struct user_regs_struct *before, const struct user_regs_struct *after)
{
	const struct code_exit *exit = exit_at(p, frame->shape, before->rip);

	return p->stripped && exit && exit->kind != CODE_EXIT_RETURN &&
	       before->rsp == frame->entry.rsp &&
	       after->rip - p->stepped.base - frame->shape->cold_vaddr < frame->shape->cold_size &&
	       (exit->kind == CODE_EXIT_TAIL_CALL || leaves(p, &exit->jump, before));
}

static void end_calls(struct program *p, const struct user_regs_struct *before,
		      const struct user_regs_struct *after, bool called)
{
	while (p->frame_cnt > 0) {
		struct frame *frame = &p->frames[p->frame_cnt - 1];
		bool inside = within(p, frame->shape, before->rip);
		bool returned = inside && !called && is_return(p, before);

		if (inside && !called && goes_cold(p, frame, before, after)) {
			p->frame_cnt--;
			return;
		}
		if (inside && !called && (returned || !within(p, frame->shape, after->rip))) {
			check_left(p, frame, before, returned);
			p->frame_cnt--;
			return;
		}
		if (inside && !called)
			check_stayed(p, frame, before);
		/* Something jumped over it: longjmp. */
		if (frame->entry.rsp >= after->rsp)
			return;
		p->unwound++;
		p->frame_cnt--;
	}
}

static void look(struct program *p, const struct user_regs_struct *before,
		 const struct user_regs_struct *after)
{
	bool called = is_call(p, before, after);

	end_calls(p, before, after, called);
	for (size_t i = 0; i < p->shape_cnt; i++) {
		struct shape *shape = &p->shapes[i];

		if (after->rip == p->stepped.base + shape->vaddr &&
		    (called || !within(p, shape, before->rip)))
			begin_call(p, shape, after);
	}
	if (p->frame_cnt > 0)
		check_entries(p, &p->frames[p->frame_cnt - 1], after);
}

static void step_through(struct program *p)
{
	struct user_regs_struct before, after;

	stepped__start(&p->stepped, p->name);
	stepped__registers(&p->stepped, &before);
	for (after = before; stepped__step(&p->stepped, &after); before = after)
		look(p, &before, &after);
	stepped__end(&p->stepped);
}

static void check_seen(const struct program *p)
{
	for (size_t i = 0; i < p->shape_cnt; i++) {
		if (p->shapes[i].calls == 0)
			fail_msg("%s: %s was never called", p->name, p->shapes[i].name);
	}
	assert_int_equal(p->frame_cnt, 0);
	assert_true(p->returns > 300 && p->left > 0 && p->stayed > 0);
	assert_int_equal(p->unwound, 8); /* two functions, four of nine times */
	print_message("%s: %u returns, %u tail calls, %u jumps that may leave left and %u stayed, "
		      "%u ends in cold parts\n",
		      p->name, p->returns, p->tail_calls, p->left, p->stayed, p->cold);
}

/* The program that is run has symbols; it is planned from file_name. */
static void run(const char *name, const char *file_name, bool has_cold, bool may_refuse)
{
	struct program *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->name = name;
	p->stripped = strstr(file_name, "stripped");
	read_shapes(p);
	plan_shapes(p, file_name, may_refuse);
	step_through(p);
	check_seen(p);
	assert_int_equal(p->cold > 0, has_cold);
	for (size_t i = 0; i < p->shape_cnt; i++)
		code_exits__free(&p->shapes[i].exits);
	free(p);
}

static void optimized_code_does_as_predicted(void **state)
{
	(void)state;
	run("code_plain", "code_plain", true, false);
	run("code_small", "code_small", false, false);
	run("code_clang", "code_clang", false, false);
}

static void stripped_code_does_as_predicted(void **state)
{
	(void)state;
	run("code_plain", "code_plain_stripped", true, false);
	run("code_clang", "code_clang_stripped", false, false);
}

static void code_with_landing_pads_does_as_predicted(void **state)
{
	(void)state;
	run("code_cet", "code_cet", true, false);
	run("code_cet", "code_cet_stripped", true, false);
}

static void code_that_is_not_optimized_does_as_predicted(void **state)
{
	(void)state;
	run("code_unoptimized", "code_unoptimized", false, false);
}

static void code_that_stays_where_it_was_linked_does_as_predicted(void **state)
{
	(void)state;
	run("code_nopie", "code_nopie", true, false);
	run("code_nopie", "code_nopie_stripped", true, false);
}

static void code_without_unwind_tables_does_as_predicted(void **state)
{
	(void)state;
	run("code_bare", "code_bare", true, true);
	run("code_bare", "code_bare_stripped", false, true);
}

#else

static void only_x86_64_is_stepped_through(void **state)
{
	(void)state;
	skip();
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#if defined(__x86_64__)
		cmocka_unit_test(optimized_code_does_as_predicted),
		cmocka_unit_test(stripped_code_does_as_predicted),
		cmocka_unit_test(code_with_landing_pads_does_as_predicted),
		cmocka_unit_test(code_that_is_not_optimized_does_as_predicted),
		cmocka_unit_test(code_that_stays_where_it_was_linked_does_as_predicted),
		cmocka_unit_test(code_without_unwind_tables_does_as_predicted),
#else
		cmocka_unit_test(only_x86_64_is_stepped_through),
#endif
	};

	return cmocka_run_group_tests_name("code_steps", tests, NULL, NULL);
}
