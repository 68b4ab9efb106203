# Fuzz targets: build/fuzz/NAME for each tests/fuzz/fuzz_NAME.c, and build/fuzz/NAME-copy for those
# that are about kernels. clang with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer.
# SPDX-License-Identifier: BSD-2-Clause

FUZZCC     := clang
FUZZ_SAN   := -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_COVER := -fsanitize=fuzzer-no-link
FUZZ_FLAGS  = -std=gnu11 -O1 -g -fno-common -fno-strict-aliasing -fno-omit-frame-pointer -MMD -MP \
              -Wall -Wextra -Werror -Wno-unknown-warning-option $(FUZZ_SAN) $(FUZZ_COVER) \
              -iquote . -iquote base -iquote lib -Itests/fuzz/include
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
# Those that run with both ways to move a message.
FUZZ_KERNELS := $(filter syscall link,$(FUZZ_TARGETS))
FUZZ_COPIES  := $(FUZZ_KERNELS:%=%-copy)

# Everything that a target may want; a target takes what it does not define itself.
FUZZ_SRC_shared := $(KERNEL_SRC) kernel/xfer_shared.c $(H_BASE_SRC) $(LIB_SRC) lib/xport_shared.c \
                   lib/loader_elf.c arch/host/audit.c tests/fuzz/audit.c
FUZZ_SRC_copy   := $(KERNEL_SRC) kernel/xfer_copy.c $(H_BASE_SRC) arch/host/audit.c tests/fuzz/audit.c

# What a target takes besides, file by file.
FUZZ_SRC_shell      := $(wildcard services/shell/*.c) arch/host/user/stdio_host.c
FUZZ_SRC_screen     := services/console/screen.c
FUZZ_SRC_system     := services/init/manifest.c
FUZZ_SRC_devicetree := board/virt-arm64/discover.c
FUZZ_LIB_devicetree := -lfdt
build/fuzz/shared/obj/services/shell/%.o: \
    FUZZ_FLAGS += -Dmain=prog_main_shell -include arch/host/include/host_libc.h
build/fuzz/shared/obj/board/%.o build/fuzz/shared/obj/tests/fuzz/fuzz_devicetree.o: \
    FUZZ_FLAGS += -iquote tests/fuzz/devicetree -iquote tests/fuzz -iquote arch/arm64

# $(1) shared or copy, $(2) target, $(3) what it is called
define fuzz_target
build/fuzz/$(3): build/fuzz/$(1)/obj/tests/fuzz/fuzz_$(2).o \
    $(FUZZ_SRC_$(2):%.c=build/fuzz/$(1)/obj/%.o) \
    build/fuzz/$(1)/obj/tests/fuzz/options.o build/fuzz/$(1)/libskerry.a
	@mkdir -p $$(@D)
	$$(Q)$$(FUZZCC) -fsanitize=fuzzer $$(FUZZ_SAN) $$^ $(FUZZ_LIB_$(2)) -o $$@

endef
# $(1) shared or copy, $(2) flags, $(3) targets, $(4) what stands behind their names
define fuzz_config
build/fuzz/$(1)/obj/%.o: %.c $(MAKE_FILES)
	@mkdir -p $$(@D)
	$$(Q)$$(FUZZCC) $$(FUZZ_FLAGS) -Ilib/$(1) $(2) $$(H_INCLUDE) -c $$< -o $$@
# What only checks is not what the fuzzer should explore.
build/fuzz/$(1)/obj/arch/host/%.o build/fuzz/$(1)/obj/tests/fuzz/audit.o: FUZZ_COVER := -O2
build/fuzz/$(1)/libskerry.a: $(FUZZ_SRC_$(1):%.c=build/fuzz/$(1)/obj/%.o)
	@rm -f $$@
	$$(Q)ar rcs $$@ $$^
$(foreach t,$(3),$(call fuzz_target,$(1),$(t),$(t)$(4)))
-include $(FUZZ_SRC_$(1):%.c=build/fuzz/$(1)/obj/%.d) $(3:%=build/fuzz/$(1)/obj/tests/fuzz/fuzz_%.d)
endef
$(eval $(call fuzz_config,shared,,$(FUZZ_TARGETS),))
$(eval $(call fuzz_config,copy,-DHOST_COPY_MODE=1,$(FUZZ_KERNELS),-copy))

fuzz-list:
	@echo $(FUZZ_TARGETS) $(FUZZ_COPIES)
fuzz: $(FUZZ_TARGETS:%=build/fuzz/%) $(FUZZ_COPIES:%=build/fuzz/%)
.PHONY: fuzz fuzz-list
