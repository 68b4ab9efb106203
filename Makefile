# Builds everything under build/. `./skerry` is the front door; this is what stands underneath.
# SPDX-License-Identifier: BSD-2-Clause
#
#   make image [BOARD=virt-arm64] [SYSTEM=demo]   build/BOARD/SYSTEM/skerry.elf
#   make image BOARD=mps2-an521 CORES=1           build/BOARD/SYSTEM-1/skerry.elf, for fewer cores
#   make sim sim-san                              the simulation: build/host-{shared,copy}[-san]/sim
#   make unit simtests                            test programs
#   make lib                                      the user library of the board
#   make bench-tools                              what ./skerry bench guest counts with
#   make clean
#
# Sources are found by folder: a new .c file is built without an edit here. What varies is chosen by
# folder and by the lists in mk/, never by #if.

BOARD  ?= virt-arm64
SYSTEM ?= demo
PYTHON := /usr/bin/python3
# V=1 shows every command, otherwise only what is made.
ifeq ($(V),)
Q = @printf "  %s\n" $(@:build/%=%);
endif

.DEFAULT_GOAL := image
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:

WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
# Only "quoted" includes see base/ and lib/, so that base/string.h does not hide <string.h>.
# base/seam comes last: arch/host/include has its own seam.h, which then wins.
INCLUDE_FIRST := -iquote . -iquote base -iquote lib
INCLUDE_LAST  := -Iinclude -Ibase/seam
C_COMMON      := -std=gnu11 -O2 -g -fno-common -fno-strict-aliasing -MMD -MP $(WARN)

# How one kernel and its library move a message: exactly one of each pair is linked. Likewise what
# depends on whether programs are loaded or lie in place: the lists in mk/ name what they need.
XFER_FILES  := kernel/xfer_shared.c kernel/xfer_copy.c
XPORT_FILES := lib/xport_shared.c lib/xport_copy.c
PLACE_FILES := $(wildcard lib/*_elf.c lib/*_fixed.c)

# base/string.c is the C library of those who have none: the kernel of a real machine.
BASE_SRC   := $(wildcard base/*.c)
KERNEL_SRC := $(filter-out $(XFER_FILES),$(wildcard kernel/*.c))
LIB_SRC    := $(filter-out $(XPORT_FILES) $(PLACE_FILES),$(wildcard lib/*.c))

# Programs: a folder of services/, a file of apps/, a file of tests/port/; of tests/port/ARCH/ those
# that only one kind of machine can have.
SERVICES     := $(sort $(patsubst services/%/,%,$(dir $(wildcard services/*/*.c))))
APPS         := $(patsubst apps/%.c,%,$(wildcard apps/*.c))
PORT_TESTS   := $(patsubst tests/port/%.c,%,$(wildcard tests/port/*.c))
PROGRAMS     := $(SERVICES) $(APPS) $(PORT_TESTS)
MACHINE_TESTS = $(patsubst tests/port/$(ARCH)/%.c,%,$(wildcard tests/port/$(ARCH)/*.c))
# Measuring programs use markers, which only boards have: no part of the simulation.
BENCHES      := $(patsubst bench/guest/%.c,%,$(wildcard bench/guest/*.c))
program_src   = $(wildcard services/$(1)/*.c apps/$(1).c tests/port/$(1).c $(ARCH:%=tests/port/%/$(1).c) \
    bench/guest/$(1).c tests/sim/scenes/$(1).c)
MAKE_FILES   := Makefile $(wildcard mk/*.mk)

include mk/host.mk
include mk/$(BOARD).mk
include mk/bench.mk
include mk/native.mk
include mk/fuzz.mk
include mk/order.mk
include mk/linux.mk
include mk/torture.mk

.PHONY: all image lib sim sim-san unit simtests clean
all: image sim
clean:
	rm -rf build
