# The board virt-arm64: kernel image, user library, programs, boot archive.
# SPDX-License-Identifier: BSD-2-Clause

ARCH  := arm64
CROSS := aarch64-linux-gnu-
OUT   := build/$(BOARD)
FDT   := build/libfdt

CC_TARGET := $(CROSS)gcc
T_INCLUDE := $(INCLUDE_FIRST) -Iarch/$(ARCH)/include -Iboard/$(BOARD)/include -Ilib/shared \
             $(INCLUDE_LAST)
# The board decides the processor; atomics are inline, there is no run-time to choose them.
T_CPU     := -mcpu=cortex-a53 -mno-outline-atomics -mbranch-protection=none -fno-pic -fno-pie
K_CFLAGS  := $(C_COMMON) $(T_CPU) $(T_INCLUDE) -isystem $(FDT)/include -ffreestanding \
             -mgeneral-regs-only -mstrict-align -fno-stack-protector -ffunction-sections \
             -fdata-sections -fno-asynchronous-unwind-tables
U_CFLAGS  := --specs=picolibc.specs $(C_COMMON) $(T_CPU) $(T_INCLUDE) -fno-stack-protector \
             -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables

# --- kernel: one image, the boot archive inside --------------------------------------------------
K_SRC := $(KERNEL_SRC) kernel/xfer_shared.c $(BASE_SRC) $(wildcard drivers/kernel/*.c) \
         $(wildcard arch/$(ARCH)/*.c arch/$(ARCH)/*.S board/$(BOARD)/*.c board/$(BOARD)/*.S)
K_OBJ := $(patsubst %,$(OUT)/kernel/%.o,$(basename $(K_SRC)))
K_LD  := board/$(BOARD)/kernel.ld

$(OUT)/kernel/%.o: %.c $(MAKE_FILES) | $(FDT)/libfdt.a
	@mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(K_CFLAGS) -c $< -o $@
$(OUT)/kernel/%.o: %.S $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(K_CFLAGS) -c $< -o $@

$(FDT)/libfdt.a: tools/fetch_libfdt
	$(Q)tools/fetch_libfdt $(FDT)

$(OUT)/%/archive.S: $(OUT)/%/boot.cpio
	$(Q)printf '%s\n' '.section .boot_archive,"a"' '.balign 4096' \
	    '.globl boot_archive_start, boot_archive_end' 'boot_archive_start:' '.incbin "$<"' \
	    'boot_archive_end:' '.balign 4096' '.section .note.GNU-stack,"",%progbits' > $@
$(OUT)/%/archive.o: $(OUT)/%/archive.S
	$(Q)$(CC_TARGET) -c $< -o $@

$(OUT)/%/skerry.elf: $(K_OBJ) $(OUT)/%/archive.o $(K_LD) $(FDT)/libfdt.a
	$(Q)$(CC_TARGET) -nostdlib -static -no-pie -Wl,-T,$(K_LD) -Wl,--gc-sections -Wl,--build-id=none \
	    -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack -Wl,-Map,$(@:.elf=.map) \
	    $(filter %.o,$^) $(FDT)/libfdt.a -lgcc -o $@

image: $(OUT)/$(SYSTEM)/skerry.elf
kernel-objects: $(K_OBJ)

# --- user library and programs -------------------------------------------------------------------
U_SRC := $(LIB_SRC) lib/xport_shared.c $(wildcard lib/*_elf.c) $(filter-out base/string.c,$(BASE_SRC)) \
         $(wildcard arch/$(ARCH)/user/*.c arch/$(ARCH)/user/*.S)
U_OBJ := $(patsubst %,$(OUT)/user/%.o,$(basename $(U_SRC)))
U_LD  := arch/$(ARCH)/user/program.ld

# Library and services stay out of the vector registers: a task that never touches them costs no
# switch of them (arch/arm64/fp.S). Programs may use them.
$(OUT)/user/lib/%.o $(OUT)/user/base/%.o $(OUT)/user/services/%.o: U_CFLAGS += -mgeneral-regs-only

$(OUT)/user/%.o: %.c $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(U_CFLAGS) -c $< -o $@
$(OUT)/user/%.o: %.S $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(U_CFLAGS) -c $< -o $@

$(OUT)/libskerry.a: $(U_OBJ)
	@rm -f $@
	$(Q)$(CROSS)ar rcs $@ $^
lib: $(OUT)/libskerry.a

# bin/NAME keeps its symbols for the debugger; boot/NAME is the copy that travels in the archive.
define program_rule
$(OUT)/bin/$(1): $(patsubst %.c,$(OUT)/user/%.o,$(call program_src,$(1))) $(OUT)/libskerry.a $(U_LD)
	@mkdir -p $$(@D)
	$$(Q)$(CC_TARGET) --specs=picolibc.specs -static -no-pie -nostartfiles -T $(U_LD) \
	    -Wl,-u,_start -Wl,-z,max-page-size=4096 -Wl,-z,separate-code -Wl,-z,noexecstack \
	    -Wl,-z,norelro $$(filter %.o,$$^) $(OUT)/libskerry.a -o $$@
$(OUT)/boot/$(1): $(OUT)/bin/$(1)
	@mkdir -p $$(@D)
	$$(Q)$(CROSS)strip -o $$@ $$<
endef
BOARD_PROGRAMS := $(PROGRAMS) $(BENCHES)
$(foreach p,$(BOARD_PROGRAMS),$(eval $(call program_rule,$(p))))
programs: $(BOARD_PROGRAMS:%=$(OUT)/bin/%)
# What tools/lint/symbols looks at.
lint-objects: $(K_OBJ) $(U_OBJ) $(patsubst %.c,$(OUT)/user/%.o,$(wildcard services/*/*.c)) \
    $(CORE_host-shared) $(CORE_host-copy)

# --- manifest and boot archive -------------------------------------------------------------------
IMAGE_TOOL := tools/skerry_image $(wildcard tools/image/*.py)

# Any manifest may include another, so an archive depends on all of them.
$(OUT)/%/boot.cpio: systems/$(BOARD)/%.toml $(wildcard systems/$(BOARD)/*.toml) $(IMAGE_TOOL) $(BOARD_PROGRAMS:%=$(OUT)/boot/%)
	@mkdir -p $(@D)
	$(Q)tools/skerry_image build $< --bin $(OUT)/boot -o $@

-include $(K_OBJ:.o=.d) $(U_OBJ:.o=.d) \
    $(foreach p,$(BOARD_PROGRAMS),$(patsubst %.c,$(OUT)/user/%.d,$(call program_src,$(p))))
.PHONY: kernel-objects programs lint-objects
