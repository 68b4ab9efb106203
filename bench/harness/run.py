# One interleaved run: rounds over all systems and measures, in each a sample of everything; what is
# noise is taken again, a few times at most.
# SPDX-License-Identifier: BSD-2-Clause
import collections
import dataclasses
import random
import statistics
import subprocess
import sys
import time

from harness import stats

TRIES = 3          # of one sample, all noise
REPEATED_MOST = 0.3  # of a run's samples
SEED = 5           # of the order within rounds


class Failed(Exception):
    pass


class Program:
    """build/bench/native, asked for one sample at a time."""

    def __init__(self, path):
        self.path = path
        self.measures, self.systems, self.has, self.absent = {}, {}, set(), {}
        self.notes = []
        listed = subprocess.run([path, "--list"], capture_output=True, text=True, check=True)
        for line in listed.stdout.splitlines():
            self.read(*line.split(" ", 1))
        self.process = None

    def read(self, kind, rest):
        if kind == "measure":
            name, unit, about = rest.split(" ", 2)
            self.measures[name] = (unit, about)
        elif kind == "system":
            name, shown, how, about = rest.split(" ", 3)
            self.systems[name] = (shown == "shown", how, about)
        elif kind == "has":
            self.has.add(tuple(rest.split()))
        elif kind == "note":
            self.notes.append(rest)
        elif rest != "- -":
            name, package = rest.split()
            self.absent[name] = package

    def start(self):
        self.process = subprocess.Popen([self.path, "--serve"], text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def sample(self, system, measure, ms):
        """(word, rest) of the answer: `sample ...`, `skipped why` or `failed why`."""
        try:
            self.process.stdin.write(f"{system} {measure} {ms}\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            self.process.wait()
            raise Failed(self.process.stderr.read().strip() or "the program ended without a word")
        word, _, rest = answer.strip().partition(" ")
        return word, rest

    def stop(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()


@dataclasses.dataclass
class Outcome:
    """What a run has found: samples by (system, measure), what was not measured and why, and how
    often something was noise."""
    samples: dict = dataclasses.field(default_factory=lambda: collections.defaultdict(list))
    skipped: dict = dataclasses.field(default_factory=dict)
    failed: dict = dataclasses.field(default_factory=dict)
    probes: list = dataclasses.field(default_factory=list)
    taken: int = 0
    repeated: int = 0
    left_out: int = 0
    kept_noisy: int = 0
    dropped: int = 0
    seconds: float = 0.0

    def probe(self):
        return statistics.median(self.probes)


class Progress:
    """One line that is written over, or a line now and then where there is no terminal."""

    def __init__(self, out=sys.stderr):
        self.out, self.live, self.last = out, out.isatty(), 0.0
        self.begin = time.monotonic()

    def show(self, done, total, what):
        now = time.monotonic()
        if now - self.last < (0.2 if self.live else 5.0) and done < total:
            return
        self.last = now
        left = (now - self.begin) / done * (total - done) if done else 0
        text = f"{100 * done // total:3} %, {left:3.0f} s left: {what}"
        self.out.write(f"\r{text:<76.76}" if self.live else text + "\n")
        self.out.flush()

    def end(self):
        if self.live:
            self.out.write("\r" + " " * 76 + "\r")
            self.out.flush()


class Run:
    def __init__(self, program, plan, rounds, ms, progress=None):
        self.program, self.plan, self.rounds, self.ms = program, list(plan), rounds, ms
        self.progress = progress or Progress()
        self.outcome = Outcome()

    def take(self, pair, again=False):
        """One sample of (system, measure); None if there is none to be had. The median of probes is
        of the rounds: a place that is noisy has no more weight than others for being repeated."""
        found = self.outcome
        word, rest = self.program.sample(*pair, self.ms)
        if word == "sample":
            sample = stats.Sample.read(rest)
            found.taken += 1
            found.dropped += sample.dropped
            if not again:
                found.probes += [p for p in sample.probes if p > 0]
            return sample
        (found.skipped if word == "skipped" else found.failed)[pair] = rest
        found.samples.pop(pair, None)
        return None

    def again(self, pair, sample):
        """The best of some tries of a sample that is noise."""
        found, tries = self.outcome, [sample]
        while len(tries) < TRIES and tries[-1].noisy(found.probe()) and \
                found.repeated < REPEATED_MOST * self.rounds * len(self.plan):
            found.repeated += 1
            sample = self.take(pair, again=True)
            if sample is None:
                return None
            tries.append(sample)
        return min(tries, key=lambda s: (s.ops == 0, s.noisy(found.probe()),
                                         s.worst_probe(found.probe())))

    def round(self, number):
        """A sample of everything, in an order of its own; then those again that were noise."""
        order, got = list(self.plan), []
        random.Random(SEED + number).shuffle(order)
        for at, pair in enumerate(order):
            if pair in self.outcome.skipped or pair in self.outcome.failed:
                continue
            self.progress.show(number * len(order) + at, self.rounds * len(order),
                               f"round {number + 1} of {self.rounds}, {pair[0]} {pair[1]}")
            sample = self.take(pair)
            if sample:
                got.append((pair, sample))
        for pair, sample in got:
            if sample.noisy(self.outcome.probe()):
                sample = self.again(pair, sample)
            if sample and sample.ops:
                self.outcome.samples[pair].append(sample)

    def settle(self):
        """Leave out what is still noise, if not most of a figure's samples are."""
        found = self.outcome
        for pair, samples in found.samples.items():
            clean = [s for s in samples if not s.noisy(found.probe())]
            if 2 * len(clean) > len(samples):
                found.left_out += len(samples) - len(clean)
                found.samples[pair] = clean
            else:
                found.kept_noisy += len(samples) - len(clean)

    def all(self):
        begin = time.monotonic()
        self.program.start()
        try:
            for number in range(self.rounds):
                self.round(number)
        finally:
            self.program.stop()
            self.progress.end()
        self.settle()
        self.outcome.seconds = time.monotonic() - begin
        return self.outcome

    def rows(self):
        """Of the CSV, measures in their order, systems in theirs."""
        rows = []
        for measure, (unit, _) in self.program.measures.items():
            for system in self.program.systems:
                samples = self.outcome.samples.get((system, measure))
                if samples:
                    rows += stats.rows_of(system, measure, unit, samples)
        return rows
