# Torture of the Linux port (tests/linux/torture): the port with points, at which processes kill
# themselves. SPDX-License-Identifier: BSD-2-Clause

$(eval $(call linux_config,linux-steps,-finstrument-functions -finstrument-functions-exclude-file-list=tests/))
TORTURE := $(patsubst %.c,build/linux-steps/obj/%.o,$(wildcard tests/linux/torture/*.c))
build/linux-steps/torture: $(TORTURE) build/linux-steps/libskerry.a
	$(Q)$(LINUXCC) -pthread $^ -o $@
-include $(TORTURE:.o=.d)
.PHONY: linux-torture
linux-torture: build/linux-steps/torture
HOSTILE_LINK := -Wl,--wrap=mmap
build/linux/tests/hostile build/linux-san/tests/hostile: L_LINK := $(HOSTILE_LINK)
