# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Included by tests/tests.mk.

# Functions of every shape, as several compilers make them, with and without their symbols.
CODE_SHAPES := tests/targets/code_shapes.c tests/targets/code_shapes_asm.S
CODE_KINDS := plain cet unoptimized small nopie bare clang
CODE_FILES := $(CODE_KINDS:%=$(TARGETS)/code_%) $(CODE_KINDS:%=$(TARGETS)/code_%_stripped) \
	$(TARGETS)/code_static $(TARGETS)/code_static_stripped

$(TARGETS)/code_cet: SHAPE := $(if $(filter arm64,$(ARCH)),-mbranch-protection=standard,-fcf-protection)
$(TARGETS)/code_unoptimized: SHAPE := -O0
$(TARGETS)/code_small: SHAPE := -Os
$(TARGETS)/code_nopie: SHAPE := -fno-pie -no-pie
$(TARGETS)/code_bare: SHAPE := -fno-asynchronous-unwind-tables -fno-unwind-tables
$(TARGETS)/code_static: SHAPE := -static
$(TARGETS)/code_clang: SHAPE_CC := $(CLANG) $(if $(filter arm64,$(ARCH)),--target=$(TRIPLET))

$(TARGETS)/code_%_stripped: $(TARGETS)/code_%
	$(call say,STRIP,$@)$(STRIP) --strip-all -o $@ $<

$(TARGETS)/code_%: $(CODE_SHAPES)
	@mkdir -p $(@D)
	$(call say,CC,$@)$(or $(SHAPE_CC),$(CC)) -O2 $(SHAPE) $^ -o $@
