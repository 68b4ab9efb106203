/* Takes memory until it is refused. What it may take is its own budget.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 512u

int main(void)
{
    unsigned pieces = 0;
    char *piece;
    puts("hog: taking all that I get"); /* once nothing is left, no console can be connected */
    while ((piece = malloc(PIECE)) != NULL) {
        memset(piece, (int)pieces, PIECE);
        __asm__ volatile("" : : "r"(piece) : "memory"); /* or it all goes away */
        pieces++;
    }
    printf("hog: refused after %u KiB\n", pieces * PIECE / 1024u);
    return 0;
}
