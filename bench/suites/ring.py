# SPDX-License-Identifier: BSD-2-Clause
"""The data calls without a kernel. Instructions once per case, because they do not vary; time in every round."""
import parse
import processes


def cases():
    """Name and arguments."""
    for call in ("rx", "tx"):
        for n in (1, 4, 16, 64, 256):
            yield f"{call}-batch-{n}", f"{call} --batch {n}"
            yield f"{call}-floor-batch-{n}", f"{call} --batch {n} --floor"
        for n in (256, 1024, 16384, 65536):
            yield f"{call}-buffers-{n}", f"{call} --buffers {n}"
        for n in (2, 4):
            yield f"{call}-queues-{n}", f"{call} --queues {n}"
        for option in ("aligned", "bounced", "zero-copy"):
            yield f"{call}-{option}", f"{call} --{option}"
    for n in (2, 4, 8, 16):
        yield f"tx-segments-{n}", f"tx --segments {n}"
    yield "tx-sum-copied", "tx --sum"
    yield "tx-sum-split", "tx --sum --zero-copy"
    yield "tx-sum-software", "tx --sum --software"
    yield "tx-cut-copied", "tx --cut"
    yield "tx-cut-split", "tx --cut --zero-copy"


def instructions(rig, case, arguments):
    status, out, err = processes.call(
        "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=measured_rx",
        "--toggle-collect=measured_tx", rig.program("bench/ring-bench"), *arguments.split(), "--frames", 64000)
    if status:
        rig.record.gap("ring", case, "valgrind could not run it")
        return
    collected = parse.number_in(err, r"Collected : (\d+)")
    frames = parse.document(out).get("frames")
    rig.record.sample("ring", case, 0, instructions=parse.ratio(collected, frames))
    rig.record.command("ring", case, "ring-bench " + arguments)


def ring_bench(rig, arguments, frames, *prefix):
    program = rig.program("bench/ring-bench")
    return parse.document(processes.run(*prefix, program, *arguments.split(), "--frames", frames))


def run(rig):
    rig.record.say("ring: instructions per frame, counted by callgrind")
    for case, arguments in cases():
        instructions(rig, case, arguments)
    for metric, arguments in ("default_bytes", "rx"), ("full_bytes", "rx --buffers 65536"):
        rig.record.sample("ring", "bookkeeping", 0, **{
            metric: ring_bench(rig, arguments, 64)["bookkeeping_bytes"]})
    for number in range(1, rig.rounds + 1):
        rig.record.say(f"ring: time per frame, round {number} of {rig.rounds}")
        for case, arguments in cases():
            measured = ring_bench(rig, arguments, 200_000 if rig.quick else 2_000_000, "taskset", "-c", 1)
            rig.record.sample("ring", case, number, ns=measured["ns_per_frame"])
