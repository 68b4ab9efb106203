/* Devices of another core, three ways (T4): through a stub that has the driver's functions, by a
 * call to the kernel that owns the device, through a service. Prints what each costs.
 * The manifest gives the second UART to the service `serial` and a timer to a kernel, both on core
 * 1, and lists the timer among this program's devices.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "drivers/cmsdk_timer.h"
#include "lib/names.h"
#include "lib/self.h"
#include "services/serial/uart_stub.h"

#include <stdio.h>

#define TIMES      20u
#define CONNECT_MS 5000u
#define CALL_MS    2000u

static const char line[] = "three ways to a device of another core\r\n";

/* Code as it is written for a driver: false if the UART takes nothing for too long. */
static bool write_by_driver(uintptr_t uart, const char *text, uint32_t len)
{
    for (uint32_t i = 0, tries = 0; i < len; tries++) {
        if (uart_stub_put_try(uart, (uint8_t)text[i])) {
            i++;
            tries = 0;
        } else if (tries == 100u) {
            return false;
        }
    }
    return true;
}

static void show(const char *way, const char *what, sk_ns took, uint32_t times)
{
    printf("%-28s %-22s %8lu ns\n", way, what, (unsigned long)(took / times));
}

static int fail(const char *what, sk_err err)
{
    printf("devices: %s: %s\n", what, sk_err_text(err));
    return 1;
}

static int by_uart(void)
{
    struct sk_chan serial;
    sk_err err = names_connect(SERIAL_NAME, sk_in_ms(CONNECT_MS), &serial);
    if (err)
        return fail("service serial", err);
    sk_ns begin = sk_now();
    if (!write_by_driver(uart_stub_base(&serial), line, sizeof line - 1u))
        return fail("stub", SK_ERR_TIMED_OUT);
    show("stub, the driver's functions", "a character", sk_now() - begin, sizeof line - 1u);
    begin = sk_now();
    for (uint32_t i = 0; i < TIMES && err == SK_OK; i++)
        err = serial_write(&serial, line, sizeof line - 1u, sk_in_ms(CALL_MS));
    if (err)
        return fail("service serial", err);
    sk_ns took = sk_now() - begin;
    show("service", "a line of 40", took, TIMES);
    show("", "  a character of it", took, TIMES * (sizeof line - 1u));
    sk_chan_close(&serial);
    return 0;
}

static int by_kernel(void)
{
    sk_handle timer = sk_self()->start->device[0];
    uint32_t first = 0, last = 0;
    sk_err err = sys_dev_write(timer, CMSDK_TIMER_RELOAD, ~0u, sk_in_ms(CALL_MS));
    if (err == SK_OK)
        err = sys_dev_write(timer, CMSDK_TIMER_CTRL, CMSDK_TIMER_ON, sk_in_ms(CALL_MS));
    if (err == SK_OK)
        err = sys_dev_read(timer, CMSDK_TIMER_VALUE, &first, sk_in_ms(CALL_MS));
    sk_ns begin = sk_now();
    for (uint32_t i = 0; i < TIMES && err == SK_OK; i++)
        err = sys_dev_read(timer, CMSDK_TIMER_VALUE, &last, sk_in_ms(CALL_MS));
    if (err)
        return fail("timer", err);
    show("call to the owning kernel", "a register of the timer", sk_now() - begin, TIMES);
    printf("the timer counted %lu down meanwhile\n", (unsigned long)(first - last));
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    printf(
        "devices of core 1, used on core %u, by this machine's clock (an emulator's says nothing;\n"
        "./skerry bench guest counts instructions):\n",
        (unsigned)sk_my_core());
    int status = by_uart();
    return status != 0 ? status : by_kernel();
}
