# When the host let a thread of an emulator wait for a processor. Each emulated core is a thread of
# its own, and the machine's clock goes on while one of them waits: to the other cores it is silent.
# SPDX-License-Identifier: BSD-2-Clause
import os
import threading
import time

EVERY = 0.05
WINDOW = 0.5
# Of the 0.32 s without a heartbeat that make a core suspect; the rest may be the time that the
# emulator itself takes, and what the main thread, which fires the timers, waited.
LEAST = 0.15


def count(samples):
    """Stalls in samples of (seconds, {thread: seconds that it has waited so far}), in order: spans
    of WINDOW, none overlapping, in which one thread waited for LEAST or longer."""
    found, first = 0, 0
    for i, (now, waited) in enumerate(samples):
        while now - samples[first][0] > WINDOW and first < i - 1:
            first += 1
        before = samples[first][1]
        if any(w - before.get(thread, w) >= LEAST for thread, w in waited.items()):
            found += 1
            first = i
    return found


def waited(pid):
    """{thread: seconds}, and the time that a machine below the host took from it as a thread's."""
    found = {}
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/schedstat", encoding="ascii") as f:
            found[tid] = int(f.read().split()[1]) / 1e9
    with open("/proc/stat", encoding="ascii") as f:
        for line in f:
            word = line.split()
            if word[0].startswith("cpu") and word[0] != "cpu":
                found[word[0]] = int(word[8]) / os.sysconf("SC_CLK_TCK")
    return found


class Stalls:
    """with Stalls(pid) as stalls: ...; then stalls.count(), or None where the host does not tell."""

    def __init__(self, pid):
        self.pid, self.samples, self.over = pid, [], threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def watch(self):
        while not self.over.wait(EVERY):
            try:
                self.samples.append((time.monotonic(), waited(self.pid)))
            except (OSError, ValueError, IndexError):
                continue  # a thread has just ended, or there is nothing to read

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def count(self):
        return count(self.samples) if self.samples else None
