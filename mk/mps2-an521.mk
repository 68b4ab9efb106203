# The board mps2-an521: two kernels and all programs in place in one image. Objects and the command
# lines that link them are made here; tools/skerry_image links each where it lies, for as many cores
# as CORES says (default: what the manifest says).
# SPDX-License-Identifier: BSD-2-Clause

ARCH  := armv8m
CROSS := arm-none-eabi-
OUT   := build/$(BOARD)
CORES ?=

CC_TARGET := $(CROSS)gcc
T_INCLUDE := $(INCLUDE_FIRST) -Iarch/$(ARCH)/include -Iboard/$(BOARD)/include -Ilib/copy \
             $(INCLUDE_LAST)
# This compiler's uint32_t is long, everybody else's int: one format for printf serves both.
T_TYPES   := -U__UINT32_TYPE__ '-D__UINT32_TYPE__=unsigned int' -U__INT32_TYPE__ -D__INT32_TYPE__=int
T_COMMON  := $(C_COMMON) $(T_TYPES) -mthumb $(T_INCLUDE) -fno-stack-protector -ffunction-sections \
             -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables
# Kernels and integer programs use neither floating-point registers nor DSP instructions: core 0 has
# neither. A program that uses floating point passes numbers as the others do: one library for both.
T_CPU     := -mcpu=cortex-m33+nofp+nodsp -mfloat-abi=soft
T_FPU     := -mcpu=cortex-m33 -mfloat-abi=softfp
K_CFLAGS  := $(T_COMMON) $(T_CPU) -Os -ffreestanding
# A kernel is optimized as a whole when it is linked; each object also has its own code, for who
# looks at objects.
K_LTO     := -flto -ffat-lto-objects
U_CFLAGS  := --specs=picolibc.specs $(T_COMMON) -Os
KERNEL_STACK := 1152

# What runs at every message is made to be fast.
K_FAST := kernel/xfer_copy.c

