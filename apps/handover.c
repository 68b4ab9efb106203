/* Memory that changes hands and stays where it is:
 *   handover [ROUNDS [PAGES]]   fills a region, hands it over to the service `consumer`
 *                               (apps/consumer.c) and gets it back, so many times
 * At each moment one of the two has the pages, wherever they run; the other cannot see them.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "handover.h"
#include "lib/names.h"
#include "lib/rpc.h"
#include "lib/self.h"

#include <stdio.h>
#include <stdlib.h>

#define CALL_MS 20000u

enum { GONE = 3, HERE }; /* exit status: the region, after a call that ended with an error */

/* Every word as it was filled, and as often counted up as it was away; or SK_ERR_PROTOCOL. */
static sk_err look(sk_handle region, uint32_t pages, uint32_t times)
{
    uintptr_t at;
    uint32_t there;
    sk_err err = sys_region_map_all(region, SK_PROT_R, &at, &there);
    if (err != SK_OK)
        return err;
    for (uint32_t i = 0; i < handover_words(pages) && err == SK_OK; i++)
        err = there == pages && ((uint32_t *)at)[i] == i * i + times ? SK_OK : SK_ERR_PROTOCOL;
    (void)sys_region_unmap(region);
    return err;
}

static sk_err fill(uint32_t pages, sk_handle *region)
{
    uintptr_t at;
    uint32_t there;
    sk_err err = sys_region_create(pages, region);
    if (err == SK_OK)
        err = sys_region_map_all(*region, SK_PROT_R | SK_PROT_W, &at, &there);
    if (err != SK_OK)
        return err;
    for (uint32_t i = 0; i < handover_words(pages); i++)
        ((uint32_t *)at)[i] = i * i;
    return sys_region_unmap(*region);
}

/* There and back once. *region is what there is afterwards; one that did not come back is not kept
 * by anybody. */
static sk_err round_trip(struct sk_chan *chan, sk_handle *region, uint32_t *core)
{
    struct sk_in in;
    struct sk_out out = {.label = CONSUMER_WORK, .handles = 1, .handle = region};
    sk_err err = sk_call_msg(chan, &out, &in, 8, sk_in_ms(CALL_MS));
    if (err != SK_OK)
        return err;
    if (in.handles != 1 || in.handle[0] == *region)
        return SK_ERR_PROTOCOL; /* it had gone, so it comes under another name */
    *region = in.handle[0];
    *core = in.w32[0];
    return SK_OK;
}

/* After a call that failed. While a core that may have it is lost, and not seen off, that is not
 * known yet. */
static sk_err still_here(sk_handle region)
{
    uintptr_t at;
    uint32_t pages;
    sk_ns until = sk_in_ms(CALL_MS);
    sk_err err;
    while ((err = sys_region_map_all(region, SK_PROT_R, &at, &pages)) == SK_ERR_BUSY &&
           sk_now() < until)
        sk_sleep_until(sk_in_ms(10));
    return err;
}

static int produce(uint32_t rounds, uint32_t pages)
{
    struct sk_chan chan;
    sk_handle region = SK_HANDLE_NONE;
    uint32_t done = 0, core = 0;
    sk_err err = names_connect(CONSUMER_NAME, sk_in_ms(CALL_MS), &chan);
    if (err == SK_OK)
        err = fill(pages, &region);
    for (; err == SK_OK && done < rounds; done += err == SK_OK)
        err = round_trip(&chan, &region, &core);
    if (err != SK_OK) {
        sk_err have = still_here(region);
        printf("handover: %s; the region is %s\n", sk_err_text(err),
               have == SK_OK         ? "here"
               : have == SK_ERR_BUSY ? "in doubt"
                                     : "gone");
        return have == SK_OK ? HERE : have == SK_ERR_BUSY ? 1 : GONE;
    }
    sk_err have = look(region, pages, done);
    if (have != SK_OK) {
        printf("handover: what came back: %s\n", sk_err_text(have));
        return 1;
    }
    printf("handover: %u pages %u times from core %u to core %u and back\n", (unsigned)pages,
           (unsigned)done, (unsigned)sk_my_core(), (unsigned)core);
    return 0;
}

int main(int argc, char **argv)
{
    uint32_t rounds = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 10;
    uint32_t pages = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
    return produce(rounds, pages);
}
