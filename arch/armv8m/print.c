/* See print.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "print.h"
#include "machine.h"

void port_console_write(struct port_cpu *cpu, const char *text, size_t len)
{
    (void)cpu;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            board_console_put('\r');
        board_console_put(text[i]);
    }
}

void print_text(const char *text)
{
    port_console_write(&port_cpu, text, __builtin_strlen(text));
}

void print_hex(uint32_t value)
{
    char digits[10] = {'0', 'x'};
    for (unsigned i = 0; i < 8; i++)
        digits[2 + i] = "0123456789abcdef"[value >> (28u - 4u * i) & 15u];
    port_console_write(&port_cpu, digits, sizeof(digits));
}
