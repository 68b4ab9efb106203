# build/bench/native: the benchmark on this machine's own cores. A peer whose headers are missing is
# left out, and the program that reports says so. C++ where a peer is C++.
# SPDX-License-Identifier: BSD-2-Clause

NATIVE_OUT := build/bench
NATIVE_CXX := $(shell command -v g++)
# What is ours, and peers that every machine has.
NATIVE_OWN   := limits skerry_ring skerry_area skerry_chan skerry_rpc \
                skerry_bulk published ump futex eventfd pipe unix mqueue broken
# Peers: source|what must be there|library|systems|package.
NATIVE_PEERS := ck|/usr/include/ck_ring.h|-|ck_ring|libck-dev \
                boost|/usr/include/boost/lockfree/spsc_queue.hpp|-|boost|libboost-dev \
                rte|/usr/include/dpdk/rte_ring.h|-lrte_ring|rte_ring,rte_ring-burst|libdpdk-dev \
                moody|/usr/include/readerwriterqueue/readerwriterqueue.h|-|moodycamel|libreaderwriterqueue-dev \
                zmq|/usr/include/zmq.h|-lzmq|zeromq|libzmq3-dev \
                nng|/usr/include/nng/nng.h|-lnng|nng|libnng-dev

native_word  = $(word $(2),$(subst |, ,$(1)))
native_here  = $(and $(wildcard $(call native_word,$(1),2)),$(or $(NATIVE_CXX),$(wildcard \
               bench/native/$(call native_word,$(1),1).c)))
NATIVE_FOUND := $(foreach p,$(NATIVE_PEERS),$(if $(call native_here,$(p)),$(p)))
NATIVE_GONE  := $(filter-out $(NATIVE_FOUND),$(NATIVE_PEERS))
NATIVE_SYSTEMS := $(NATIVE_OWN) $(foreach p,$(NATIVE_FOUND),$(call native_word,$(p),1))
NATIVE_LIBS  := $(filter-out -,$(foreach p,$(NATIVE_FOUND),$(call native_word,$(p),3))) -lpthread
NATIVE_SRC   := $(wildcard $(patsubst %,bench/native/%.c,$(NATIVE_SYSTEMS) main sample tool)) \
                $(wildcard $(NATIVE_SYSTEMS:%=bench/native/%.cc))
NATIVE_OBJ   := $(patsubst bench/native/%,$(NATIVE_OUT)/native.obj/%.o,$(NATIVE_SRC))
# The processor's folder, or that of none.
NATIVE_ISA   := $(firstword $(wildcard bench/native/$(shell uname -m)) bench/native/other)
# One set of flags for all systems.
NATIVE_FLAGS := -O2 -g -DNDEBUG -fno-strict-aliasing -fno-plt -D_GNU_SOURCE -MMD -MP -I$(NATIVE_ISA) \
                -I$(NATIVE_OUT)/native.gen -Ibench/native $(INCLUDE_FIRST) -Iarch/linux/include -Ilib/shared \
                $(INCLUDE_LAST)

# The peers that are here, made anew when a package has come or gone: their sources are as old as ever.
NATIVE_HERE := $(NATIVE_OUT)/native.gen/here.list
ifneq ($(strip $(file <$(NATIVE_HERE))),$(strip $(NATIVE_SYSTEMS)))
$(shell mkdir -p $(dir $(NATIVE_HERE)) && echo $(NATIVE_SYSTEMS) > $(NATIVE_HERE))
endif

# The list of systems: those whose structs the sources define, in the order of the sources.
NATIVE_LIST := $(NATIVE_OUT)/native.gen/systems.list
$(NATIVE_LIST).stamp: $(NATIVE_SRC) $(NATIVE_HERE) $(MAKE_FILES)
	@mkdir -p $(@D)
	@sed -n 's/^const struct system \([a-z0-9_]*\) = .*/BENCH_SYSTEM(\1)/p' $(NATIVE_SRC) > $(NATIVE_LIST).new
	@cmp -s $(NATIVE_LIST).new $(NATIVE_LIST) || cp $(NATIVE_LIST).new $(NATIVE_LIST)
	@for p in $(foreach p,$(NATIVE_GONE),"$(p)"); do \
	    IFS='|'; set -- $$p; IFS=,; for s in $$4; do echo "\"$$s $$5\","; done; done > $(@D)/absent.list
	@touch $@
# It stays as old as it is if nothing has changed.
$(NATIVE_LIST): $(NATIVE_LIST).stamp
	@:

$(NATIVE_OUT)/native.obj/%.c.o: bench/native/%.c $(MAKE_FILES) | $(NATIVE_LIST)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 $(WARN) $(NATIVE_FLAGS) -c $< -o $@
$(NATIVE_OUT)/native.obj/%.cc.o: bench/native/%.cc $(MAKE_FILES) | $(NATIVE_LIST)
	@mkdir -p $(@D)
	$(Q)$(NATIVE_CXX) -std=gnu++17 -Wall -Wextra -Werror $(NATIVE_FLAGS) -c $< -o $@
# DPDK's headers lie in two folders, and want to see its configuration first.
$(NATIVE_OUT)/native.obj/rte.c.o: NATIVE_FLAGS += -include rte_config.h -isystem /usr/include/dpdk \
    $(patsubst %/rte_config.h,-isystem %,$(wildcard /usr/include/*/dpdk/rte_config.h))

$(NATIVE_OUT)/native: $(NATIVE_OBJ) build/linux/libskerry.a $(NATIVE_HERE)
	$(Q)$(if $(NATIVE_CXX),$(NATIVE_CXX),$(HOSTCC)) $(filter-out %.list,$^) $(NATIVE_LIBS) -o $@

-include $(NATIVE_OBJ:.o=.d)

bench-native: $(NATIVE_OUT)/native
.PHONY: bench-native
