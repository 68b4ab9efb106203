# The benchmark on this machine's cores: what it computes from samples, how it repeats noise, what it
# writes, and that a queue that is broken is found out. No figure is judged.
# SPDX-License-Identifier: BSD-2-Clause
import importlib.util
import io
import os
import subprocess
import sys
import xml.etree.ElementTree

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench"))
from harness import aims, doc, run, stats, svg, table  # noqa: E402

two_cores = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")
LINE = "value 100 p50 90 p99 150 p999 400 probe 50.0 52.5 ops 1000 steps 12 dropped 2 lost 0.25"


def sample(value=100.0, probes=(50.0, 50.0), ops=1000, lost=0.0, p50=0.0, p99=0.0):
    return stats.Sample(value, p50, p99, p99, probes, ops, 0, lost)


def row(system, measure, median, unit="ns"):
    return stats.Row(system, measure, median, median * 0.9, median * 1.1, median, 5, unit)


# --- samples and rows ----------------------------------------------------------------------------

def test_a_sample_is_read():
    s = stats.Sample.read(LINE)
    assert (s.value, s.p50, s.p99, s.p999) == (100, 90, 150, 400)
    assert s.probes == (50.0, 52.5) and (s.ops, s.dropped, s.lost) == (1000, 2, 0.25)


def test_median_spread_and_percentile():
    r = stats.Row.of("x", "rtt64_ns", "ns", [5, 1, 4, 2, 3])
    assert (r.median, r.min, r.max, r.samples) == (3, 1, 5, 5)
    assert r.p99 == pytest.approx(4.96)
    assert stats.Row.of("x", "m", "ns", [1, 2]).median == 1.5
    assert stats.Row.of("x", "m", "ns", [7]).p99 == 7
    assert stats.percentile([0, 10, 20], 0.5) == 10
    assert stats.percentile([0, 10, 20], 0.25) == 5


def test_percentiles_of_single_operations_have_rows():
    rows = stats.rows_of("x", "rtt64_ns", "ns", [sample(100, p50=90, p99=200),
                                                 sample(102, p50=92, p99=300),
                                                 sample(104, p50=94, p99=250)])
    assert [r.measure for r in rows] == ["rtt64_ns", "rtt64_p50_ns", "rtt64_p99_ns",
                                         "rtt64_p999_ns"]
    assert rows[0].median == 102 and rows[0].p99 == 250 and rows[1].median == 92
    assert [r.measure for r in stats.rows_of("x", "rpc1_ns", "ns", [sample()])] == ["rpc1_ns"]


@pytest.mark.parametrize("s, noisy", [
    (sample(), False),
    (sample(probes=(50 * 1.29, 50)), False),
    (sample(probes=(50, 50 * 1.31)), True),
    (sample(probes=(50 / 1.31, 50)), True),
    (sample(probes=(0, 50)), True),
    (sample(lost=0.51), True),
    (sample(lost=0.5), False),
    (sample(ops=0), True),
])
def test_noise(s, noisy):
    assert s.noisy(50.0) is noisy


def test_csv():
    rows = [row("limit-cas", "rtt64_ns", 64.25), row("skerry", "move1m_us", 0.125, "us")]
    text = stats.as_csv(rows)
    assert text.splitlines()[0] == "system,measure,median,min,max,p99,samples,unit"
    assert text.splitlines()[1] == "limit-cas,rtt64_ns,64.25,57.825,70.675,64.25,5,ns"
    assert stats.as_csv(stats.from_csv(text)) == text
    with pytest.raises(ValueError):
        stats.from_csv("a,b\n1,2\n")


# --- a run ---------------------------------------------------------------------------------------

class Scripted:
    """A program whose answers are written down: a list for each (system, measure), the last one
    again and again."""
    measures = {"rtt64_ns": ("ns", "round trip")}
    systems = {"a": (True, "processes", ""), "b": (True, "processes", "")}

    def __init__(self, answers):
        self.answers, self.asked = answers, []

    def start(self):
        pass

    def stop(self):
        pass

    def sample(self, system, measure, ms):
        self.asked.append(system)
        script = self.answers[system]
        return tuple((script.pop(0) if len(script) > 1 else script[0]).split(" ", 1))


