# What `./skerry bench guest` needs besides a system: the counter, a plugin of the emulator, and the
# program that shows the floor. Programs of bench/guest/ are built as those of apps/, for boards only.
# SPDX-License-Identifier: BSD-2-Clause

BENCH_OUT := build/bench
COUNT_SRC := $(wildcard bench/count/*.c)

$(BENCH_OUT)/count.so: $(COUNT_SRC) $(wildcard bench/count/*.h) $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 -O2 $(WARN) -shared -fPIC $(COUNT_SRC) -o $@

# Where the program is loaded, and for which processor it is assembled.
FLOOR_arm64  := -Wl,-Ttext=0x40200000
FLOOR_armv8m := -Wl,-Ttext=0x10000000 -mcpu=cortex-m33+nofp -mthumb
FLOOR        := $(BENCH_OUT)/$(BOARD)/floor.elf
$(FLOOR): bench/floor/$(ARCH).S $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(CC_TARGET) -nostdlib -static -no-pie -Wl,--build-id=none $(FLOOR_$(ARCH)) $< -o $@

bench-tools: $(BENCH_OUT)/count.so $(FLOOR)
.PHONY: bench-tools
