# What stands beside the figures: the same operations of other systems, counted in instructions in
# the same emulator (QEMU 7.2, -icount shift=0,sleep=off, markers in user mode, medians), unless it
# says otherwise.
# SPDX-License-Identifier: BSD-2-Clause

SEL4, LINUX, XV6 = "seL4 16.0-dev arm64", "Linux 6.1 arm64", "xv6-riscv"
FREERTOS = "FreeRTOS on a Cortex-M33, no isolation"

HUBRIS = "Hubris, in production"
AIM = "aim"

# {board: {region: [(figure, system and operation)]}}
BESIDE = {
    "virt-arm64": {
        "null_call": [(294, f"{SEL4}, nearest to a null call"), (441, f"{LINUX}, getppid"),
                      (1128, f"{XV6}, getpid")],
        "near_call": [(528, f"{SEL4}, fast path, Call + ReplyRecv, one core"),
                      (698, f"{SEL4}, the same on its 2-core kernel"),
                      (10321, f"{LINUX}, futex + shared memory"), (12662, f"{LINUX}, pipe"),
                      (95751, f"{XV6}, pipe"), (1308, f"{FREERTOS}, queue")],
        "near_call_32": [(567, f"{SEL4}, 4 words")],
        "near_call_56": [(1557, f"{SEL4}, 8 words")],
        "far_call": [(3045, f"{SEL4}, cross-core Call, all cores (own 1,519)"),
                     (3179, f"{SEL4}, cross-core Signal and back, all cores (own 1,589)"),
                     (18772, f"{LINUX}, futex + shared memory"), (20033, f"{LINUX}, pipe")],
        "spawn_empty": [(218000, f"{LINUX}, fork + exec + exit + wait"),
                        (1093000, f"{XV6}, fork + exec + wait")],
    },
    "mps2-an521": {
        "switch": [(115, f"{FREERTOS}, yield and back")],
        "near_call": [(900, f"{AIM}, with isolation, tasks and kernel"),
                      (1308, f"{FREERTOS}, queue"), (1225, f"{FREERTOS}, semaphore"),
                      (719, f"{FREERTOS}, task notification")],
        "far_call": [(1800, f"{AIM}, both kernels")],
    },
}
# Of which of the counted figures is each board's measure taken, and the reference.
MEASURE = {
    "virt-arm64": {"null_call": ("own", 441), "near_call": ("own", 528),
                   "far_call": ("every", 3045)},
    "mps2-an521": {"near_call": ("own", 900), "far_call": ("every", 1800)},
}

FLOOR = {
    "virt-arm64": (28, "a doorbell and its answer with WFI, the best known from elsewhere"),
    "mps2-an521": (28, "a doorbell and its answer with WFI, the best known from elsewhere"),
}
KERNEL_BYTES = {
    "virt-arm64": [(44 * 1024, f"{SEL4}, kernel text, one core"), (32 * 1024, f"{XV6}, text")],
    "mps2-an521": [(16 * 1024, AIM), (10 * 1024, f"{HUBRIS}, from"), (20 * 1024, f"{HUBRIS}, to"),
                   (9 * 1024, f"{FREERTOS}, with its benchmark")],
}
RAM_AIMS = {"fixed": [(4096, AIM), (1300, f"{HUBRIS}, whole kernel, from"),
                      (5 * 1024, f"{HUBRIS}, to")],
            "task": [(256, AIM)], "pair": [(1300, AIM)]}