def said(value, probe=50.0, ops=10):
    return (f"sample value {value} p50 0 p99 0 p999 0 probe {probe} {probe} ops {ops} steps 1 "
            "dropped 0 lost 0")


def scripted(answers, rounds):
    program = Scripted(answers)
    one = run.Run(program, [(s, "rtt64_ns") for s in answers], rounds, 1,
                  run.Progress(io.StringIO()))
    return program, one, one.all()


def test_rounds_are_interleaved():
    program, one, found = scripted({"a": [said(1)], "b": [said(2)]}, 4)
    assert [sorted(program.asked[i:i + 2]) for i in range(0, 8, 2)] == [["a", "b"]] * 4
    assert [(r.system, r.median, r.samples) for r in one.rows()] == [("a", 1, 4), ("b", 2, 4)]
    assert (found.taken, found.repeated, found.kept_noisy) == (8, 0, 0)


def test_noise_is_taken_again_and_counted():
    _, one, found = scripted({"a": [said(1)], "b": [said(2), said(99, probe=200), said(3)]}, 4)
    assert (found.repeated, found.kept_noisy) == (1, 0)
    assert sorted(s.value for s in found.samples["b", "rtt64_ns"]) == [2, 3, 3, 3]


def test_repetition_has_an_end():
    _, one, found = scripted({"a": [said(1)], "b": [said(2, probe=200)], "c": [said(3)]}, 10)
    assert 0 < found.repeated <= run.REPEATED_MOST * 30 + run.TRIES
    assert found.kept_noisy == len(found.samples["b", "rtt64_ns"]) == 10


def test_noise_that_stays_is_left_out_if_it_is_the_exception():
    noise = said(99, probe=200)
    _, one, found = scripted({"a": [said(1)], "b": [said(2), noise, noise, noise, said(3)],
                              "c": [said(4)]}, 6)
    assert (found.repeated, found.left_out, found.kept_noisy) == (2, 1, 0)
    assert sorted(s.value for s in found.samples["b", "rtt64_ns"]) == [2, 3, 3, 3, 3]


def test_what_cannot_be_measured_is_said_once():
    program, one, found = scripted({"a": [said(1)], "b": ["skipped no such queue here"]}, 3)
    assert found.skipped == {("b", "rtt64_ns"): "no such queue here"}
    assert program.asked.count("b") == 1 and [r.system for r in one.rows()] == ["a"]
    _, one, found = scripted({"a": [said(1)], "b": [said(2), "failed message 7"]}, 3)
    assert found.failed == {("b", "rtt64_ns"): "message 7"}
    assert [r.system for r in one.rows()] == ["a"]


# --- what is written -----------------------------------------------------------------------------

ROWS = [row("limit-cas", "rtt64_ns", 100), row("skerry-ring", "rtt64_ns", 110),
        row("pipe", "rtt64_ns", 2000), row("ck_ring", "rtt64_ns", 220),
        row("limit-lines", "stream64_mps", 600, "mps"),
        row("skerry-ring", "stream64_mps", 390, "mps"), row("ck_ring", "stream64_mps", 300, "mps")]


def ratios(rows):
    return {r.text: r for r in aims.Ratios(rows).all()}


def test_ratios_are_of_medians_with_the_range_that_both_spreads_allow():
    found = ratios(ROWS)
    one = found["skerry-ring: round trip / limit-cas"]
    assert (one.found, one.least, one.most) == pytest.approx((1.1, 99 / 110, 121 / 90))
    assert str(one.aim) == "at most 1.2" and one.cell() == "1.10 (0.90–1.34)"
    assert found["skerry-ring: round trip / best peer, ck_ring"].found == pytest.approx(0.5)
    assert found["skerry-ring: stream, ring 64 / best peer, ck_ring"].found == pytest.approx(1.3)
    assert not any("RPC" in text or "best of all" in text for text in found)


