/* The scenarios: who plays, and where. The programs are in tests/sim/scenes/, the system in
 * tests/sim/small.toml.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/stage.h"

#include <stddef.h>

const struct sim_scenario sim_scenarios[] = {
    {"rpc-one-core",
     "a client calls a service on its own core",
     1,
     NULL,
     {{"rpc_server", 0, true, NULL}, {"rpc_client", 0, false, NULL}}},
    {"rpc-two-cores",
     "a client calls a service on another core",
     2,
     NULL,
     {{"rpc_server", 1, true, NULL}, {"rpc_client", 0, false, NULL}}},
    {NULL, NULL, 0, NULL, {{NULL, 0, false, NULL}}},
};
