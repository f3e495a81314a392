#!/usr/bin/env python3
"""Runs the onnx package's backend tests through compiled libraries.

Each model is compiled by `dlc compile`, loaded in a child process (a crash or a hang is a failure, not the end) and
compared with the suite's own tolerances, dtypes and shapes. not-passing.txt lists what does not pass, with the class of the
reason; it may only shrink: the run fails when a listed test passes, when an unlisted one does not, or when one fails for
another reason than the one listed. Example:

    test/conformance/run.py --filter 'node/softmax.*' -v
"""
import argparse
import collections
import hashlib
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tools", "python"), os.path.dirname(os.path.abspath(__file__))]
import cases as suite
import dlc

LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "not-passing.txt")
PASSED, UNSUPPORTED = "passed", "unsupported"
COMPILE_EXIT = {2: "refused", 3: UNSUPPORTED, 4: "internal"}


class Failure(Exception):
    def __init__(self, reason, detail):
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def compile_case(case, options):
    """Path of the library, from the cache when this model was compiled by this very dlc."""
    folder = os.path.join(options.cache, hashlib.sha256(options.dlc_hash + case.model).hexdigest()[:24])
    library = os.path.join(folder, "libmodel.so")
    if os.path.exists(library):
        return library
    os.makedirs(folder, exist_ok=True)
    model = os.path.join(folder, "model.onnx")
    with open(model, "wb") as f:
        f.write(case.model)
    command = [options.dlc, "compile", model, "-o", folder, "--name", "model", "--json"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=options.timeout)
    except subprocess.TimeoutExpired:
        raise Failure("compile-timeout", f"more than {options.timeout} s") from None
    if done.returncode != 0:
        reason = COMPILE_EXIT.get(done.returncode, "compile-crash")
        try:
            findings = json.loads(done.stdout)["diagnostics"]
            detail = "; ".join(f["message"] for f in findings[:3])
        except (ValueError, KeyError, TypeError):
            detail = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or f"exit {done.returncode}"
        raise Failure(reason, str(detail))
    return library


def compare(name, actual, expected, case):
    """As onnx.backend.test.runner.Runner.assert_similar_outputs."""
    if not isinstance(expected, np.ndarray):
        expected = np.asarray(expected)
    if actual.dtype != expected.dtype:
        raise Failure("dtype", f"{name}: {actual.dtype} instead of {expected.dtype}")
    if actual.shape != expected.shape:
        raise Failure("shape", f"{name}: {actual.shape} instead of {expected.shape}")
    rtol = case.rtol
    if expected.dtype.isbuiltin == 2:  # of ml_dtypes, which not all of numpy knows
        if expected.dtype.name == "bfloat16":
            rtol = max(rtol, 2**-6)
        actual, expected = actual.astype(np.float32), expected.astype(np.float32)
    try:
        np.testing.assert_allclose(actual, expected, rtol=rtol, atol=case.atol)
    except AssertionError as e:
        lines = [line.strip() for line in str(e).splitlines() if "difference" in line or "Mismatched" in line]
        raise Failure("value", f"{name}: " + ", ".join(lines)) from None


def run_case(case, library):
    model = dlc.Model(library)
    try:
        for inputs, expected in case.data:
            outputs = model.run(inputs)
            if len(outputs) != len(expected):
                raise Failure("outputs", f"{len(outputs)} outputs instead of {len(expected)}")
            for (name, actual), reference in zip(outputs.items(), expected):
                compare(name, actual, reference, case)
    except dlc.ModelError as e:
        raise Failure("status", str(e)) from None


