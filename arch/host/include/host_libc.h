/* Force-included into programs: the C library's functions that touch the process as a whole are
 * replaced by ones that stay inside the task (its console, its memory, its end). All others
 * (string, character, number functions, snprintf) are the host's. Streams are stdin, stdout and
 * stderr only.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOST_LIBC_H
#define HOST_LIBC_H

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *host_malloc(size_t bytes);
void *host_calloc(size_t n, size_t bytes);
void *host_realloc(void *p, size_t bytes);
void host_free(void *p);
char *host_strdup(const char *text);
int host_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int host_vprintf(const char *format, va_list list) __attribute__((format(printf, 1, 0)));
int host_fprintf(FILE *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
int host_vfprintf(FILE *f, const char *format, va_list list) __attribute__((format(printf, 2, 0)));
int host_puts(const char *text);
int host_fputs(const char *text, FILE *f);
int host_putchar(int c);
int host_fputc(int c, FILE *f);
size_t host_fwrite(const void *p, size_t bytes, size_t n, FILE *f);
int host_fflush(FILE *f);
int host_getchar(void);
int host_fgetc(FILE *f);
char *host_fgets(char *text, int size, FILE *f);
_Noreturn void host_exit(int status);
_Noreturn void host_abort(void);

#define malloc(...)  host_malloc(__VA_ARGS__)
#define calloc(...)  host_calloc(__VA_ARGS__)
#define realloc(...) host_realloc(__VA_ARGS__)
#define free(...)    host_free(__VA_ARGS__)
#undef strdup
#define strdup(...)   host_strdup(__VA_ARGS__)
#define printf(...)   host_printf(__VA_ARGS__)
#define vprintf(...)  host_vprintf(__VA_ARGS__)
#define fprintf(...)  host_fprintf(__VA_ARGS__)
#define vfprintf(...) host_vfprintf(__VA_ARGS__)
#define puts(...)     host_puts(__VA_ARGS__)
#define fputs(...)    host_fputs(__VA_ARGS__)
#undef putchar
#define putchar(...) host_putchar(__VA_ARGS__)
#undef fputc
#define fputc(...) host_fputc(__VA_ARGS__)
#undef putc
#define putc(...)   host_fputc(__VA_ARGS__)
#define fwrite(...) host_fwrite(__VA_ARGS__)
#define fflush(...) host_fflush(__VA_ARGS__)
#undef getchar
#define getchar(...) host_getchar(__VA_ARGS__)
#undef fgetc
#define fgetc(...) host_fgetc(__VA_ARGS__)
#undef getc
#define getc(...)  host_fgetc(__VA_ARGS__)
#define fgets(...) host_fgets(__VA_ARGS__)
#define exit(...)  host_exit(__VA_ARGS__)
#define _Exit(...) host_exit(__VA_ARGS__)
#define abort(...) host_abort(__VA_ARGS__)
/* assert() ends in the host's __assert_fail, which would end the simulation. */
#undef assert
#define assert(condition) ((condition) ? (void)0 : host_abort())

#endif
