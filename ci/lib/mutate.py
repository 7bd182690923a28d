"""Plants one mistake at a time in a copy of the sources and runs the checks that have to notice it.

    mutate.py mistakes FOLDER [part of a name]  the mistakes in FOLDER, one patch each
    mutate.py orderings FILE [part of a path]   every memory ordering of the core, weakened by one
                                                step; FILE names those that may survive, with
                                                the reason

A patch begins with `Mistake:` and the mistake in words. Then come one or more lines `Check:`. The
checks are tried in this order, and it is enough that one of them catches the mistake. A check is
the name of a test binary or of a row of `CHECKS`, then words that select tests. `models@3` explores
with three preemptions, `shuttle@50000` takes 50000 random schedules.

A patch must apply exactly and the result must compile, or the run fails: a mistake whose place is
gone is no check any more. `git apply -C1` plants one whose surroundings have changed; `git diff` is
then the new patch.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "target" / "mutations" / "tree"
# Seconds for one check. A test that hangs has noticed the mistake. A model that is not through by
# then has not: loom and shuttle themselves end a model that goes round in circles.
PATIENCE = int(os.environ.get("MUTATION_PATIENCE", "180"))

CORE = ["--no-default-features", "--features", "alloc"]
LOOM = "--cfg highwater_loom --cfg crossbeam_loom --cap-lints=warn"
PLAIN = "--cfg highwater_core_only --cap-lints=warn"
MODELS = ["test", "--release", *CORE, "--lib", "--"]
SHUTTLE = "--cfg highwater_loom --cfg highwater_shuttle --cap-lints=warn"
CHECKS = {
    "shuttle": (SHUTTLE, MODELS),
    "models": (LOOM, MODELS),
    "models32": (LOOM + " --cfg highwater_narrow", MODELS),
    "unit": (PLAIN, ["test", *CORE, "--lib", "--"]),
}
# With atomics that run an interrupt before a chosen step.
STEPS = "--cfg highwater_steps --cfg highwater_core_only --cap-lints=warn"
CHECKS["steps"] = (STEPS, ["test", "--no-default-features", "--test", "bounds", "--"])
for path in [*(ROOT / "tests").glob("*.rs"), *(ROOT / "tests").glob("*/main.rs")]:
    test = path.parent.name if path.name == "main.rs" else path.stem
    CHECKS.setdefault(test, (PLAIN, ["test", *CORE, "--test", test, "--"]))


def fresh_copy():
    """The sources as they are in the working tree, under a path of their own."""
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")
    for copied in [path for path in COPY.rglob("*") if path.is_file()]:
        if str(copied.relative_to(COPY)) not in files:
            copied.unlink()
    for name in filter(None, files):
        target = COPY / name
        if (ROOT / name).is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists() or target.read_bytes() != (ROOT / name).read_bytes():
                shutil.copyfile(ROOT / name, target)


class Misplaced(Exception):
    """A mistake that cannot be planted."""


def run_check(check, patience=PATIENCE, **extra):
    """The name of the first test that failed, or None if all passed."""
    name, *filters = check.split()
    name, _, bound = name.partition("@")
    flags, command = CHECKS[name]
    environment = dict(os.environ, RUSTFLAGS=flags, CARGO_TERM_COLOR="never", RUST_BACKTRACE="0")
    # Most of the time goes into building one crate over and over.
    environment |= {"CARGO_INCREMENTAL": "1", "CARGO_PROFILE_RELEASE_OPT_LEVEL": "2"}
    if bound:
        environment["SHUTTLE_SCHEDULES" if name == "shuttle" else "LOOM_MAX_PREEMPTIONS"] = bound
    environment |= extra
    environment["CARGO_TARGET_DIR"] = str(COPY.parent / ("plain" if flags == PLAIN else name))
    process = subprocess.Popen(
        ["cargo", *command, *filters], cwd=COPY, env=environment, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    expired = threading.Event()

    def expire():
        expired.set()
        os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(patience, expire)
    timer.start()
    failed, built, ran, log = None, False, False, []
    for line in process.stdout:
        log.append(line)
        built |= line.lstrip().startswith("Running ")
        ran |= bool(re.match(r"running [1-9]", line))
        if match := re.match(r"test (.*) \.\.\. FAILED", line):
            failed = match[1]
            os.killpg(process.pid, signal.SIGKILL)
            break
    code = process.wait()
    timer.cancel()
    if not built and not expired.is_set():
        raise Misplaced("does not compile:\n" + "".join(log[-40:]))
    if code == 0 and not ran:
        raise Misplaced(f"no such test: {check}")
    if failed or code == 0:
        return failed and f"{name} {failed}"
    if expired.is_set():
        if "loom" not in flags:
            return f"{name} (hangs)"
        print(f"  not through in {patience} s: {check}", flush=True)
        return None
    return f"{name} (ends with {code})"


def apply(patch, *options):
    """Applies a patch to the copy, which is no part of the repository around it."""
    environment = dict(os.environ, GIT_CEILING_DIRECTORIES=str(COPY.parent))
    command = ["git", "apply", *options, patch]
    process = subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True)
    if process.returncode:
        raise Misplaced(process.stderr)


def noticed(patch, checks):
    """The first failure that the checks report once the patch is applied, or None."""
    apply(patch)
    try:
        return next((failed for check in checks if (failed := run_check(check))), None)
    finally:
        apply(patch, "--reverse")


def mistakes(folder, part):
    caught = total = 0
    for patch in sorted(folder.resolve().glob("*.patch")):
        header = patch.read_text().partition("\ndiff ")[0]
        (name,) = re.findall(r"(?m)^Mistake: (.+)$", header)
        checks = re.findall(r"(?m)^Check: (.+)$", header)
        if part not in name and part not in patch.name:
            continue
        total += 1
        try:
            failed = noticed(patch, checks)
        except Misplaced as reason:
            print(f"MISPLACED {name}: {reason}", flush=True)
            continue
        caught += failed is not None
        print(f"{'caught  ' if failed else 'SURVIVED'}  {name}: {failed or ', '.join(checks)}", flush=True)
    print(f"{caught} of {total} mistakes caught")
    return 0 < total == caught


# Weaker orderings, by kind of access: one step down, and below that.
WEAKER = {
    ("load", "SeqCst"): ["Acquire", "Relaxed"], ("load", "Acquire"): ["Relaxed"],
    ("store", "SeqCst"): ["Release", "Relaxed"], ("store", "Release"): ["Relaxed"],
    ("update", "SeqCst"): ["AcqRel", "Acquire", "Release"], ("update", "AcqRel"): ["Acquire", "Release"],
    ("update", "Acquire"): ["Relaxed"], ("update", "Release"): ["Relaxed"],
}
# The check of a row without one of its own: models that are through in seconds, at two preemptions.
BROAD = "models@2 _across first_sights last_place raise_against_eviction read_ slots_are_used snapshot_against floor_against " \
        "eviction_and_return counted_once at_the_wrap a_round --skip epoch --skip colliding --skip in_one_order " \
        "--skip raise_eviction_read --skip two_evictions_at"

# The end of the copy of src/sync/mod.rs: one build serves every row.
CHOOSER = """
extern crate std;