def in_child(function, timeout):
    """Calls function() in a forked child; its Failure, or its death, becomes a Failure here."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        verdict = ("internal", "no verdict")
        try:
            os.close(reader)
            function()
            verdict = (PASSED, "")
        except Failure as e:
            verdict = (e.reason, e.detail)
        except BaseException as e:  # the child must not return into the pool
            verdict = ("error", f"{type(e).__name__}: {e}")
        finally:
            os.write(writer, json.dumps(verdict).encode()[:60000])
            os._exit(0)
    os.close(writer)
    deadline = time.monotonic() + timeout
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            break
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(reader)
            raise Failure("run-timeout", f"more than {timeout} s")
        time.sleep(0.002)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    if os.WIFSIGNALED(status) or not answer:
        raise Failure("crash", signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "no verdict")
    reason, detail = json.loads(answer)
    if reason != PASSED:
        raise Failure(reason, detail)


def judge(index):
    case, options = ALL[index], OPTIONS
    try:
        library = compile_case(case, options)
        in_child(lambda: run_case(case, library), options.timeout)
        return index, PASSED, ""
    except Failure as e:
        return index, e.reason, e.detail


def read_list():
    if not os.path.exists(LIST):
        return {}
    with open(LIST) as f:
        return dict(line.split() for line in f if line.strip() and not line.startswith("#"))


def write_list(entries):
    with open(LIST, "w") as f:
        f.write("# Tests of the onnx backend suite that do not pass yet, and why. May only shrink: see run.py.\n")
        f.writelines(f"{name} {reason}\n" for name, reason in sorted(entries.items()))


def judge_list(verdicts, listed, every_name):
    """Messages about each disagreement between the verdicts and the list."""
    problems = [f"{name} is listed, but there is no such test" for name in listed if name not in every_name]
    for name, reason in verdicts.items():
        if reason == PASSED and name in listed:
            problems.append(f"{name} passes now: remove it from not-passing.txt (--update does)")
        elif reason != PASSED and name not in listed:
            problems.append(f"{name} does not pass ({reason}), and is not in not-passing.txt")
        elif reason != PASSED and listed[name] != reason:
            problems.append(f"{name} is listed as {listed[name]}, but it is {reason} now (--update writes it)")
    return problems


def table(verdicts, cases):
    """Markdown: passed of all, by op and dtype, for the node tests."""
    counts = collections.defaultdict(lambda: [0, 0])
    for case in cases:
        if case.op and case.name in verdicts:
            cell = counts[case.op, case.dtype]
            cell[0] += verdicts[case.name] == PASSED
            cell[1] += 1
    ops = sorted({op for op, _ in counts})
    dtypes = sorted({d for _, d in counts}, key=lambda d: -sum(c[1] for (_, t), c in counts.items() if t == d))
    lines = ["| op | " + " | ".join(dtypes) + " |", "|---" * (len(dtypes) + 1) + "|"]
    for op in ops:
        row = [f"{counts[op, d][0]}/{counts[op, d][1]}" if (op, d) in counts else "" for d in dtypes]
        lines.append(f"| {op} | " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dlc", default=os.path.join(ROOT, "build", "bin", "dlc"))
    parser.add_argument("--filter", default="", help="regular expression that a whole name (node/abs) must match")
    parser.add_argument("--sample", type=int, help="only so many tests, the same ones each time")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=60, help="seconds for one compile, and for one run")
    parser.add_argument("--cache", default=os.path.join(tempfile.gettempdir(), f"dlc-conformance-{os.getuid()}"))
    parser.add_argument("--markdown", help="write the op x dtype table here")
    parser.add_argument("--update", action="store_true", help="remove from the list what passes now, refresh reasons")
    parser.add_argument("--create-list", action="store_true", help="write the list anew, with whatever does not pass")
    parser.add_argument("-v", "--verbose", action="store_true", help="print each test that does not pass")
    return parser.parse_args()


def select(cases, options):
    if options.filter:
        cases = [c for c in cases if re.fullmatch(options.filter, c.name)]
    if options.sample and options.sample < len(cases):
        cases = sorted(cases, key=lambda c: hashlib.sha256(c.name.encode()).digest())[: options.sample]
    return sorted(cases, key=lambda c: c.name)


def main():
    global ALL, OPTIONS
    OPTIONS = options = parse_arguments()
    with open(options.dlc, "rb") as f:
        options.dlc_hash = hashlib.sha256(f.read()).digest()
    started = time.monotonic()
    every = [case for kind in suite.KINDS for case in suite.load(kind)]
    ALL = select(every, options)
    verdicts, details = {}, {}
    # Workers inherit the cases by fork: they are too large to send.
    with multiprocessing.get_context("fork").Pool(options.jobs) as pool:
        for n, (index, reason, detail) in enumerate(pool.imap_unordered(judge, range(len(ALL)), chunksize=4), 1):
            verdicts[ALL[index].name], details[ALL[index].name] = reason, detail
            if sys.stderr.isatty():
                print(f"\r{n}/{len(ALL)}", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)

    listed = read_list()
    if options.create_list:
        listed = {name: reason for name, reason in verdicts.items() if reason != PASSED}
        write_list(listed)
    elif options.update:
        for name in list(listed):
            if verdicts.get(name, listed[name]) == PASSED:
                del listed[name]
            else:
                listed[name] = verdicts.get(name, listed[name])
        write_list(listed)
    problems = judge_list(verdicts, listed, {case.name for case in every})

    if options.verbose:
        for name, reason in verdicts.items():
            if reason != PASSED:
                print(f"{name}: {reason}: {details[name]}")
    for problem in problems:
        name = problem.split()[0]
        print(f"error: {problem}" + (f"\n  | {details[name]}" if details.get(name) else ""))
    for kind in suite.KINDS:
        of_kind = [reason for name, reason in verdicts.items() if name.startswith(kind + "/")]
        if of_kind:
            passed, unsupported = of_kind.count(PASSED), of_kind.count(UNSUPPORTED)
            print(f"{kind:18} {passed:5} passed {len(of_kind) - passed - unsupported:5} failed {unsupported:5} unsupported")
    reasons = collections.Counter(r for r in verdicts.values() if r not in (PASSED, UNSUPPORTED))
    if reasons:
        print("failed by reason:  " + ", ".join(f"{reason} {count}" for reason, count in reasons.most_common()))
    print(f"{len(verdicts)} tests in {time.monotonic() - started:.0f} s")
    if options.markdown:
        with open(options.markdown, "w") as f:
            f.write(table(verdicts, ALL))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
