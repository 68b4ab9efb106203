# What the image tool knows about each board: enough to refuse a manifest that cannot run on it.
# SPDX-License-Identifier: BSD-2-Clause

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Board:
    cores_max: int
    ram_kib: int               # what its kernels may share out among them
    device_space: tuple        # [first, end): physical addresses where devices may be
    irqs: tuple                # [first, end): interrupt numbers that a driver may own
    kernel_devices: dict = field(default_factory=dict)  # name: (base, size), never a program's


BOARDS = {
    "virt-arm64": Board(
        cores_max=8,
        ram_kib=448 * 1024,
        device_space=(0x08000000, 0x40000000),
        irqs=(32, 1020),
        kernel_devices={"interrupt controller": (0x08000000, 0x01000000)},
    ),
}
