# The Linux port: build/linux/libskerry.a (library, channels and calls between processes and threads),
# and its tests, with sanitizers: build/linux/tests/. Also linux-san and linux-tsan.
# SPDX-License-Identifier: BSD-2-Clause

LINUXCC   := gcc
L_INCLUDE := -Iarch/linux/include -Ilib/shared $(INCLUDE_LAST)
L_CFLAGS  := $(C_COMMON) -D_GNU_SOURCE -pthread $(INCLUDE_FIRST) $(L_INCLUDE)
L_SRC     := $(LIB_SRC) lib/xport_shared.c $(addprefix services/names/,table.c registry.c) $(wildcard base/*.c)
L_SRC     := $(filter-out base/string.c lib/loan.c lib/cast.c,$(L_SRC)) \
             $(wildcard arch/linux/*.c arch/linux/names/*.c)
L_TESTS   := $(patsubst tests/linux/%.c,%,$(wildcard tests/linux/test_*.c))

# $(1) configuration, $(2) extra flags
define linux_config
LO_$(1) := $(L_SRC:%.c=build/$(1)/obj/%.o)
build/$(1)/obj/%.o: %.c $(MAKE_FILES)
	@mkdir -p $$(@D)
	$$(Q)$$(LINUXCC) $$(L_CFLAGS) $(2) -c $$< -o $$@
build/$(1)/obj/tests/%.o: L_CFLAGS += $(TEST_WARN) -Wno-maybe-uninitialized
build/$(1)/tests/test_barrier: L_LINK := -Wl,--wrap=sk_linux_membarrier
build/$(1)/libskerry.a: $$(LO_$(1))
	@rm -f $$@
	$$(Q)ar rcs $$@ $$^
build/$(1)/tests/%: build/$(1)/obj/tests/linux/%.o build/$(1)/libskerry.a
	@mkdir -p $$(@D)
	$$(Q)$$(LINUXCC) -pthread $(2) $$^ $$(L_LINK) -lcmocka -o $$@
-include $$(LO_$(1):.o=.d) $$(wildcard build/$(1)/obj/tests/linux/*.d)
endef
$(eval $(call linux_config,linux,))
$(eval $(call linux_config,linux-san,-fsanitize=address,undefined -fno-sanitize-recover=undefined))
# The sanitizer does not know fences, gcc warns: no access is ordered for it by one.
$(eval $(call linux_config,linux-tsan,-fsanitize=thread -Wno-tsan))

.PHONY: linux linux-tests
linux: build/linux/libskerry.a
linux-tests: $(foreach c,linux linux-san,$(L_TESTS:%=build/$(c)/tests/%))
