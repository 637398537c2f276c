"""What both benchmarks share: run a command line and measure it, count its requests, keep the rows of the table."""
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

work = Path(tempfile.mkdtemp(prefix="virtwork-bench-"))
# Interleaved runs of compared variants.
RUNS = 3

# Runs a command line and writes its seconds, peak memory in kB and status. It is a process of its own, because the peak of a forked
# process includes its parent's memory.
WATCHER = """
import os, sys, time
begin = time.monotonic()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
print(time.monotonic() - begin, usage.ru_maxrss, os.waitstatus_to_exitcode(status), file=open(sys.argv[1], "w"))
"""


def run(*words, status=0):
    """Runs a command line, which must end with `status`: seconds, peak memory in MB, its output."""
    words = [str(word) for word in words]
    with open(work / "stderr", "w") as errors:
        watcher = subprocess.run([sys.executable, "-S", "-c", WATCHER, work / "usage", *words], stdout=subprocess.PIPE, stderr=errors, text=True)
    seconds, peak, code = (work / "usage").read_text().split()
    out, err = watcher.stdout, (work / "stderr").read_text()
    if int(code) != status:
        sys.exit(f"bench: FAILED, exit status {code}: {' '.join(words)}\n{out[-2000:]}\n{err[-2000:]}")
    return float(seconds), int(peak) / 1024, out, err


def requests(stderr):
    """Requests by verb, of the plugin's own account with -v=6."""
    lines = re.findall(r"\b(GET|POST|PATCH|PUT|DELETE) (\S+) \S+", stderr)
    watches = sum("watch=true" in url for _, url in lines)
    lists = sum(verb == "GET" and "limit=" in url for verb, url in lines)
    writes = sum(verb != "GET" and "selfsubjectaccessreviews" not in url for verb, url in lines)
    deletes = sum(verb == "DELETE" for verb, _ in lines)
    return {"all": len(lines), "lists": lists, "watches": watches, "writes": writes, "deletes": deletes}


def interleaved(**variants):
    """Medians of three rounds of each variant: a function that gives seconds."""
    seconds = {name: [] for name in variants}
    for _ in range(RUNS):
        for name, variant in variants.items():
            seconds[name].append(variant())
            print(f"  {name}: {seconds[name][-1]:.2f} s", file=sys.stderr)
    return {name: statistics.median(values) for name, values in seconds.items()}


rows = []


def row(what, goal, value, good, detail):
    rows.append(f"| {what} | {goal} | **{value}**{'' if good else ' (missed)'} | {detail} |")
    print(rows[-1], file=sys.stderr)


def ratio(what, medians, ours, theirs, limit):
    value = medians[ours] / medians[theirs]
    row(what, f"≤ {limit:.3g}", f"{value:.3f}", value <= limit, f"{medians[ours]:.2f} s / {medians[theirs]:.2f} s")


def print_rows():
    print("| | goal | result | |\n|---|---|---|---|")
    print("\n".join(rows))
