/* What a person at the console would do, as a text with a statement a line:
 *
 *   <TEXT   wait until TEXT is in the output, after what was waited for before
 *   >TEXT   type TEXT and return
 *   =NAME   the next word of the output is from now on $NAME, in later lines
 *   :NAME   the same with the rest of the line
 *   ~MS     wait so many virtual milliseconds
 *   ^       wait until all that was put off (@in) has come
 *   +CMD|TEXT   type CMD and return, and wait for TEXT; after a while, again
 *   !TEXT   TEXT must never be in the output
 *   @WORDS  an act of the simulation (plan.c)
 *   .       the run ends here, well
 *   #       a comment
 * Any other line is typed after the next prompt. Without "." the run ends with the machine's
 * halt, and well only if all was done by then.
 * SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "arch/host/sim.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX     512u
#define LINE_BYTES    256u
#define VARIABLES_MAX 32u
#define PROMPT        "skerry> "
#define AGAIN_NS      SK_MS(2500) /* '+': what was typed is lost with who read it */

static struct {
    char line[LINES_MAX][LINE_BYTES];
    uint32_t lines, at;
    char typing[LINE_BYTES * 2u];
    size_t typed;
    size_t seen; /* output up to here has been waited for */
    sk_ns wake_ns;
    bool done;
    struct {
        char name[16];
        char value[160];
    } variable[VARIABLES_MAX];
    uint32_t variables;
} script;

static void expand(char *to, size_t room, const char *from)
{
    size_t n = 0;
    while (*from != '\0' && n + 1 < room) {
        if (*from != '$') {
            to[n++] = *from++;
            continue;
        }
        size_t len = 0;
        while (isalnum((unsigned char)from[1 + len]))
            len++;
        for (uint32_t v = 0; v < script.variables; v++)
            if (strlen(script.variable[v].name) == len &&
                strncmp(script.variable[v].name, from + 1, len) == 0)
                n += (size_t)snprintf(to + n, room - n, "%s", script.variable[v].value);
        from += 1 + len;
    }
    to[n < room ? n : room - 1] = '\0';
}

static void add(char kind, const char *text)
{
    char *line = script.line[script.lines++];
    line[0] = kind;
    memccpy(line + 1, text, '\0', LINE_BYTES - 2u);
}

const char *script_reset(const char *text)
{
    memset(&script, 0, sizeof(script));
    script.wake_ns = SK_FOREVER;
    while (text != NULL && *text != '\0') {
        size_t len = strcspn(text, "\n");
        char line[LINE_BYTES];
        if (len + 2u > LINE_BYTES || script.lines + 2u > LINES_MAX)
            return "the script has too many lines, or one that is too long";
        memcpy(line, text, len);
        line[len] = '\0';
        text += len + (text[len] == '\n');
        if (strchr("<>=:~^!@.+", line[0]) != NULL && line[0] != '\0') {
            add(line[0], line + 1);
        } else if (line[0] != '#' && line[0] != '\0') {
            add('<', PROMPT);
            add('>', line);
        }
    }
    return NULL;
}

size_t script_seen(void)
{
    return script.seen;
}

/* Does the statement have its way now? */
static bool match_text(const char *raw)
{
    char want[LINE_BYTES];
    size_t len;
    expand(want, sizeof(want), raw);
    const char *output = uart_output(&len);
    const char *found = memmem(output + script.seen, len - script.seen, want, strlen(want));
    if (found == NULL)
        return false;
    script.seen = (size_t)(found - output) + strlen(want);
    return true;
}

static uint32_t variable(const char *name)
{
    uint32_t v = 0;
    while (v < script.variables && strcmp(script.variable[v].name, name) != 0)
        v++;
    if (v == script.variables && v < VARIABLES_MAX) {
        script.variables++;
        memccpy(script.variable[v].name, name, '\0', sizeof(script.variable[v].name) - 1u);
    }
    return v;
}

static bool capture(const char *name, bool line)
{
    size_t len;
    const char *output = uart_output(&len);
    size_t from = script.seen;
    while (from < len && isspace((unsigned char)output[from]))
        from++;
    size_t to = from;
    while (to < len &&
           (line ? output[to] != '\r' && output[to] != '\n' : !isspace((unsigned char)output[to])))
        to++;
    if (from == to || to == len)
        return false;
    uint32_t v = variable(name);
    if (v == VARIABLES_MAX)
        return false;
    snprintf(script.variable[v].value, sizeof(script.variable[v].value), "%.*s", (int)(to - from),
             output + from);
    script.seen = to;
    return true;
}

/* "CMD|TEXT" */
static bool type_until(const char *line)
{
    size_t len = strcspn(line, "|");
    if (match_text(line[len] != '\0' ? line + len + 1 : line)) {
        script.wake_ns = SK_FOREVER;
        return true;
    }
    if (script.wake_ns != SK_FOREVER && sim.now < script.wake_ns)
        return false;
    script.wake_ns = sim.now + AGAIN_NS;
    snprintf(script.typing, sizeof(script.typing), "\r%.*s\r", (int)len, line);
    script.typed = 0;
    return false;
}

static bool statement(const char *line)
{
    switch (line[0]) {
    case '+':
        return type_until(line + 1);
    case '<':
        return match_text(line + 1);
    case '=':
    case ':':
        return capture(line + 1, line[0] == ':');
    case '>':
        expand(script.typing, sizeof(script.typing) - 1, line + 1);
        strcat(script.typing, "\r");
        script.typed = 0;
        return true;
    case '~':
        if (script.wake_ns == SK_FOREVER)
            script.wake_ns = sim.now + SK_MS(strtoul(line + 1, NULL, 10));
        if (sim.now < script.wake_ns)
            return false;
        script.wake_ns = SK_FOREVER;
        return true;
    case '@': {
        char words[LINE_BYTES];
        expand(words, sizeof(words), line + 1);
        plan_do(words);
        return true;
    }
    case '^':
        return !plan_put_off();
    case '.':
        script.done = true;
        return true;
    default:
        return true; /* '!': looked at when the run is over */
    }
}

static void advance(void)
{
    while (script.at < script.lines && script.typing[script.typed] == '\0' &&
           statement(script.line[script.at]))
        script.at++;
}

void script_output(void)
{
    advance();
}

int script_next_char(void)
{
    advance();
    char c = script.typing[script.typed];
    if (c == '\0')
        return -1;
    script.typed++;
    return (unsigned char)c;
}

sk_ns script_wake_ns(void)
{
    return script.wake_ns;
}

bool script_done(void)
{
    return script.done;
}

const char *script_waits_for(void)
{
    while (script.at < script.lines && script.line[script.at][0] == '!')
        script.at++;
    return script.at < script.lines ? script.line[script.at] : NULL; /* nothing more */
}

const char *script_forbidden(void)
{
    size_t len;
    const char *output = uart_output(&len);
    for (uint32_t i = 0; i < script.lines; i++)
        if (script.line[i][0] == '!' && strstr(output, script.line[i] + 1) != NULL)
            return script.line[i] + 1;
    return NULL;
}
