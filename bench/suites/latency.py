# SPDX-License-Identifier: BSD-2-Clause
"""Round trips at 10,000 per second, open loop: the prober on processor 0 in A, what sends back on processor 1 in B."""
from processes import NotStarted, call
from programs import XskBench

WAITS = {  # of prober and reflector
    "epoll": "--wait epoll",
    "spin": "--wait spin",
    "busy-poll": "--wait spin --busy-poll 20",
    "generic-epoll": "--wait epoll --attach generic",
}
PERCENTILES = ("p50", "p99", "p99_9", "max")


def note(rig, case, number, prober, trips, counts):
    if "p99" not in trips:
        rig.record.gap("latency", case, "did not run: " + prober.last_words)
        return
    rig.record.sample("latency", case, number, **{name: trips[name] for name in PERCENTILES},
                      lost=counts["generated"] - counts["good"])


def xdp_once(rig, case, number):
    prober = f"latency -i a1 --cpu 0 --rate 10k {WAITS[case]}"
    try:
        reflector = XskBench(rig, "fwd", rig.ns_b, 1, f"fwd -i b1 --cpu 1 {WAITS[case]}")
    except NotStarted as why:
        rig.record.gap("latency", case, why)
        return
    rig.record.command("latency", case, f"{reflector.command}; xsk-bench {prober}")
    process = rig.start("latency", rig.ns_a, 0, [rig.program("tools/xsk-bench"), *prober.split(),
                                                 "--duration", rig.load_seconds, "--json"])
    process.wait()
    reflector.stop()
    document = process.document
    note(rig, case, number, process, document.get("latency_ns", {}), document.get("totals", {}))


def udp_once(rig, case, number):
    peer = rig.program("bench/peer-udp")
    client = ["client", "198.18.7.2", 10000, rig.load_seconds]
    rig.record.command("latency", case, "peer-udp echo 198.18.7.2; peer-udp " + " ".join(map(str, client)))
    echo = rig.start("echo", rig.ns_b, 1, [peer, "echo", "198.18.7.2"])
    if not echo.says("running"):
        echo.end()
        rig.record.gap("latency", case, "did not run: " + echo.last_words)
        return
    # Neighbours are resolved before it counts.
    call("ip", "netns", "exec", rig.ns_a, peer, "client", "198.18.7.2", 100, 0.1)
    process = rig.start("latency", rig.ns_a, 0, [peer, *client])
    process.wait()
    echo.end()
    note(rig, case, number, process, process.document, process.document)


def once(rig, case, number):
    (udp_once if case == "udp" else xdp_once)(rig, case, number)


def run(rig):
    # The 99th percentile is made by what else the machine does: it takes more rounds than the rest.
    rig.interleave("latency", once, ["epoll", "udp", "spin", "busy-poll", "generic-epoll"],
                   range(1, 2 * rig.rounds + 2))