def test_published_designs_are_no_peers_but_count_where_it_is_said():
    found = ratios(ROWS + [row("ump", "rtt64_ns", 100), row("lamport", "stream64_mps", 200, "mps")])
    assert found["skerry-ring: round trip / best peer, ck_ring"].found == pytest.approx(0.5)
    text = "skerry-ring: round trip / best of all, published designs too, ump"
    assert found[text].found == pytest.approx(1.1)
    assert not any("stream" in text and "best of all" in text for text in found)


@pytest.mark.parametrize("sense, bound, found, least, most, verdict", [
    ("at most", 1.2, 1.1, 1.0, 1.19, "met"),
    ("at most", 1.2, 1.1, 1.0, 1.21, "met, within noise"),
    ("at most", 1.2, 1.5, 1.3, 1.6, "missed by 25 %"),
    ("at most", 1, 1.04, 0.9, 1.1, "missed by 4.0 %, within noise"),
    ("at least", 1.3, 1.3, 1.3, 1.3, "met, within noise"),
    ("at least", 1.3, 1.04, 1.0, 1.1, "missed by 20 %"),
    ("at least", 1.3, 2.0, 1.9, 2.1, "met"),
])
def test_verdicts(sense, bound, found, least, most, verdict):
    assert aims.Ratio("x", found, least, most, aims.Aim(sense, bound)).verdict() == verdict


def test_a_ratio_without_an_aim_is_not_judged():
    found = ratios(ROWS + [row("limit-pair", "rtt64_ns", 100)])
    assert found["skerry-ring: round trip / limit-pair"].verdict() == "no aim"


def test_ratios_are_printed_with_range_and_verdict():
    text = "\n".join(aims.as_text(ROWS))
    assert "1.10 (0.90–1.34)  at most 1.2   met, within noise" in text
    lines = aims.as_markdown(ROWS)
    assert len({line.count("|") for line in lines}) == 1
    assert any(line.endswith("| 0.50 (0.41–0.61) | at most 1 | met |") for line in lines)


def test_table_and_markdown():
    text = "\n".join(table.as_text(ROWS))
    assert "Round trip and stream" in text and "limit-cas" in text and "110.0 (99.0–121.0)" in text
    lines = table.as_markdown(ROWS)
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1
    assert any(line.startswith("| **skerry-ring** | 110.0") for line in lines)


def test_the_budget_stands_beside_the_wake_up_that_was_found():
    rows = [row("skerry-sleep", "asleep_us", 50, "us"), row("skerry-adaptive", "soon_us", 30, "us")]
    for lines in (table.as_text(rows), table.as_markdown(rows)):
        text = " ".join(" ".join(lines).split())
        assert "looks for 150 µs" in text and "took 50.0 (45.0–55.0) µs here" in text
        assert "the budget is 3.0 times as long" in text
    assert "wake-ups" not in "\n".join(table.as_text(rows[1:]))
    with open(os.path.join(ROOT, "bench/native/skerry_area.h"), encoding="utf-8") as f:
        assert f"#define SKY_BUDGET_NS {table.ADAPTIVE_US * 1000}u" in f.read()


def test_what_many_clients_measure_is_said_beside_their_table():
    rows = [row("skerry", "clients2_ns", 1000)]
    assert "measure yields" in " ".join(" ".join(table.as_text(rows)).split())
    assert any("skerry-adaptive does not yield" in line for line in table.as_markdown(rows))
    assert "yield" not in "\n".join(table.as_text(ROWS) + table.as_markdown(ROWS))


def test_pictures_are_xml_with_a_bar_for_each_row():
    about = {"rtt64_ns": "round trip <64>", "stream64_mps": "stream"}
    for text, rows in ((svg.full(ROWS, about), 7), (svg.small(ROWS), 7)):
        root = xml.etree.ElementTree.fromstring(text)
        bars = [e for e in root if e.tag.endswith("rect")]
        assert len(bars) == 1 + rows
        words = [e.text for e in root if e.tag.endswith("text")]
        assert words.count("skerry-ring") == 2 and words.count("pipe") == 1
        assert max(float(e.get("x", 0)) for e in root) < float(root.get("width"))


