# What the image tool knows about each board: enough to refuse a manifest that cannot run on it, and
# where a system lies in the memory of a board without an MMU.
# SPDX-License-Identifier: BSD-2-Clause

from dataclasses import dataclass, field

KIB = 1024


@dataclass(frozen=True)
class Memory:
    base: int
    bytes: int


@dataclass(frozen=True)
class Board:
    cores_max: int
    fpu: frozenset             # cores with floating-point registers
    ram: Memory                # what its cores may share out among them
    flash: Memory              # where programs run in place; None: they are loaded from an archive
    granule: int               # sizes and addresses of what tasks have are multiples of it
    task_ends: int             # SK_TASK_ENDS_MAX of its <skerry/machine.h>
    core_ends: int             # SK_LINK_ENDS
    device_space: tuple        # [first, end): physical addresses where devices may be
    irqs: tuple                # [first, end): interrupt numbers that a driver may own
    kernel_devices: dict = field(default_factory=dict)  # name: (base, size), never a program's
    kernel_irqs: dict = field(default_factory=dict)     # number: whose it is
    alias: int = 0             # address bit that makes no difference to which device it is
    mpu_regions: int = 0       # of a task; 0: an MMU
    vector_align: int = 0      # of a kernel's text, which begins with its vectors
    core_defaults: dict = field(default_factory=dict)   # of the keys of [core.N]
    stack_default: int = 32 * KIB

    @property
    def in_place(self):
        return self.flash is not None


BOARDS = {
    "virt-arm64": Board(
        cores_max=8,
        fpu=frozenset(range(8)),
        ram=Memory(0x40000000, 448 * KIB * KIB),
        flash=None,
        granule=4096,
        task_ends=256,
        core_ends=512,
        device_space=(0x08000000, 0x40000000),
        irqs=(32, 1020),
        kernel_devices={"interrupt controller": (0x08000000, 0x01000000)},
        core_defaults={"ram": 16384 * KIB, "tasks": 48, "ends": 256, "ports": 32, "regions": 512,
                       "handles": 128, "log": 8 * KIB},
    ),
    # Arm Application Note AN521, "SSE-200 FPGA image for MPS2+": memory map and interrupt map;
    # SSE-200 Technical Reference Manual: what is inside the subsystem. By the Secure aliases, which
    # have bit 28 set.
    "mps2-an521": Board(
        cores_max=2,
        fpu=frozenset({1}),
        ram=Memory(0x30000000, 128 * KIB),
        flash=Memory(0x10000000, 4 * KIB * KIB),
        granule=32,
        task_ends=64,
        core_ends=64,
        device_space=(0x40000000, 0x60000000),
        irqs=(1, 64),
        alias=0x10000000,
        kernel_devices={
            "clock (TIMER0)": (0x50000000, 0x1000),
            "doorbells (MHU0, MHU1)": (0x50003000, 0x2000),
            "processor control": (0x50010000, 0x10000),
            "system control": (0x50020000, 0xE000),
            "protection control": (0x50080000, 0x8000),
        },
        kernel_irqs={3: "clock", 6: "doorbell", 7: "forced restart"},
        mpu_regions=8,
        vector_align=512,
        core_defaults={"ram": 0, "tasks": 12, "ends": 48, "ports": 8, "regions": 8, "handles": 32,
                       "log": 512, "channels": 16},
        stack_default=KIB,
    ),
}
