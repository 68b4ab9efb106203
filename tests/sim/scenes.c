/* The scenarios: who plays, and where. The programs are in tests/sim/scenes/, the systems in
 * tests/sim/small.toml and kept.toml.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/stage.h"

#include <stddef.h>

#define SERVICE(program, core)                                                                     \
    {                                                                                              \
        program, core, true, NULL                                                                  \
    }
#define ROLE(program, core)                                                                        \
    {                                                                                              \
        program, core, false, NULL                                                                 \
    }

const struct sim_scenario sim_scenarios[] = {
    {.name = "rpc-one-core",
     .about = "a client calls a service on its own core",
     .cores = 1,
     .role = {SERVICE("rpc_server", 0), ROLE("rpc_client", 0)}},
    {.name = "rpc-two-cores",
     .about = "a client calls a service on another core",
     .cores = 2,
     .role = {SERVICE("rpc_server", 1), ROLE("rpc_client", 0)}},
    {.name = "connect-before",
     .about = "a client connects by name before the service is there; names on a third core",
     .cores = 3,
     .role = {ROLE("rpc_client", 1), SERVICE("rpc_server", 2)}},
    {.name = "connect-after",
     .about = "a client connects by name to a service that is there; names on a third core",
     .cores = 3,
     .role = {SERVICE("rpc_server", 2), ROLE("rpc_client", 1)}},
    {.name = "hand-over",
     .about = "an end is handed over to a task of another core, and used",
     .cores = 2,
     .role = {SERVICE("hand_taker", 1), ROLE("hand_giver", 0)}},
    {.name = "hand-over-three",
     .about = "the same between two cores, with names on a third",
     .cores = 3,
     .role = {SERVICE("hand_taker", 1), ROLE("hand_giver", 2)}},
    {.name = "broker",
     .about = "a broker introduces two clients of other cores to each other",
     .cores = 3,
     .role = {SERVICE("intro_broker", 0), ROLE("intro_left", 1), ROLE("intro_right", 2)}},
    {.name = "region-move",
     .about = "a region is moved with a message, on one core",
     .cores = 1,
     .role = {SERVICE("region_taker", 0), ROLE("region_giver", 0)}},
    {.name = "spawn-exit",
     .about = "a task starts another on its own core and waits for its end",
     .cores = 1,
     .role = {ROLE("spawn_parent", 0)},
     .watch = "spawn_child"},
    {.name = "spawn-exit-far",
     .about = "a task starts another on another core and waits for its end",
     .cores = 2,
     .role = {{"spawn_parent", 0, false, "far"}},
     .watch = "spawn_child"},
    {.name = "name-watch",
     .about = "a name is waited for, comes, and goes with its owner",
     .cores = 2,
     .role = {ROLE("watch_watcher", 0), SERVICE("watch_service", 1)}},
    {.name = "service-restart",
     .about = "a service ends in the middle of calls and is started again",
     .cores = 2,
     .system = "kept",
     .role = {ROLE("restart_caller", 0)}},
    {.name = "core-restart",
     .about = "a core is restarted while a service there is called",
     .cores = 2,
     .system = "kept",
     .role = {ROLE("restart_rider", 0), ROLE("restart_orderer", 0)}},
    {.name = "late-resume",
     .about = "a core is silent until it is given up, and cannot be forced off; then it wakes up",
     .cores = 2,
     .system = "kept",
     .plan = "no-force",
     .role = {ROLE("restart_late", 0)}},
    {.name = "loan",
     .about = "memory is lent to a service on the same core",
     .cores = 1,
     .role = {SERVICE("loan_service", 0), ROLE("loan_lender", 0)}},
    {.name = "loan-far",
     .about = "memory is lent to a service on another core",
     .cores = 2,
     .role = {SERVICE("loan_service", 1), ROLE("loan_lender", 0)}},
    {.name = "broadcast",
     .about = "one sender, two receivers with different policies, three cores",
     .cores = 3,
     .role = {SERVICE("cast_sender", 0), ROLE("cast_waited", 1), ROLE("cast_overwritten", 2)}},
    {.name = NULL},
};
