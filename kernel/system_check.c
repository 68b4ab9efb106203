/* The system table and the template from a boot archive: checked once, by the boot kernel; trusted
 * afterwards. See template.h and skerry/system.h. Machines without an archive take the table as the
 * image builder wrote it, and do not link this.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "base/cpio.h"
#include "kernel/kern.h"

static bool terminated(const char *text)
{
    for (unsigned i = 0; i < SK_NAME_BYTES; i++)
        if (text[i] == '\0')
            return i != 0;
    return false;
}

static const char *check_header(const struct sk_sys_header *sys, uint64_t len)
{
    struct {
        uint32_t off, count;
        size_t size;
    } const part[] = {
        {sys->core_off, sys->core_count, sizeof(struct sk_sys_core)},
        {sys->prog_off, sys->prog_count, sizeof(struct sk_sys_prog)},
        {sys->dev_off, sys->dev_count, sizeof(struct sk_sys_dev)},
        {sys->perm_off, sys->perm_count, sizeof(struct sk_sys_perm)},
        {sys->image_off, sys->image_count, sizeof(struct sk_sys_image)},
    };
    if (sys->magic != SK_SYS_MAGIC || sys->version != SK_SYS_VERSION)
        return "system table: not one, or of another version";
    if (sys->size_bytes > len || sys->size_bytes < sizeof(*sys))
        return "system table: cut short";
    for (unsigned i = 0; i < sizeof(part) / sizeof(part[0]); i++)
        if (part[i].off % 4u != 0 || part[i].off > sys->size_bytes ||
            part[i].count > (sys->size_bytes - part[i].off) / part[i].size)
            return "system table: a part lies outside";
    if (sys->cores == 0 || sys->cores > SK_CORES_MAX || sys->core_count != sys->cores)
        return "system table: bad count of cores";
    if (sys->dev_count > SK_SYS_DEVICES_MAX || sys->image_count > SK_SYS_IMAGES_MAX)
        return "system table: too many devices or images";
    if (sys->heartbeat_ms > SK_SYS_HEARTBEAT_MAX)
        return "system table: bad heartbeat";
    if (!terminated(sys->name) || !terminated(sys->board))
        return "system table: name not terminated";
    return NULL;
}

static const char *check_core(const struct sk_sys_core *c)
{
    if (c->tasks == 0 || c->ends == 0 || c->ports == 0 || c->regions == 0 || c->handles == 0)
        return "system table: a core with an empty table";
    if (c->log_bytes < SK_SYS_LOG_MIN || c->log_bytes > SK_SYS_LOG_MAX)
        return "system table: bad size of a log";
    if (c->tasks > 4096u || c->ends > SK_LINK_ENDS || c->ports > 4096u || c->regions > 8192u ||
        c->handles > 4096u)
        return "system table: a core with too large a table";
    if (c->restart > SK_RESTART_ON_FAULT)
        return "system table: bad restart policy of a core";
    return NULL;
}

static const char *check_prog(const struct sk_sys_header *sys, const struct sk_sys_prog *p)
{
    if (!terminated(p->name))
        return "system table: program name not terminated";
    if (p->priority > SK_PRIO_MAX || p->restart > SK_RESTART_ALWAYS)
        return "system table: bad priority or restart policy";
    if (p->ends > SK_TASK_ENDS_MAX || p->handles == 0)
        return "system table: bad budget";
    if (p->perm_first > sys->perm_count || p->perm_count > sys->perm_count - p->perm_first ||
        p->dev_first > sys->dev_count || p->dev_count > sys->dev_count - p->dev_first)
        return "system table: program refers outside";
    /* Every kernel makes its init by this; what others ask for is checked when they are created. */
    for (uint32_t i = 0; i < sys->core_count && __builtin_strcmp(p->name, "init") == 0; i++)
        if (p->handles > system_core(sys, i)->handles)
            return "system table: init has more handles than a core's tasks may have";
    return NULL;
}

sk_err system_check(const void *table, uint64_t len, const char **why)
{
    const struct sk_sys_header *sys = table;
    *why = "system table: cut short";
    if (len < sizeof(*sys))
        return SK_ERR_IMAGE;
    *why = check_header(sys, len);
    for (uint32_t i = 0; *why == NULL && i < sys->core_count; i++)
        *why = check_core(system_core(sys, i));
    for (uint32_t i = 0; *why == NULL && i < sys->prog_count; i++)
        *why = check_prog(sys, system_prog(sys, i));
    for (uint32_t i = 0; *why == NULL && i < sys->dev_count; i++) {
        const struct sk_sys_dev *d = system_dev(sys, i);
        if (!terminated(d->name) || d->base % SK_DEVICE_BYTES != 0 ||
            d->size_bytes % SK_DEVICE_BYTES != 0 || d->size_bytes == 0)
            *why = "system table: bad device";
    }
    for (uint32_t i = 0; *why == NULL && i < sys->image_count; i++)
        if (system_image(sys, i)->prog >= sys->prog_count ||
            system_image(sys, i)->core >= sys->core_count)
            *why = "system table: image refers outside";
    for (uint32_t i = 0; *why == NULL && i < sys->perm_count; i++)
        if (!terminated(system_perm(sys, i)->pattern))
            *why = "system table: permission not terminated";
    return *why == NULL ? SK_OK : SK_ERR_IMAGE;
}

static sk_err check_archive(const void *archive, uint64_t len)
{
    struct cpio_entry e;
    uint64_t pos = 0;
    sk_err err;
    do
        err = cpio_next(archive, len, &pos, &e);
    while (err == SK_OK);
    return err == SK_ERR_NOT_FOUND ? SK_OK : err;
}

sk_err template_build(struct template *tpl, const void *archive, uint64_t archive_bytes,
                      uint32_t machine_cores, const char **why)
{
    struct cpio_entry e;
    *why = "boot archive: damaged";
    if (check_archive(archive, archive_bytes) != SK_OK)
        return SK_ERR_IMAGE;
    *why = "boot archive: no " SK_SYS_FILE;
    if (cpio_find(archive, archive_bytes, SK_SYS_FILE, &e) != SK_OK)
        return SK_ERR_IMAGE;
    *why = "boot archive: " SK_SYS_FILE " is not aligned";
    if ((uintptr_t)e.data % 4u != 0)
        return SK_ERR_IMAGE;
    sk_err err = system_check(e.data, e.len_bytes, why);
    if (err != SK_OK)
        return err;
    tpl->sys = e.data;
    tpl->archive = archive;
    tpl->archive_bytes = archive_bytes;
    tpl->cores = tpl->sys->cores < machine_cores ? tpl->sys->cores : machine_cores;
    *why = "machine: no core";
    return tpl->cores == 0 ? SK_ERR_IMAGE : SK_OK;
}
