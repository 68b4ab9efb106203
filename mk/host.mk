# The host port: the simulation in both message modes, with and without sanitizers, and the tests
# that link with it. Configuration: host-shared, host-copy, host-shared-san, host-copy-san.
# SPDX-License-Identifier: BSD-2-Clause

HOSTCC    := gcc
H_INCLUDE := -Iarch/host/include $(INCLUDE_LAST)
H_CFLAGS  := $(C_COMMON) $(INCLUDE_FIRST) $(H_INCLUDE) -fno-pic -fno-pie -fno-omit-frame-pointer
# A null pointer is a real fault of the task that uses it: apps/crash must get that far.
H_SAN     := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-sanitize=null
# Programs get the simulation's malloc, printf and exit; their main functions live side by side.
# At each of their branches the simulation may let time pass and interrupt them.
H_LIBC    := -include arch/host/include/host_libc.h -fsanitize-coverage=trace-pc
TEST_WARN := -Wno-conversion -Wno-missing-prototypes -Wno-shadow

H_BASE_SRC := $(filter-out base/string.c,$(BASE_SRC))
H_CORE_SRC := $(KERNEL_SRC) $(H_BASE_SRC) $(LIB_SRC) $(filter-out arch/host/main.c,\
              $(wildcard arch/host/*.c arch/host/*.S arch/host/user/*.c))

# The programs of scenarios are the simulation's alone.
SCENES     := $(patsubst tests/sim/scenes/%.c,%,$(wildcard tests/sim/scenes/*.c))
H_PROGRAMS := $(PROGRAMS) $(SCENES)

# Kernel functions that the simulation watches, and may refuse (arch/host/ledger_wrap.c).
H_WRAP     := $(foreach f,page_take page_reserve page_clean page_give page_fenced kern_page_take \
              kern_page_give chan_end_take,-Wl,--wrap=$(f))

# $(1) configuration, $(2) shared or copy, $(3) extra flags
define host_config
HO_$(1)   := build/$(1)/obj
CORE_$(1) := $(patsubst %,build/$(1)/obj/%.o,$(basename $(H_CORE_SRC) kernel/xfer_$(2).c lib/xport_$(2).c))
PROG_$(1) := $(H_PROGRAMS:%=build/$(1)/prog/%.o)

build/$(1)/obj/%.o: %.c $(MAKE_FILES)
	@mkdir -p $$(@D)
	$$(Q)$$(HOSTCC) $$(H_CFLAGS) -Ilib/$(2) $(3) -c $$< -o $$@
build/$(1)/obj/%.o: %.S $(MAKE_FILES)
	@mkdir -p $$(@D)
	$$(Q)$$(HOSTCC) $$(H_CFLAGS) -Ilib/$(2) $(3) -c $$< -o $$@
build/$(1)/obj/tests/unit/%.o build/$(1)/obj/tests/sim/%.o: H_CFLAGS += $(TEST_WARN)

build/$(1)/programs.c: build/host/programs.c
	@mkdir -p $$(@D) && cp $$< $$@
build/$(1)/programs.o: build/$(1)/programs.c
	$$(Q)$$(HOSTCC) $$(H_CFLAGS) -Ilib/$(2) $(3) -c $$< -o $$@

build/$(1)/libskerry.a: $$(CORE_$(1)) build/$(1)/programs.o $$(PROG_$(1))
	@rm -f $$@
	$$(Q)ar rcs $$@ $$^
build/$(1)/sim: build/$(1)/obj/arch/host/main.o build/$(1)/obj/tests/sim/scenes.o build/$(1)/libskerry.a
	$$(Q)$(HOSTCC) -no-pie $(3) $(H_WRAP) $$^ -o $$@

# Scenario programs of tests/sim; helpers are the files without test_ in front.
build/$(1)/simtests/%: build/$(1)/obj/tests/sim/%.o \
    $(patsubst %.c,build/$(1)/obj/%.o,$(filter-out tests/sim/test_%,$(wildcard tests/sim/*.c))) \
    build/$(1)/libskerry.a
	@mkdir -p $$(@D)
	$$(Q)$(HOSTCC) -no-pie $(3) $(H_WRAP) $$^ -lcmocka -o $$@

-include $$(CORE_$(1):.o=.d) build/$(1)/obj/arch/host/main.d
-include $$(wildcard build/$(1)/obj/tests/*/*.d build/$(1)/obj/services/*/*.d build/$(1)/obj/apps/*.d)
endef

# One program of one configuration: all its files in one object, of which only main is visible, so
# that programs may use the same names. $(1) configuration, $(2) flags, $(3) program
define host_program
$(foreach s,$(call program_src,$(3)),$(s:%.c=build/$(1)/obj/%.o)): \
    H_CFLAGS += -Dmain=prog_main_$(3) -Wno-missing-prototypes $(H_LIBC)
build/$(1)/prog/$(3).o: $(foreach s,$(call program_src,$(3)),$(s:%.c=build/$(1)/obj/%.o))
	@mkdir -p $$(@D)
	$$(Q)$(HOSTCC) -no-pie -nostdlib -r $$^ -o $$@
	@objcopy --keep-global-symbol=prog_main_$(3) $$@
endef

HOST_CONFIGS := host-shared host-copy host-shared-san host-copy-san
$(eval $(call host_config,host-shared,shared,))
$(eval $(call host_config,host-copy,copy,-DHOST_COPY_MODE=1))
$(eval $(call host_config,host-shared-san,shared,$(H_SAN)))
$(eval $(call host_config,host-copy-san,copy,-DHOST_COPY_MODE=1 $(H_SAN)))
$(foreach c,$(HOST_CONFIGS),$(foreach p,$(H_PROGRAMS),$(eval $(call host_program,$(c),,$(p)))))

# The table of programs, made anew when the list of programs changes.
PROGRAM_LIST := build/host/programs.list
ifneq ($(strip $(file <$(PROGRAM_LIST))),$(strip $(H_PROGRAMS)))
$(shell mkdir -p build/host && echo $(H_PROGRAMS) > $(PROGRAM_LIST))
endif
build/host/programs.c: $(PROGRAM_LIST) $(MAKE_FILES)
	@{ echo '#include "programs.h"'; \
	   for p in $(H_PROGRAMS); do echo "int prog_main_$$p(int argc, char **argv);"; done; \
	   echo 'const struct host_program host_programs[] = {'; \
	   for p in $(H_PROGRAMS); do echo "    {\"$$p\", prog_main_$$p},"; done; \
	   echo '    {0, 0},'; echo '};'; } > $@

# The system tables that a simulation can be started with: build/host/BOARD/NAME.system.bin.
build/host/%.system.bin: systems/%.toml $(wildcard systems/*/*.toml) tools/skerry_image $(wildcard tools/image/*.py)
	@mkdir -p $(@D)
	$(Q)tools/skerry_image table $< -o $@
build/host/%.system.bin: tests/sim/%.toml $(wildcard tests/sim/*.toml) tools/skerry_image $(wildcard tools/image/*.py)
	@mkdir -p $(@D)
	$(Q)tools/skerry_image table $< -o $@
SYSTEM_TABLES := $(patsubst systems/%.toml,build/host/%.system.bin,$(wildcard systems/*/*.toml)) \
    $(patsubst tests/sim/%.toml,build/host/%.system.bin,$(wildcard tests/sim/*.toml))

sim: build/host-shared/sim build/host-copy/sim $(SYSTEM_TABLES)
sim-san: build/host-shared-san/sim build/host-copy-san/sim $(SYSTEM_TABLES)

# --- unit tests: cmocka, one program for each tests/unit/test_*.c, with sanitizers ----------------
# Those named test_copy_* are of kernels that keep the rings, the others of kernels that map them.
UNIT_TESTS := $(patsubst tests/unit/%.c,build/unit/%,$(wildcard tests/unit/test_*.c))
# A unit test may also link a service's files one by one: they come last, after the whole programs,
# and may want the library again.
# $(1) configuration, $(2) which tests
define unit_config
build/unit/$(1)/libservices.a: $(patsubst %.c,build/$(1)/obj/%.o,$(wildcard services/*/*.c))
	@mkdir -p $$(@D) && rm -f $$@
	$$(Q)ar rcs $$@ $$^
$(2): build/unit/%: build/$(1)/obj/tests/unit/%.o build/$(1)/libskerry.a build/unit/$(1)/libservices.a
	@mkdir -p $$(@D)
	$$(Q)$(HOSTCC) -no-pie $(H_SAN) -Wl,--start-group $$^ -Wl,--end-group -lcmocka -o $$@
endef
$(eval $(call unit_config,host-copy-san,$(filter build/unit/test_copy_%,$(UNIT_TESTS))))
$(eval $(call unit_config,host-shared-san,$(filter-out build/unit/test_copy_%,$(UNIT_TESTS))))
unit: $(UNIT_TESTS) $(SYSTEM_TABLES)

SIM_TESTS := $(patsubst tests/sim/%.c,%,$(wildcard tests/sim/test_*.c))
simtests: $(foreach c,host-shared-san host-copy-san,$(SIM_TESTS:%=build/$(c)/simtests/%))
