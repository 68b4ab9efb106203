# What `./skerry bench guest` needs besides a system: the counter, a plugin of the emulator, and the
# program that shows the floor. Programs of bench/guest/ are built as those of apps/, for boards only.
# SPDX-License-Identifier: BSD-2-Clause

BENCH_OUT := build/bench

$(BENCH_OUT)/count.so: bench/count/count.c bench/count/qemu_plugin.h $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 -O2 $(WARN) -shared -fPIC $< -o $@
$(BENCH_OUT)/floor.elf: bench/floor/$(ARCH).S $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(CC_TARGET) -nostdlib -static -no-pie -Wl,-Ttext=0x40200000 -Wl,--build-id=none $< -o $@

bench-tools: $(BENCH_OUT)/count.so $(BENCH_OUT)/floor.elf
.PHONY: bench-tools
