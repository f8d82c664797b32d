# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Included by tests/tests.mk.

# Programs with debugging information of every kind: by each compiler, in each version; packed in the
# new and the old way; in a file of its own; shared between two programs by dwz.
DWARF_SRC := tests/targets/dwarf_program.c tests/targets/dwarf_other.c
DWARF_PROGRAMS := $(addprefix $(TARGETS)/,dwarf_gcc4 dwarf_gcc5 dwarf_clang4 dwarf_clang5 dwarf_gcc_O0 \
	dwarf_clang_O0 dwarf_lto dwarf_g1 dwarf_zlib dwarf_zgnu dwarf_arm64 dwarf_arm64_O0)
DWARF_FILES := $(DWARF_PROGRAMS) $(addprefix $(TARGETS)/,dwarf_gxx dwarf_clangxx dwarf_split \
	dwarf_noid dwarf_dwz dwarf_twins)

$(TARGETS)/dwarf_gcc4: DWARF_CC := $(CC) -O2 -gdwarf-4
$(TARGETS)/dwarf_gcc5: DWARF_CC := $(CC) -O2 -gdwarf-5
$(TARGETS)/dwarf_clang4: DWARF_CC := $(CLANG) -O2 -gdwarf-4
$(TARGETS)/dwarf_clang5: DWARF_CC := $(CLANG) -O2 -gdwarf-5
$(TARGETS)/dwarf_gcc_O0: DWARF_CC := $(CC) -O0 -g
$(TARGETS)/dwarf_clang_O0: DWARF_CC := $(CLANG) -O0 -g
$(TARGETS)/dwarf_lto: DWARF_CC := $(CC) -O2 -g -flto
$(TARGETS)/dwarf_g1: DWARF_CC := $(CC) -O2 -g1
$(TARGETS)/dwarf_zlib: DWARF_CC := $(CC) -O2 -g -gz=zlib
$(TARGETS)/dwarf_zgnu: DWARF_CC := $(CC) -O2 -g -gz=zlib-gnu
$(TARGETS)/dwarf_arm64: DWARF_CC := $(ARM64_CC) -O2 -g
$(TARGETS)/dwarf_arm64_O0: DWARF_CC := $(ARM64_CC) -O0 -g

$(DWARF_PROGRAMS): $(DWARF_SRC) tests/targets/dwarf_program.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(DWARF_CC) $(DWARF_SRC) -o $@

DWARF_CC_SRC := tests/targets/dwarf_classes.cc tests/targets/dwarf_classes_other.cc

$(TARGETS)/dwarf_gxx $(TARGETS)/dwarf_clangxx: $(DWARF_CC_SRC) tests/targets/dwarf_classes.h
	@mkdir -p $(@D)
	$(call say,CXX,$@)$(if $(filter %clangxx,$@),$(CLANG)++,$(CXX)) -O2 -g $(DWARF_CC_SRC) -o $@

$(TARGETS)/dwarf_split: $(TARGETS)/dwarf_gcc5
	$(call say,STRIP,$@)objcopy --only-keep-debug $< $@.debug && $(STRIP) --strip-all -o $@ $< && \
		objcopy --add-gnu-debuglink=$@.debug $@

$(TARGETS)/dwarf_noid: $(TARGETS)/dwarf_split
	$(Q)objcopy --remove-section=.note.gnu.build-id $< $@

# Two source files of one name.
$(TARGETS)/dwarf_twins: $(DWARF_SRC)
	@mkdir -p $(@D)/twin
	$(Q)cp tests/targets/dwarf_other.c $(@D)/twin/dwarf_program.c
	$(call say,CC,$@)$(CC) -O1 -g -Itests/targets tests/targets/dwarf_program.c \
		$(@D)/twin/dwarf_program.c -o $@

$(TARGETS)/dwarf_dwz: $(TARGETS)/dwarf_gcc5 $(TARGETS)/dwarf_gcc4
	$(call say,DWZ,$@)cp $< $@ && cp $(TARGETS)/dwarf_gcc4 $@_other && dwz -r -m $@.alt $@ $@_other