def test_the_picture_names_the_ring_of_a_channels_stream():
    rows = ROWS + [row("skerry", "stream16_mps", 20, "mps"), row("ump", "stream16_mps", 30, "mps")]
    root = xml.etree.ElementTree.fromstring(svg.small(rows))
    words = [e.text for e in root if e.tag.endswith("text")]
    assert words.count("skerry (ring of 16)") == 1 and "skerry" not in words and "ump" not in words
    assert svg.kind("skerry (ring of 16)") == "ours"


def test_scales():
    log, linear = svg.Scale(ROWS[:4]), svg.Scale(ROWS[4:])
    assert log.log and not linear.log
    assert linear.at(300) * 2 == pytest.approx(linear.at(600))
    assert log.at(1000) - log.at(100) == pytest.approx(log.at(100) - log.at(10))
    assert all(0 <= s.at(r.max) <= svg.WIDE for s, part in ((log, ROWS[:4]), (linear, ROWS[4:]))
               for r in part)


def test_the_page_keeps_what_is_ours(tmp_path):
    (tmp_path / "docs").mkdir()
    page = tmp_path / doc.PAGE
    page.write_text(f"before\n{doc.AIMS_BEGIN}\nold\n{doc.AIMS_END}\nwhy\n"
                    f"{doc.BEGIN}\nold\n{doc.END}\nafter\n")
    for _ in range(2):  # the second time nothing grows
        doc.write(tmp_path, ROWS, {"rtt64_ns": "round trip"}, ["note"])
        text = page.read_text()
    assert text.startswith(f"before\n{doc.AIMS_BEGIN}\n") and "\nwhy\n" in text and text.endswith(f"{doc.END}\nafter\n")
    assert "old" not in text and text.count("skerry-ring: round trip / limit-cas") == 1
    assert (tmp_path / doc.FOLDER / "figures.csv").read_text() == stats.as_csv(ROWS)
    page.write_text(text.replace(doc.machine(), "a machine far away"))
    doc.write(tmp_path, ROWS, {}, ["nothing"], again=True)
    assert page.read_text() == text.replace(doc.machine(), "a machine far away")
    page.write_text("no marks\n")
    with pytest.raises(ValueError):
        doc.write(tmp_path, ROWS, {}, [])


def test_the_page_of_the_repository_has_the_marks():
    with open(os.path.join(ROOT, doc.PAGE), encoding="utf-8") as f:
        text = f.read()
    for mark in (doc.BEGIN, doc.END, doc.AIMS_BEGIN, doc.AIMS_END):
        assert text.count(mark) == 1


# --- the command, and the program ----------------------------------------------------------------

