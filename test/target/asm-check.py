"""Fails if an innermost loop of generated code spills a vector register or calls a function.

Usage: asm-check.py [--allow-call NAME]... [--only REGEX] [--verbose] [FILE.s]

Reads assembly text (standard input without FILE) in AT&T syntax. Text that dlc or kernel-asm wrote carries LLVM's
comments on loops and spills, which are believed; in other text (objdump) a loop is what a backward jump closes, and a
vector stored relative to the stack pointer, without an index register, is a spill. A constant that finds no register
and is read from the stack instead is no spill: nothing is stored in the loop, and it costs what any constant in memory
does.
Exit status: 0 none found, 1 some found, 2 no innermost loop in the text.
"""
import argparse
import re
import sys

LABEL = re.compile(r"^(?:[0-9a-f]+ <)?\"?([.\w$-]+)\"?>?:")
JUMP = re.compile(r"^j\w+\s+(?:[0-9a-f]+ <)?([.\w$+-]+)")
CALL = re.compile(r"^call\w*\s+(?:[0-9a-f]+ <)?\*?%?([\w.$]+)")
SPILL = re.compile(r"\d+-byte (?:Folded )?Spill")
STACK = re.compile(r"\(%rsp\)$")
VECTOR = re.compile(r"%[xyz]mm\d")


class Block:
    def __init__(self, label):
        self.label, self.lines, self.header, self.inner = label, [], None, False


def parse(text):
    """Functions as lists of blocks, in the order of the text."""
    functions = []
    for line in text.splitlines():
        code, _, comment = line.partition("#")
        label = LABEL.match(code)
        block_comment = re.match(r"\s*(%bb\.\d+):", comment)
        if label and not label[1].startswith(".L") and not label[1].startswith("BB"):
            functions.append([Block(label[1])])
        elif label or block_comment:
            if not functions:
                continue
            functions[-1].append(Block(label[1] if label else block_comment[1]))
        if not functions:
            continue
        block = functions[-1][-1]
        if "Inner Loop Header" in comment:
            block.header, block.inner = block.label, True
        elif "in Loop: Header=" in comment:
            block.header = ".L" + re.search(r"Header=(\w+)", comment)[1]
        if code.strip() and not label and not code.strip().startswith("."):
            block.lines.append((code.strip(), comment.strip()))
    return functions


def annotate_by_jumps(blocks):
    """Innermost loops as ranges of blocks that a backward jump closes."""
    position = {block.label: i for i, block in enumerate(blocks)}
    ranges = []
    for i, block in enumerate(blocks):
        for code, _ in block.lines:
            jump = JUMP.match(re.sub(r"^[0-9a-f]+:\s+(?:[0-9a-f]{2} )+\s*", "", code))
            if jump and position.get(jump[1], i + 1) <= i:
                ranges.append((position[jump[1]], i))
    for first, last in ranges:
        if any(first <= a and b <= last and (a, b) != (first, last) for a, b in ranges):
            continue
        for block in blocks[first : last + 1]:
            block.header = blocks[first].label
        blocks[first].inner = True


def problems_of(block, annotated, allowed):
    for code, comment in block.lines:
        code = re.sub(r"^[0-9a-f]+:\s+(?:[0-9a-f]{2} )+\s*", "", code)
        call = CALL.match(code)
        if call and call[1].split("@")[0] not in allowed:
            yield "call", code
        if not VECTOR.search(code):
            continue
        spilled = SPILL.search(comment) if annotated else STACK.search(code)
        if spilled:
            yield "spill", code


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("file", nargs="?")
    options.add_argument("--allow-call", action="append", default=[], metavar="NAME")
    options.add_argument("--only", default="", metavar="REGEX", help="look at functions in whose names this is found")
    options.add_argument("--verbose", action="store_true", help="print how many loops were looked at")
    arguments = options.parse_args()
    text = open(arguments.file).read() if arguments.file else sys.stdin.read()
    annotated = "Loop Header" in text
    loops, found = 0, 0
    for blocks in parse(text):
        if not re.search(arguments.only, blocks[0].label):
            continue
        if not annotated:
            annotate_by_jumps(blocks)
        inner = {block.label for block in blocks if block.inner}
        loops += len(inner)
        for block in blocks:
            if block.header not in inner:
                continue
            for kind, code in problems_of(block, annotated, arguments.allow_call):
                found += 1
                print(f"error: {blocks[0].label}: {kind} in inner loop {block.header}: {code}")
    if arguments.verbose or not loops:
        print(f"{loops} inner loops, {found} problems")
    return 1 if found else 0 if loops else 2


if __name__ == "__main__":
    sys.exit(main())