# --- kernel: one set of objects, linked for each core --------------------------------------------
K_SRC := $(KERNEL_SRC) kernel/xfer_copy.c $(BASE_SRC) \
         $(wildcard arch/$(ARCH)/*.c arch/$(ARCH)/*.S board/$(BOARD)/*.c board/$(BOARD)/*.S)
K_OBJ := $(patsubst %,$(OUT)/kernel/%.o,$(basename $(K_SRC)))
K_LD  := board/$(BOARD)/kernel.ld
$(K_FAST:%.c=$(OUT)/kernel/%.o): K_CFLAGS += -O2

# Calls of these come into being after that.
$(OUT)/kernel/base/string.o: K_LTO :=

$(OUT)/kernel/%.o: %.c $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(K_CFLAGS) $(K_LTO) -frandom-seed=$< -c $< -o $@
$(OUT)/kernel/%.o: %.S $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(K_CFLAGS) -c $< -o $@
kernel-objects: $(K_OBJ)

# --- user library and programs -------------------------------------------------------------------
# Instead of pieces of the C library, where a program has no floating point.
SMALL_SRC := arch/$(ARCH)/user/printf.c
SMALL_OBJ := $(SMALL_SRC:%.c=$(OUT)/user/%.o)
U_SRC := $(LIB_SRC) lib/xport_copy.c $(wildcard lib/*_fixed.c) \
         $(filter-out base/string.c,$(BASE_SRC)) \
         $(filter-out $(SMALL_SRC),$(wildcard arch/$(ARCH)/user/*.c arch/$(ARCH)/user/*.S))
U_OBJ := $(patsubst %,$(OUT)/user/%.o,$(basename $(U_SRC)))
U_LD  := arch/$(ARCH)/user/program.ld

# What a call goes through.
U_FAST := lib/xport_copy.c lib/rpc.c lib/loop.c lib/loop_turn.c
$(U_FAST:%.c=$(OUT)/user/%.o): U_CFLAGS += -O2

$(OUT)/user/%.o: %.c $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(U_CFLAGS) $(T_CPU) -c $< -o $@
$(OUT)/user/%.o: %.S $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(U_CFLAGS) $(T_CPU) -c $< -o $@
$(OUT)/user-fpu/%.o: %.c $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(U_CFLAGS) $(T_FPU) -c $< -o $@

$(OUT)/libskerry.a: $(U_OBJ)
	@rm -f $@
	$(Q)$(CROSS)ar rcs $@ $^
$(OUT)/libsmall.a: $(SMALL_OBJ)
	@rm -f $@
	$(Q)$(CROSS)ar rcs $@ $^
lib: $(OUT)/libskerry.a $(OUT)/libsmall.a

# --- how each piece is linked --------------------------------------------------------------------
# NAME.link is a command line; the image tool adds the places and the output. It is younger than all
# that it names, and made anew when it would name something else.
LINK_COMMON := -nostartfiles -static -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,noexecstack \
    -Wl,--no-warn-rwx-segments
PARTS := $(OUT)/parts
stale = $(if $(strip $(file <$(1))),$(if $(subst $(strip $(file <$(1))),,$(strip $(2))),$(1)))

KERNEL_LINK := $(strip $(CC_TARGET) $(T_CPU) -mthumb -Os $(K_LTO) -nostdlib $(LINK_COMMON) \
    -T $(K_LD) -Wl,--defsym=KERNEL_STACK_BYTES=$(KERNEL_STACK) $(K_OBJ) -lgcc)
STALE_LINKS := $(call stale,$(PARTS)/kernel.link,$(KERNEL_LINK))
$(PARTS)/kernel.link: $(K_OBJ) $(K_LD) $(MAKE_FILES)
	@mkdir -p $(@D)
	@echo '$(KERNEL_LINK)' > $@
$(PARTS)/sizes.o: tools/image/sizes.c $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(K_CFLAGS) -c $< -o $@

# $(1) name of the file, $(2) flags, $(3) objects, $(4) libraries
define program_link
LINK_$(1) := $$(strip $(CC_TARGET) --specs=picolibc.specs $(2) -mthumb $(LINK_COMMON) -T $(U_LD) \
    -Wl,-u,_start $(3) $(4))
STALE_LINKS += $$(call stale,$(PARTS)/$(1).link,$$(LINK_$(1)))
$(PARTS)/$(1).link: $(3) $(4) $(U_LD) $(MAKE_FILES)
	@mkdir -p $$(@D)
	@echo '$$(LINK_$(1))' > $$@
endef
BOARD_PROGRAMS := $(PROGRAMS) $(MACHINE_TESTS) $(BENCHES)
program_obj = $(patsubst %.c,$(OUT)/$(2)/%.o,$(call program_src,$(1)))
$(foreach p,$(BOARD_PROGRAMS),\
    $(eval $(call program_link,$(p),$(T_CPU),$(call program_obj,$(p),user),\
        $(OUT)/libsmall.a $(OUT)/libskerry.a))\
    $(eval $(call program_link,$(p).fpu,$(T_FPU),$(call program_obj,$(p),user-fpu),\
        $(OUT)/libskerry.a)))
$(STALE_LINKS): ALWAYS
ALWAYS:

# --- the image -----------------------------------------------------------------------------------
IMAGE_TOOL := tools/skerry_image $(wildcard tools/image/*.py)
MANIFEST   := systems/$(BOARD)/$(SYSTEM).toml
CORES_ARG  := $(CORES:%=--cores %)
IMAGE      := $(OUT)/$(SYSTEM)$(CORES:%=-%)/skerry.elf
IMAGE_PROGRAMS := $(shell tools/skerry_image programs $(MANIFEST) $(CORES_ARG))
ifneq ($(.SHELLSTATUS),0)
$(error the manifest has mistakes)
endif

$(IMAGE): $(MANIFEST) $(wildcard systems/$(BOARD)/*.toml) $(IMAGE_TOOL) $(PARTS)/kernel.link \
    $(PARTS)/sizes.o $(IMAGE_PROGRAMS:%=$(PARTS)/%.link)
	@mkdir -p $(@D)
	@tools/skerry_image place $< --parts $(PARTS) $(CORES_ARG) -o $@
image: $(IMAGE)
programs: image

# What tools/lint/symbols looks at.
lint-objects: $(K_OBJ) $(U_OBJ) $(SMALL_OBJ) $(patsubst %.c,$(OUT)/user/%.o,$(wildcard services/*/*.c))

-include $(K_OBJ:.o=.d) $(U_OBJ:.o=.d) $(SMALL_OBJ:.o=.d) $(PARTS)/sizes.d
-include $(foreach p,$(BOARD_PROGRAMS),$(foreach u,user user-fpu,\
    $(patsubst %.c,$(OUT)/$(u)/%.d,$(call program_src,$(p)))))
.PHONY: kernel-objects programs lint-objects ALWAYS