@pytest.mark.parametrize("arguments, message", [
    (["--fast"], "unrecognized arguments: --fast"),
    (["--rounds", "0"], "--rounds takes 1 to 1000"),
    (["--ms", "0"], "--ms takes 1 to 5000"),
    (["--ms", "soon"], "invalid float value"),
    (["--csv"], "expected one argument"),
    (["--csv", "/nowhere/at/all.csv"], "there is no folder /nowhere/at"),
    (["all"], "unrecognized arguments: all"),
])
def test_wrong_command_line(tool, arguments, message):
    result = tool("bench/native.py", *arguments)
    assert result.returncode == 2 and result.stdout == ""
    assert message in result.stderr and result.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def native():
    spec = importlib.util.spec_from_file_location("native", os.path.join(ROOT, "bench/native.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_help_has_ranges_and_defaults(tool):
    result = tool("bench/native.py", "--help")
    text = " ".join(result.stdout.split())
    assert result.returncode == 0 and text.startswith("usage: ./skerry bench native ")
    assert "samples of everything: 1 to 1000; 9, with --quick 3" in text
    assert "milliseconds of a sample: 1 to 5000; 60, with --quick 12" in text


@pytest.mark.parametrize("time, text", [(0, "0.0 s"), (0.26, "0.3 s"), (9.94, "9.9 s"),
                                        (9.96, "10 s"), (123.4, "123 s")])
def test_short_times_have_tenths(native, time, text):
    assert native.seconds(time) == text


def test_missing_peers_are_named_and_the_rest_goes_on(native, capsys):
    program = Scripted({})
    program.has, program.absent = {("a", "rtt64_ns")}, {"ck_ring": "libck-dev"}
    parser = native.Parser(prog="x")
    args = parser.parse_args([])
    args.systems, args.measures = None, None
    assert native.plan_of(parser, program, args) == [("a", "rtt64_ns")]
    assert "ck_ring is left out: libck-dev is missing" in capsys.readouterr().err
    args.systems = "ck_ring"
    with pytest.raises(SystemExit):
        native.plan_of(parser, program, args)


@pytest.fixture(scope="module")
def program():
    """The program, built."""
    done = subprocess.run(["make", "-s", f"-j{os.cpu_count()}", "bench-native"], cwd=ROOT,
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return os.path.join(ROOT, "build/bench/native")


@pytest.mark.parametrize("arguments, status", [
    ([], 2), (["--what"], 2), (["limit-cas"], 2), (["nobody", "rtt64_ns"], 2),
    (["limit-cas", "nothing"], 2), (["limit-cas", "stream64_mps"], 2),
    (["skerry", "stream64_mps"], 2), (["skerry-adaptive", "stream1024_mps"], 2),
    (["limit-cas", "rtt64_ns", "0"], 2), (["limit-cas", "rtt64_ns", "5", "0"], 2),
])
def test_wrong_words_for_the_program(program, arguments, status):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == status and done.stdout == "" and done.stderr


def test_one_core_is_an_error(program):
    def one_core():
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    done = subprocess.run([program, "limit-cas", "rtt64_ns"], capture_output=True, text=True,
                          preexec_fn=one_core, timeout=60)
    assert done.returncode == 1 and "two cores are needed" in done.stderr


@two_cores
@pytest.mark.parametrize("system", ["broken-loses", "broken-early", "broken-stale"])
def test_a_broken_queue_is_found_out(program, system):
    done = subprocess.run([program, system, "stream64_mps", "20", "1"], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout.startswith("failed message ") and "not what was sent" in done.stdout


@two_cores
def test_a_short_run(tool, program, tmp_path):
    """Every kind of measure by the systems that are always there."""
    csv, picture = tmp_path / "a.csv", tmp_path / "a.svg"
    measures = ["rtt64_ns", "stream16_mps", "stream64_mps", "asleep_us", "copy4k_gbps", "rpc8_ns",
                "clients4_ns", "idle64_ns", "move4k_touched_us", "soon_us"]
    systems = ["limit-cas", "limit-lines", "skerry-ring", "skerry", "skerry-sleep",
               "skerry-adaptive", "ump", "b-queue", "pipe", "unix"]
    result = tool("bench/native.py", "--systems", ",".join(systems), "--measures",
                  ",".join(measures), "--rounds", "2", "--ms", "3", "--csv", csv, "--svg", picture)
    assert result.returncode == 0, result.stdout + result.stderr
    rows = stats.from_csv(csv.read_text())
    by = {(r.system, r.measure): r for r in rows}
    assert {s for s, _ in by} == set(systems)
    assert ("skerry", "stream16_mps") in by and ("skerry", "stream64_mps") not in by
    assert {m for _, m in by} >= set(measures) | {"rtt64_p50_ns", "rtt64_p99_ns", "rtt64_p999_ns"}
    for r in rows:
        assert 0 < r.min <= r.median <= r.max, r
        assert r.samples in (1, 2), r  # a sample whose every step the machine stalled is left out
    assert "skerry-ring: round trip / limit-cas" in result.stdout
    assert "round 1 of 2" in result.stderr and "round 1 of 2" not in result.stdout  # the progress
    xml.etree.ElementTree.fromstring(picture.read_text())
    again = tool("bench/native.py", "--from", csv)
    assert again.returncode == 0 and "skerry-ring: round trip / limit-cas" in again.stdout
