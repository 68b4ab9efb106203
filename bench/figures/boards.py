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
    image: str       # what the emulator loads, relative to build/BOARD
    kernels: tuple   # with symbols: one for each core, or one for all
    programs: str    # folder of the programs with symbols
    upper: bool      # kernels are the upper half of the address space; else by their symbols
    floor_loop: tuple = (0, 0)  # (own, all) instructions of the floor's region 1
    inside: dict = field(default_factory=dict)  # region: functions where it begins and ends; None:
    #                                             at a marker
    absent: frozenset = frozenset()
    entries: dict = field(default_factory=dict)  # vectors: what they are for
    leave: tuple = ()
    through: tuple = ()
    lines: tuple = ()


BOARDS = {b.name: b for b in (
    Board(
        name="virt-arm64",
        qemu=["qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a53", "-m", "512",
              "-smp", "{cores}"],
        cores=8, image="bench/skerry.elf", kernels=("bench/skerry.elf",), programs="bin",
        upper=True, floor_loop=(12, 26),
        inside={"kernel_fork": ("sys_core_start", "give_op_done")},
        absent=frozenset({"irq", "core_restart"}),
        lines=lines.ARM64),
    Board(
        name="mps2-an521",
        qemu=["qemu-system-arm", "-M", "mps2-an521", "-semihosting"],
        cores=2, image="bench/skerry.elf", kernels=("bench/kernel.0.elf", "bench/kernel.1.elf"),
        programs="bench/bin", upper=False, floor_loop=(9, 20),
        inside={"irq": ("irq_entry", None)},
        absent=frozenset({"core_start", "kernel_fork"}),
        entries={"svc_entry": "system call", "timer_entry": "timer", "bell_entry": "doorbell",
                 "irq_entry": "device interrupt", "work_entry": "work put off",
                 "fault_entry": "fault", "force_entry": "forced to begin again"},
        leave=("idle_loop",), through=("task_teardown_step",),
        lines=lines.ARMV8M),
)}
