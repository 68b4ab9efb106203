/* PSCI: the firmware's interface to start and stop cores and the machine, by HVC or SMC as the
 * devicetree says. A core goes off in vectors.S (off_now). Facts: Arm DEN 0022, chapter 5.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "cpu.h"
#include "arm64.h"

#define PSCI_CPU_ON        0xc4000003u
#define PSCI_AFFINITY_INFO 0xc4000004u
#define PSCI_SYSTEM_OFF    0x84000008u
#define PSCI_ALREADY_ON    (-4)
#define PSCI_ON_PENDING    (-5)
#define AFFINITY_OFF       1

static int64_t call(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = a;
    register uint64_t x2 __asm__("x2") = b;
    register uint64_t x3 __asm__("x3") = c;
#define CALL_CLOBBERS                                                                              \
    "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",    \
        "memory"
    if (machine.psci_smc)
        __asm__ volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::CALL_CLOBBERS);
    else
        __asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::CALL_CLOBBERS);
    return (int64_t)(int32_t)x0;
}

sk_err port_core_start(struct port_cpu *cpu, sk_core to, uint32_t epoch)
{
    if (to >= kernel_template.cores)
        return SK_ERR_NOT_FOUND;
    uint64_t entry = (uint64_t)fork_entry - IMAGE_OFFSET;
    switch (call(PSCI_CPU_ON, machine.mpidr[to], entry, CONTEXT_MAKE(epoch, cpu->core, to))) {
    case 0:
        return SK_OK;
    case PSCI_ALREADY_ON:
    case PSCI_ON_PENDING:
        return SK_ERR_STATE;
    default:
        return SK_ERR_NOT_FOUND;
    }
}

bool port_core_off(struct port_cpu *cpu, sk_core core)
{
    (void)cpu;
    bool off =
        core < machine.cores && call(PSCI_AFFINITY_INFO, machine.mpidr[core], 0, 0) == AFFINITY_OFF;
    dsb_sy(); /* what is done because of it comes after */
    return off;
}

_Noreturn void psci_system_off(void)
{
    (void)call(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;)
        wfi();
}
