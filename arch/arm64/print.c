/* See print.h. The boot kernel reaches the UART through its map of the first GiB.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "print.h"
#include "machine.h"

void port_console_write(struct port_cpu *cpu, const char *text, size_t len)
{
    uintptr_t uart = cpu ? UART_ADDR : machine.uart + IMAGE_OFFSET;
    if (machine.uart == 0)
        return;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            board_console_put(uart, '\r');
        board_console_put(uart, text[i]);
    }
}

void print_text(struct port_cpu *cpu, const char *text)
{
    port_console_write(cpu, text, __builtin_strlen(text));
}

void print_hex(struct port_cpu *cpu, uint64_t value)
{
    char digits[18] = {'0', 'x'};
    for (unsigned i = 0; i < 16; i++) {
        unsigned d = (unsigned)(value >> (60u - 4u * i)) & 15u;
        digits[2 + i] = (char)(d < 10u ? '0' + d : 'a' + d - 10u);
    }
    port_console_write(cpu, digits, sizeof(digits));
}
