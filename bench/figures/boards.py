# What the figures must know of each board: how it is run to be counted, where its kernels are, and
# what of the table of regions it cannot measure.
# SPDX-License-Identifier: BSD-2-Clause

from dataclasses import dataclass, field

from . import lines


@dataclass(frozen=True)
class Board:
    name: str
    qemu: list
    cores: int
    kernels: tuple   # files with symbols, of a system: one for each core, or one for all
    programs: str    # folder of the programs with symbols, relative to build/BOARD/SYSTEM
    upper: bool      # kernels are the upper half of the address space; else by their symbols
    floor_loop: tuple = (0, 0)  # (own, all) instructions of the floor's region 1
    inside: dict = field(default_factory=dict)  # region: functions where it begins and ends; None:
    #                                             at a marker
    absent: frozenset = frozenset()
    # Systems whose longest paths are looked for besides, vectors and what they are for, where a path
    # ends in the kernel, functions that are told apart if a path went through.
    worst: tuple = ()
    entries: dict = field(default_factory=dict)
    leave: tuple = ()
    through: dict = field(default_factory=dict)
    lines: tuple = ()


BOARDS = {b.name: b for b in (
    Board(
        name="virt-arm64",
        qemu=["qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a53", "-m", "512",
              "-smp", "{cores}"],
        cores=8, kernels=("skerry.elf",), programs="../bin",
        upper=True, floor_loop=(12, 26),
        inside={"kernel_fork": ("sys_core_start", "give_op_done")},
        absent=frozenset({"irq", "core_restart", "dev_stub", "dev_service", "dev_call"}),
        lines=lines.ARM64),
    Board(
        name="mps2-an521",
        qemu=["qemu-system-arm", "-M", "mps2-an521", "-semihosting"],
        cores=2, kernels=("kernel.0.elf", "kernel.1.elf"), programs="bin", upper=False, floor_loop=(9, 20),
        inside={"irq": ("irq_entry", None)},
        absent=frozenset({"core_start", "kernel_fork"}),
        worst=("worst",),
        entries={"svc_entry": "system call", "timer_entry": "timer", "bell_entry": "doorbell",
                 "irq_entry": "device interrupt", "work_entry": "work put off",
                 "fault_entry": "fault", "force_entry": "forced to begin again"},
        leave=("idle_loop",),
        through={"task_teardown_step": "a piece of a teardown", "make_init": "init made"},
        lines=lines.ARMV8M),
)}
