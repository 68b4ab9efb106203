/* Unix sockets that keep the boundaries of messages (SOCK_SEQPACKET), with the kernel's buffers:
 * they have no ring whose slots could be set. Buffers change hands as descriptors of memory, which
 * who gets one maps: the holder before has no access any more.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "fd.h"
#include "fd_many.h"
#include "systems.h"
#include <sys/mman.h>
#include <sys/socket.h>

#define UNIX_MOST 65536u /* bytes of one message: what the usual buffers take */

static void local_setup(struct run *run)
{
    struct fd_pair *p = fd_pairs(run);
    for (unsigned i = 0; i < queue_pairs(run->measure); i++) {
        int both[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, both) != 0)
            bench_skip(run, "socketpair: %m");
        for (unsigned side = 0; side < 2; side++)
            p[i].in[side] = p[i].out[side] = both[side];
    }
}

static void local_open(struct fd_end *e, struct run *run, unsigned pair)
{
    fd_open(e, run, pair, 1);
}

#define local_send fd_send
#define local_recv fd_recv
#define local_wait fd_wait
FD_SIDES(local, UNIX_MOST)
FD_MANY_SIDES(local)

/* --- buffers that change hands -------------------------------------------------------------------
 */

union local_control {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
};

/* Gives fd away: it is closed here. */
static void local_hand_over(struct fd_end *e, uint64_t number, int fd)
{
    union local_control control = {.header = {.cmsg_len = CMSG_LEN(sizeof fd),
                                              .cmsg_level = SOL_SOCKET,
                                              .cmsg_type = SCM_RIGHTS}};
    struct iovec part = {&number, sizeof number};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof control};
    if (fd < 0)
        m.msg_control = NULL, m.msg_controllen = 0;
    else
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    while (sendmsg(e->out, &m, 0) < 0) {
        if (errno != EAGAIN)
            bench_fail(e->run, "sendmsg: %m");
        isa_relax();
    }
    if (fd >= 0)
        close(fd);
}

/* The descriptor that comes next, polling; -1 with the last message. */
static int local_next_buffer(struct fd_end *e, uint64_t *number)
{
    union local_control control;
    struct iovec part = {number, sizeof *number};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof control};
    int fd = -1;
    while (recvmsg(e->in, &m, MSG_CMSG_CLOEXEC) < 0) {
        if (errno != EAGAIN)
            bench_fail(e->run, "recvmsg: %m");
        isa_relax();
    }
    const struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (c)
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

/* Map it, write it or read it if that is measured, unmap it. */
static void local_use(struct run *run, int fd, uint64_t number, bool write)
{
    uint32_t size = run->measure->param;
    uint8_t *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        bench_fail(run, "mmap: %m");
    if (run->measure->kind == KIND_TOUCH && write)
        bulk_write(at, size, number);
    else if (run->measure->kind == KIND_TOUCH)
        bulk_read(run, at, size, number);
    munmap(at, size);
}

static void local_give_buffer(struct run *run)
{
    struct fd_end *e = tool_own(run, 1, sizeof *e);
    struct steps s;
    uint64_t number = 0, got;
    int fd = memfd_create("bench", MFD_CLOEXEC);
    local_open(e, run, 0);
    if (fd < 0 || ftruncate(fd, run->measure->param) != 0)
        bench_skip(run, "memfd: %m");
    steps_begin(&s, run);
    do {
        for (uint64_t i = s.grain; i != 0; i--, number++) {
            local_use(run, fd, number, true);
            local_hand_over(e, number, fd);
            fd = local_next_buffer(e, &got);
            if (fd < 0 || got != number)
                bench_fail(run, "buffer %llu did not come back", (unsigned long long)number);
        }
    } while (steps_next(&s, 2u * s.grain));
    local_hand_over(e, number | BENCH_LAST, -1);
    steps_result(&s, run->result);
}

static void local_take_buffer(struct run *run)
{
    struct fd_end *e = tool_own(run, 1, sizeof *e);
    uint64_t number = 0, got;
    local_open(e, run, 0);
    for (;; number++) {
        int fd = local_next_buffer(e, &got);
        if (got == (number | BENCH_LAST))
            return;
        if (fd < 0 || got != number)
            bench_fail(run, "buffer %llu did not come", (unsigned long long)number);
        local_use(run, fd, number, false);
        local_hand_over(e, number, fd);
    }
}

const struct system unix_system = {
    .name = "unix",
    .about = "Unix sockets; buffers as descriptors that are mapped",
    .setup = local_setup,
    .side = {[KIND_RTT] = QUEUE_RTT(local),
             [KIND_STREAM] = QUEUE_STREAM(local),
             [KIND_ASLEEP] = QUEUE_ASLEEP(local),
             [KIND_SOON] = QUEUE_SOON(local),
             [KIND_LATE] = QUEUE_LATE(local),
             [KIND_COPY] = {local_fd_give, local_fd_get},
             [KIND_MOVE] = {local_give_buffer, local_take_buffer},
             [KIND_TOUCH] = {local_give_buffer, local_take_buffer},
             [KIND_RPC] = QUEUE_RPC(local),
             [KIND_CLIENTS] = {local_client, local_fd_server},
             [KIND_IDLE] = {local_ping, local_fd_watch}},
};
