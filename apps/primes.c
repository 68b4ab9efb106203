/* Counts the primes below N with a sieve on the heap.
 * SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    unsigned long n = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    if (n == 0 || n > 100000000) {
        printf("usage: primes N, N from 1 to 100000000\n");
        return 2;
    }
    uint8_t *composite = calloc(n / 8 + 1, 1); /* a bit for each number */
    if (composite == NULL) {
        printf("primes: no memory\n");
        return 1;
    }
    unsigned long count = 0;
    for (unsigned long i = 2; i < n; i++) {
        if (composite[i / 8] & 1u << i % 8)
            continue;
        count++;
        for (unsigned long k = i * i; k < n; k += i)
            composite[k / 8] = (uint8_t)(composite[k / 8] | 1u << k % 8);
    }
    printf("primes below %lu: %lu\n", n, count);
    free(composite);
    return 0;
}
