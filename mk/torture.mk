# Torture of the Linux port (tests/linux/torture): the port with points, at which processes kill
# themselves. SPDX-License-Identifier: BSD-2-Clause

$(eval $(call linux_config,linux-steps,-finstrument-functions -finstrument-functions-exclude-file-list=tests/))
# $(1) configuration, $(2) extra flags
define torture_config
TORTURE_$(1) := $(patsubst %.c,build/$(1)/obj/%.o,$(wildcard tests/linux/torture/*.c))
build/$(1)/torture: $$(TORTURE_$(1)) build/$(1)/libskerry.a
	$$(Q)$$(LINUXCC) -pthread $(2) $$^ -o $$@
-include $$(TORTURE_$(1):.o=.d)
endef
$(eval $(call torture_config,linux-steps,))
$(eval $(call torture_config,linux-san,-fsanitize=address,undefined))
$(eval $(call torture_config,linux-tsan,-fsanitize=thread))
.PHONY: linux-torture
linux-torture: $(foreach c,linux-steps linux-san linux-tsan,build/$(c)/torture) \
               build/linux-san/tests/hostile

# Mappings of the area are put between holes.

build/linux/tests/hostile build/linux-san/tests/hostile: L_LINK := -Wl,--wrap=mmap
build/linux/tests/wakeups: L_LINK := -Wl,--wrap=sk_linux_membarrier
linux-torture: build/linux/tests/wakeups build/linux/tests/hostile
build/linux/tests/test_dead_ends build/linux-san/tests/test_dead_ends: L_LINK := -Wl,--wrap=syscall
build/linux/tests/test_start build/linux-san/tests/test_start: \
    L_LINK := $(foreach f,syscall sched_setaffinity chan_relate,-Wl,--wrap=$(f))
build/linux-steps/tests/wakes: build/linux-steps/obj/tests/linux/torture/points.o
linux-torture: build/linux-steps/tests/wakes
