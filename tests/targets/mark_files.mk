# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Included by tests/tests.mk.

# Programs with marks: C11 and C++17, each compiler, level of optimisation and way to link. Warnings
# are errors here, too: the header is included by other people's programs.
MARK_SRC := $(addprefix tests/targets/,mark_program.c mark_other.c)
MARK_WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -pedantic
MARK_GC := -ffunction-sections -fdata-sections -Wl,--gc-sections
MARK_NAMES :=
comma := ,

# $(call mark_program,NAME,COMPILER,FLAGS): as C and as C++, and the C++ program of two objects. The
# cross compiler is one for C.
define mark_program
MARK_NAMES += mark_c_$(1) $(if $(findstring arm64,$(1)),,mark_cxx_$(1) mark_scopes_$(1))
$(TARGETS)/mark_c_$(1): $(MARK_SRC) tests/targets/mark_other.h include/tacho/mark.h
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)$(2) -std=c11 $(MARK_WARNINGS) -Iinclude $(3) $(MARK_SRC) -o $$@
$(TARGETS)/mark_cxx_$(1): $(MARK_SRC) tests/targets/mark_other.h include/tacho/mark.h
	@mkdir -p $$(@D)
	$$(call say,CXX,$$@)$(2) -x c++ -std=c++17 $(MARK_WARNINGS) -Iinclude $(3) $(MARK_SRC) -lstdc++ -o $$@
$(TARGETS)/mark_scopes_$(1): tests/targets/mark_scopes.cc include/tacho/mark.h
	@mkdir -p $$(@D)
	$$(call say,CXX,$$@)$(2) -std=c++17 $(MARK_WARNINGS) -Iinclude $(filter-out -Wl% -fuse-ld%,$(3)) -c \
		-DMARK_SECOND $$< -o $$@.second.o
	$(Q)$(2) -std=c++17 $(MARK_WARNINGS) -Iinclude $(3) $$< $$@.second.o -lstdc++ -o $$@
endef

$(eval $(call mark_program,gcc_O0,$(CC),-O0))
$(eval $(call mark_program,gcc_O2,$(CC),-O2))
$(eval $(call mark_program,gcc_O3,$(CC),-O3))
$(eval $(call mark_program,gcc_lto,$(CC),-O2 -flto))
$(eval $(call mark_program,gcc_static,$(CC),-O2 -static))
$(eval $(call mark_program,gcc_nopie,$(CC),-O2 -fno-pie -no-pie))
$(eval $(call mark_program,gcc_sections,$(CC),-O2 $(MARK_GC)))
$(eval $(call mark_program,clang_O0,$(CLANG),-O0))
$(eval $(call mark_program,clang_O2,$(CLANG),-O2))
# lld lets two segments share a page of the file, and then the kernel may count in the wrong one.
$(eval $(call mark_program,clang_lto,$(CLANG),-O2 -flto -fuse-ld=lld \
	-Wl$(comma)-z$(comma)separate-loadable-segments))
ifneq ($(HOST_ARCH),arm64)
$(eval $(call mark_program,arm64_O0,$(ARM64_CC),-O0))
$(eval $(call mark_program,arm64_O2,$(ARM64_CC),-O2))
endif

# One mark in a program and in the library that it uses, each with semaphores of its own.
$(TARGETS)/libmark_other.so: tests/targets/mark_other.c include/tacho/mark.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -std=c11 $(MARK_WARNINGS) -Iinclude -O2 -fPIC -shared $< -o $@

$(TARGETS)/mark_c_shared: tests/targets/mark_program.c $(TARGETS)/libmark_other.so
	$(call say,CC,$@)$(CC) -std=c11 $(MARK_WARNINGS) -Iinclude -O2 $< -L$(TARGETS) -lmark_other \
		-Wl,-rpath,'$$ORIGIN' -o $@

# Without marks: compiled out.
$(TARGETS)/mark_none: $(MARK_SRC) include/tacho/mark.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -std=c11 $(MARK_WARNINGS) -Iinclude -DTACHO_NO_MARKS -O2 $(MARK_SRC) -o $@

MARK_FILES := $(addprefix $(TARGETS)/,$(MARK_NAMES) mark_c_shared mark_none)
