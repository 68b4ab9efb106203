/* The part of QEMU's plugin interface, version 1, that the counter uses. Debian ships the emulator
 * without a header for it, so the functions are declared here; the emulator resolves them when it
 * loads the plugin. Structures without a body are the emulator's own.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_QEMU_PLUGIN_H
#define BENCH_QEMU_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_EXPORT         __attribute__((visibility("default")))
#define QEMU_PLUGIN_INTERFACE      1
#define QEMU_PLUGIN_REGISTERS_NONE 0 /* a callback neither reads nor writes guest registers */
#define QEMU_PLUGIN_INLINE_ADD_U64 0

typedef uint64_t qemu_plugin_id_t;

struct qemu_plugin_tb;   /* a block of guest code while it is translated */
struct qemu_plugin_insn; /* one instruction of it */

struct qemu_info {
    const char *target_name; /* "aarch64", "riscv64", ... */
    struct {
        int min, cur;
    } version;
    bool system_emulation;
    union {
        struct {
            int smp_vcpus, max_vcpus;
        } system;
    };
};

typedef void (*qemu_translate_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*qemu_vcpu_cb)(unsigned vcpu, void *arg);
typedef void (*qemu_exit_cb)(qemu_plugin_id_t id, void *arg);

/* Called for each block that is translated, before it runs. */
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_translate_cb cb);
/* While translating: call cb each time the block starts, or each time the instruction does. */
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qemu_vcpu_cb cb, int registers,
                                          void *arg);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_vcpu_cb cb,
                                            int registers, void *arg);
/* While translating: do op with imm on *word each time the instruction starts. No call is made. */
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *word,
                                                uint64_t imm);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
/* Where the instruction lies in the emulator's memory: tells physical pages apart. */
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);

void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, qemu_exit_cb cb, void *arg);

#endif
