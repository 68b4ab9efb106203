# Tests of memory order (tests/order): the explorer, for rings marked each quarter and at each slot,
# and the stress of the real ring on two threads.
# SPDX-License-Identifier: BSD-2-Clause

ORDER_OUT   := build/order
ORDER_FLAGS := $(C_COMMON) -iquote . -iquote base -iquote lib -Itests/order $(INCLUDE_LAST)
# Only what uses the ring is instrumented: the model gets each of its accesses to plain memory.
ORDER_RING  := scenario scenarios scenarios_link
ORDER_MODEL := $(ORDER_OUT)/explore.o $(ORDER_OUT)/model.o $(ORDER_OUT)/co.o $(ORDER_OUT)/switch.o

$(ORDER_OUT)/%.o: tests/order/%.c $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(ORDER_FLAGS) -c $< -o $@
$(ORDER_OUT)/co.o: arch/host/co.c $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(ORDER_FLAGS) -c $< -o $@
$(ORDER_OUT)/switch.o: arch/host/switch.S $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -c $< -o $@

# $(1) name, $(2) slots between marks
define order_explorer
$(ORDER_OUT)/$(1)/%.o: tests/order/%.c $(MAKE_FILES)
	@mkdir -p $$(@D)
	$$(Q)$(HOSTCC) $(ORDER_FLAGS) -fsanitize=thread -DRING_MARK_EVERY=$(2) -DRING_FAR_PART=4u -c $$< -o $$@
$(ORDER_OUT)/$(1)/explore: $(ORDER_MODEL) $(ORDER_RING:%=$(ORDER_OUT)/$(1)/%.o)
	$$(Q)$(HOSTCC) $$^ -o $$@
-include $(ORDER_RING:%=$(ORDER_OUT)/$(1)/%.d)
endef
$(eval $(call order_explorer,quarter,0u))
$(eval $(call order_explorer,each,1u))

-include $(ORDER_MODEL:.o=.d)
.PHONY: order
order: $(ORDER_OUT)/quarter/explore $(ORDER_OUT)/each/explore

# The stress, plain and watched by the thread sanitizer; once with acquires that acquire nothing; and
# with the seam of Linux (gcc warns of its fences, which the sanitizer does not know).
STRESS_FLAGS  = $(C_COMMON) -pthread -iquote . -iquote base $(STRESS_SEAM) $(INCLUDE_LAST)
STRESS_WEAK  := -U__ATOMIC_ACQUIRE -D__ATOMIC_ACQUIRE=__ATOMIC_RELAXED
STRESS_LINUX := $(ORDER_OUT)/stress-linux $(ORDER_OUT)/stress-linux-tsan
STRESS       := $(ORDER_OUT)/stress $(ORDER_OUT)/stress-tsan $(ORDER_OUT)/stress-weak $(STRESS_LINUX)
$(ORDER_OUT)/stress-tsan: STRESS_FLAGS += -fsanitize=thread
$(ORDER_OUT)/stress-weak: STRESS_FLAGS += -fsanitize=thread $(STRESS_WEAK)
$(ORDER_OUT)/stress-linux-tsan: STRESS_FLAGS += -fsanitize=thread -Wno-tsan
$(ORDER_OUT)/barrier.o $(STRESS_LINUX): STRESS_SEAM := -Iarch/linux/include
$(ORDER_OUT)/barrier.o: tests/order/native/barrier.c $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(STRESS_FLAGS) -c $< -o $@
$(STRESS_LINUX): $(ORDER_OUT)/barrier.o
$(STRESS): tests/order/native/stress.c $(MAKE_FILES)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(STRESS_FLAGS) $< $(filter %.o,$^) -o $@
-include $(STRESS:=.d) $(ORDER_OUT)/barrier.d
order: $(STRESS)