pub(crate) fn as_chosen(place: usize, written: Ordering) -> Ordering {
    static CHOSEN: std::sync::OnceLock<Option<(usize, Ordering)>> = std::sync::OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| {
        let text = std::env::var("WEAKER_ORDERING").ok()?;
        let (place, weaker) = text.split_once(' ')?;
        let weaker = match weaker {
            "Relaxed" => Ordering::Relaxed,
            "Acquire" => Ordering::Acquire,
            "Release" => Ordering::Release,
            "AcqRel" => Ordering::AcqRel,
            _ => panic!("no such ordering"),
        };
        Some((place.parse().unwrap(), weaker))
    });
    match *chosen {
        Some((chosen, weaker)) if chosen == place => weaker,
        _ => written,
    }
}
"""


def orderings_in(text):
    """Each ordering of code that is not a test: span, kind of access, name, place in words."""
    code = text.split("#[cfg(test)]")[0].split("#[cfg(all(test")[0]
    for match in re.finditer(r"Ordering::(\w+)", code):
        calls = list(re.finditer(r"\.(load|store|swap|fetch_\w+|compare_exchange\w*)\s*\(", code[: match.start()]))
        if not calls:
            continue
        method, call = calls[-1][1], calls[-1].end()
        second = method.startswith("compare_exchange") and "Ordering::" in code[call : match.start()]
        kind = "load" if method == "load" or second else "store" if method == "store" else "update"
        function = re.findall(r"fn (\w+)", code[: match.start()])[-1]
        receiver = re.findall(r"([\w.()\[\]]+)\s*$", code[: calls[-1].start()])
        place = f"{function}: {receiver[0].split('.')[-1] if receiver else ''}.{method}{' failure' if second else ''}"
        yield match.span(1), kind, match[1], place


def parse_orderings(path):
    """The checks of the rows `ROW: CHECK; CHECK` and the reasons of the rows `ROW -- REASON`."""
    checks, reasons = {}, {}
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            row, separator, rest = re.match(r"(.*? -> \w+)(: | -- )(.+)", line).groups()
            if separator == ": ":
                checks[row] = rest.split("; ")
            else:
                reasons[row] = rest
    return checks, reasons


def plant_choices(part):
    """Lets the copy choose each ordering when it runs. Returns the rows: name, and what chooses it."""
    rows, place = [], 0
    sources = [source for folder in ("table", "key", "budget") for source in sorted((COPY / "src" / folder).glob("*.rs"))]
    for source in sources:
        file = str(source.relative_to(COPY))
        text, planted, done = source.read_text(), "", 0
        for (start, end), kind, name, where in orderings_in(text):
            weaker = WEAKER.get((kind, name), [])
            if not weaker:
                continue
            rows += [(f"{file} {where} {name} -> {to}", f"{place} {to}") for to in weaker if part in file]
            begin = start - len("Ordering::")
            planted += f"{text[done:begin]}crate::sync::as_chosen({place}, {text[begin:end]})"
            done = end
            place += 1
        source.write_text(planted + text[done:])
    sync = COPY / "src/sync/mod.rs"
    sync.write_text(sync.read_text() + CHOOSER)
    return rows


def orderings(path, part):
    checks, reasons = parse_orderings(path)
    rows = plant_choices(part)
    names = [name for name, _ in rows]
    wrong = [f"two rows of one name: {name}" for name in names if names.count(name) > 1]
    wrong += [f"no such row: {row}" for row in {**checks, **reasons} if part in row.split()[0] and row not in names]
    wrong += [f"neither check nor reason: {row}" for row in names if row not in checks and row not in reasons]
    # Builds. A check that fails without a change would notice everything.
    if failed := run_check(BROAD, patience=900):
        wrong.append(f"fails as it is: {BROAD}: {failed}")
    tried = {row: checks.get(row, [BROAD]) for row in names}
    for check in dict.fromkeys(check for row in names for check in tried[row] if check != BROAD):
        if failed := run_check(check):
            wrong.append(f"fails as it is: {check}: {failed}")
    caught = argued = 0
    for row, choice in rows if not wrong else []:
        failed = next((f for check in tried[row] if (f := run_check(check, WEAKER_ORDERING=choice))), None)
        if failed:
            caught += 1
            print(f"noticed   {row}: {failed}", flush=True)
            if row in reasons:
                wrong.append(f"noticed, so the reason given for it is wrong: {row}")
        elif row in reasons:
            argued += 1
            print(f"survives  {row}: {reasons[row]}", flush=True)
        else:
            wrong.append(f"survives, and no reason is given: {row}")
            print(f"SURVIVES  {row}: {', '.join(tried[row])}", flush=True)
    for line in wrong:
        print(f"WRONG {line}")
    print(f"{len(rows)} weaker orderings: {caught} are noticed, {argued} survive with a reason")
    return not wrong


if __name__ == "__main__":
    fresh_copy()
    command, described = sys.argv[1], Path(sys.argv[2])
    part = sys.argv[3] if len(sys.argv) > 3 else ""
    done = {"mistakes": mistakes, "orderings": orderings}[command](described, part)
    sys.exit(0 if done else 1)
