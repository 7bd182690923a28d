"""Asks Prometheus who used most memory on two hosts, until the answer is of windows that both hosts
still keep, and compares it with the merge of their snapshots.

    prometheus.py http://PROMETHEUS HOST HOST
"""

import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

PROMETHEUS, *HOSTS = sys.argv[1:]
TOP = 5
DEADLINE = time.monotonic() + 90


def get(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


def query(expression, at):
    parameters = urllib.parse.urlencode({"query": expression, "time": f"{at:.3f}"})
    return get(f"{PROMETHEUS}/api/v1/query?{parameters}")["data"]["result"]


def merge(snapshots):
    """As Snapshot::merge."""
    bound = max(snapshot["untracked_at_most"] for snapshot in snapshots)
    peaks = {}
    for snapshot in snapshots:
        for principal, peak in snapshot["entries"]:
            peaks[principal] = max(peak, peaks.get(principal, 0))
    return {principal: peak for principal, peak in peaks.items() if peak >= bound}


def attempt():
    """The windows, and both answers, if they are of the same windows."""
    at = time.time()
    windows = {row["metric"]["instance"]: int(row["value"][1]) for row in query("wasm_guest_memory_window", at)}
    if set(windows) != set(HOSTS) or min(windows.values()) == 0:
        return None
    answer = query(f"topk({TOP}, max by (principal) (wasm_guest_memory_peak_bytes))", at)
    answer = {row["metric"]["principal"]: int(row["value"][1]) for row in answer}
    snapshots = [get(f"http://{host}/snapshot/{windows[host]}") for host in HOSTS]
    ranked = sorted(merge(snapshots).items(), key=lambda entry: -entry[1])
    cut = ranked[TOP - 1][1]
    # Of principals that tie at the cut, Prometheus may list any.
    certain = {principal: peak for principal, peak in ranked if peak > cut}
    tied = {principal for principal, peak in ranked if peak == cut}
    right = len(answer) == TOP and all(answer.get(principal) == peak for principal, peak in certain.items())
    others = {principal: peak for principal, peak in answer.items() if principal not in certain}
    right = right and all(principal in tied and peak == cut for principal, peak in others.items())
    return windows, answer, dict(ranked[:TOP]), right


good = 0
while time.monotonic() < DEADLINE:
    time.sleep(1)
    try:
        made = attempt()
    except (OSError, urllib.error.URLError):
        continue  # Prometheus has not begun, or a window is no longer kept.
    if made is None:
        continue
    windows, answer, expected, right = made
    if not right:
        sys.exit(f"windows {windows}: Prometheus says {answer}, the snapshots {expected}")
    good += 1
    print(f"windows {sorted(windows.values())}: " + ", ".join(f"{who} {peak}" for who, peak in answer.items()))
    if good == 5:
        print("5 answers of Prometheus equal the merged snapshots")
        sys.exit()
sys.exit("Prometheus has not scraped both hosts in 90 seconds")
