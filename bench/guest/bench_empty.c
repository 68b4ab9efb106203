/* A program that does nothing: what a start and an end cost by themselves.
 * SPDX-License-Identifier: BSD-2-Clause */

int main(void)
{
    return 0;
}
