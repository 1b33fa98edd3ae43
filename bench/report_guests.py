# SPDX-License-Identifier: BSD-2-Clause
"""The guests' part of the page: targets, tables, and what is left out."""
from figures import Figure, Target, table, targets_table

SUITE = "guests"
BUSY_PERCENT = 25 # of one processor, with idle guests: above it the machine's time is not theirs
# What is moved: name of the metric, words, unit, scale of the rate, and what processor time is counted per.
TRAFFIC = (
    ("tcp_out", "TCP, guest to host", "Mbit/s", 1, "byte"),
    ("tcp_in", "TCP, host to guest", "Mbit/s", 1, "byte"),
    ("udp_out", "60 bytes, guest to host", "kpps", 1e-3, "frame"),
    ("udp_in", "60 bytes, host to guest", "kpps", 1e-3, "frame"),
)

# Why, and what was tried; on the page where a row is not met.
TRIED = {
    "tcp_in": "A local sender's packet of 64 KiB goes to a tap as it is. A veth takes none while a native XDP program "
              "is at its other end, so the sender's stack cuts it, and each piece is a frame of AF_XDP's, of the "
              "daemon's and of the guest's. That is all that is missing: a tap whose sender has to cut as well "
              "(`uml-cut`) had 0.47 of ours (0.37 to 0.70, 5 rounds). A prototype that takes such packets whole (a "
              "generic program, frames of up to 64 KiB over 37 chunks, GUEST_TSO offered, the segment size guessed "
              "from the MTU) had 0.70 of a tap (0.65 to 0.89), ours in the same 5 rounds 0.51 (0.41 to 0.62); with it "
              "every frame is copied, and its frames of 60 bytes cost the daemon 2.2 times as much. Tried, with no "
              "difference above the noise: sleeping by the clock for 50 and 100 µs.",
    "tcp_out": "Packets of the guest's with 8 KiB of payload and more go whole (docs/offloads.md). Shorter ones are "
               "cut here, which costs the kernel one sk_buff per 1,448 bytes; a tap takes them whole too.",
}
TRIED_SMALL = ("What is ours of the daemon's time is in the rows for front end and library: without all of it the "
               "rate would not double. The rest is the kernel's, which in copy mode makes and frees an sk_buff per "
               "frame, as it does for a tap, and the two stacks', which are the same in both. Frames to the guest "
               "that get lost found no buffer: it posts them too slowly (`rx_kernel_fill_empty`).")
TRIED_DPDK = ("DPDK polls, so its processor is busy whatever comes, and costs the less per frame the more frames "
              "the guest makes. The emulated guest's own time is in both rows, and no back end makes it less, but by "
              "fewer interrupts: a guest that only receives gets frames together (docs/guests.md), which brought the "
              "daemon's time per frame to 0.55, the guest's to 0.88 (User-Mode Linux, 7 rounds). "
              "The machine's has the host's end too, and of a flood to the guest all that the sender spends on "
              "frames that get lost.")
TRIED_DPDK_IN = ("An emulated guest cannot keep up with this flood. A daemon that looks by the clock (docs/guests.md) whatever "
                 "the guest does gives it frames in bunches, which fill its kernel and are dropped there: such a one (df62905) "
                 "had 0.57 and 0.38 here. A guest that has fewer than half of its buffers posted gets each frame at once now: "
                 "µs of guest and daemon for a frame that arrives, four rounds each, one after the other on a busy machine, 17, "
                 "24, 19, 18 instead of 58, 52, 36, 18 (never by the clock: 23, 34, 19, 21). Per frame that arrives our daemon "
                 "spends 7 µs, DPDK 35; the guest 24, and 14 with DPDK, which has a whole processor to bring frames with and "
                 "brings 32 at a time. ")
TRIED_TRIP = ("Without KVM the daemon's interrupt goes through QEMU's main loop, because there is no irqfd: one "
              "wake-up of a thread more than with a tap, which that loop reads itself.")
TRIED_SHARE = ("Towards the guest, on a veth, the kernel's part of a frame is in the sender's time and not in the "
               "daemon's, which then is mostly going to sleep and waking up: the fewer wake-ups, the larger is our "
               "share of what is left. Sleeping by the clock in a stream brought it from 20 % to 30 %, of 1.3 µs a "
               "frame instead of 3.5 (5 rounds A B A B on a busy machine): what is ours, from 0.70 µs to 0.39. The "
               "row with the sender's time has all of a packet's but the guest's. Done, in instructions per frame of "
               "a pass over both rings, callgrind: to the guest 882 to 528, from it with a checksum request 1,271 to "
               "1,145, without 425 to 298 (`vhost-bench`, tests/cost). Two fifths of what is left towards the guest "
               "is finding out whether the sender has left the checksum open. Where few frames come at a time, a "
               "pass over both rings is shared by few: 1,187 for a single one.")


def quotient(r, a, b, metric):
    return r.quotient(SUITE, a, b, metric)


def why(r, *cases):
    """The first gap that has to do with any of these."""
    for case in cases:
        for (suite, gap), reason in r.gaps.items():
            if suite == SUITE and (gap == case or gap.startswith(case + " ")):
                return reason
    return "not measured"


def against_tap(r):
    pair = ("uml-vhost", "uml-tap")
    missing = why(r, *pair)
    rows = []
    for metric, words, _, _, _ in TRAFFIC[2:]:
        rows.append(Target("{}, User-Mode Linux, against tap: frames per second".format(words), "≥ 2.0",
                           quotient(r, *pair, metric), lambda v: v >= 2.0,
                           why_missing=missing, tried=TRIED_SMALL))
        rows.append(Target("{}, User-Mode Linux, against tap: frames per second of the machine's processor "
                           "time".format(words), "≥ 2.0",
                           quotient(r, *reversed(pair), metric + "_machine"), lambda v: v >= 2.0,
                           why_missing=missing, tried=TRIED_SMALL))
    for (metric, words, _, _, _), aim in zip(TRAFFIC[:2], (1.0, 0.6)):
        rows.append(Target("{}, User-Mode Linux, against tap with its offloads: Mbit/s".format(words),
                           "≥ {:.1f}".format(aim), quotient(r, *pair, metric),
                           lambda v, a=aim: v >= a, why_missing=missing, tried=TRIED[metric]))
    return rows


def own_time(r, case, metric):
    """Of guest and back end together, by round."""
    guest, back = (r.rounds(SUITE, case, "{}_{}".format(metric, who)) for who in ("guest", "back"))
    return {n: guest[n] + back[n] for n in guest if n in back}


def against_dpdk(r):
    missing = why(r, "qemu-dpdk", "qemu-vhost")
    rows = []
    for metric, words, _, _, _ in TRAFFIC:
        ours, theirs = (own_time(r, case, metric) for case in ("qemu-vhost", "qemu-dpdk"))
        both = Figure(theirs[n] / ours[n] for n in sorted(ours) if n in theirs and ours[n])
        for whose, figure in (("guest's and back end's", both),
                              ("machine's", quotient(r, "qemu-dpdk", "qemu-vhost", metric + "_machine"))):
            rows.append(Target("{}, QEMU, against DPDK's vhost: per second of the {} processor time".format(
                words, whose), "≥ 1.5", figure, lambda v: v >= 1.5, why_missing=missing,
                               tried=(TRIED_DPDK_IN if metric == "udp_in" else "") + TRIED_DPDK))
    return rows


def percent(r, case, metric):
    return Figure(v * 100 for v in r.rounds(SUITE, case, metric).values())


def ours(r):
    """Share of the daemon's time."""
    loads = (("uml-vhost", "udp_out_share", "60 bytes from User-Mode Linux"),
             ("uml-vhost", "udp_in_share", "60 bytes to User-Mode Linux"),
             ("virtio-user", "udp_out_share", "60 bytes from DPDK's virtio-user"))
    rows = [Target("front end and library, of the daemon's processor time, per cent: {}".format(words), "≤ 10",
                   percent(r, case, metric), lambda v: v <= 10, "{:.1f}", why(r, case),
                   TRIED_SHARE)
            for case, metric, words in loads]
    rows.append(Target("the same, of the daemon's and the sender's, as far as its frames arrived: 60 bytes to User-Mode "
                       "Linux", "≤ 10", percent(r, "uml-vhost", "udp_in_share_host"), lambda v: v <= 10, "{:.1f}",
                       why(r, "uml-vhost"), TRIED_SHARE))
    return rows


def copied(r):
    rows = []
    for case, words in (("uml-vhost", "MTU 1500, User-Mode Linux"), ("qemu-vhost", "MTU 1500, QEMU"),
                        ("virtio-user", "MTU 1500, virtio-user"), ("uml-jumbo", "MTU 9000, User-Mode Linux")):
        short = r.figure(SUITE, case, "tx_bounce_short")
        bounced = r.figure(SUITE, case, "tx_bounced")
        if case not in ("virtio-user", "uml-jumbo"): # the one only sends, to the other all are copied
            rows.append(Target("copied on the way to the guest, frames: {}".format(words), "0",
                               r.figure(SUITE, case, "rx_bounced"), lambda v: v == 0, "{:.0f}", why(r, case)))
        rows.append(Target("copied on the way from it, but those so short that this costs less: {}".format(words),
                           "0", Figure([bounced.median - short.median] if bounced and short else []),
                           lambda v: v == 0, "{:.0f}", why(r, case)))
    return rows


def targets(r):
    rows = against_tap(r) + against_dpdk(r)
    rows.append(Target("round trip p50, QEMU, against tap", "≤ 1.0",
                       quotient(r, "qemu-vhost", "qemu-tap", "trip_p50_us"), lambda v: v <= 1.0,
                       why_missing=why(r, "qemu-vhost", "qemu-tap"),
                       tried=TRIED_TRIP))
    rows += ours(r)
    for case, words in (("uml-vhost", "User-Mode Linux"), ("qemu-vhost", "QEMU")):
        rows.append(Target("xsk-vhost with an idle guest, per cent of a core: {}".format(words), "< 0.5",
                           r.figure(SUITE, case, "idle_percent"), lambda v: v < 0.5, "{:.3f}", why(r, case),
                           "Twice a second it looks whether its interface is there."))
    return rows + copied(r)


# ---- Tables -------------------------------------------------------------------------------------

def tried_list(r):
    """A reason once, with all rows that it is for."""
    reasons = {}
    for t in targets(r):
        if t.verdict != "met" and t.figure and t.tried:
            reasons.setdefault(t.tried, []).append("*{}* ({})".format(t.what, t.verdict))
    return "\n".join("- {}. {}".format("; ".join(rows), tried) for tried, rows in reasons.items()) or \
        "In this run no row has to be explained."


def traffic_tables(r, guest):
    """One for each kind of traffic: what a phone can show."""
    tables = []
    for metric, words, unit, scale, per in TRAFFIC:
        rows = []
        for back in ("vhost", "tap", "cut", "jumbo", "dpdk"):
            case = "{}-{}".format(guest, back)
            rate = r.figure(SUITE, case, metric)
            if not rate:
                continue
            lost = r.figure(SUITE, case, metric + "_lost")
            time = [r.figure(SUITE, case, "{}_{}".format(metric, who)) for who in ("guest", "back", "machine")]
            form = "{:.2f}" if per == "byte" else "{:.0f}"
            rows.append(["`{}`".format(case), rate.cell("{:.0f}", scale), lost.cell("{:.0f}", 100)] +
                        [t.cell(form) if t and t.median else "—" for t in time])
        if rows:
            tables.append("*{}*, processor time in ns per {}:\n\n{}".format(words, per, table(
                ["case", unit, "lost, %", "guest", "back end", "machine"], rows)))
    return "\n\n".join(tables) or "Not measured in this run."


def trips_table(r):
    rows = []
    for case in r.cases(SUITE):
        if r.rounds(SUITE, case, "trip_p50_us"):
            rows.append(["`{}`".format(case)] + [r.figure(SUITE, case, m).cell("{:.0f}")
                                                 for m in ("trip_p50_us", "trip_p99_us", "trip_lost")])
    if not rows:
        return "Not measured in this run."
    return table(["case", "p50, µs", "p99, µs", "lost"], rows)


def daemon_table(r):
    """A column per case: there are fewer of these."""
    lines = (("ours, sending, %", "udp_out_share", "{:.1f}", 100),
             ("ours, receiving, %", "udp_in_share", "{:.1f}", 100),
             ("idle, % of a core", "idle_percent", "{:.3f}", 1),
             ("wake-ups per second, idle", "idle_wakes", "{:.1f}", 1),
             ("frames to the guest, direct", "rx_direct", "{:,.0f}", 1),
             ("to the guest, copied", "rx_bounced", "{:,.0f}", 1),
             ("lost without a buffer", "rx_kernel_fill_empty", "{:,.0f}", 1),
             ("from the guest, direct", "tx_direct", "{:,.0f}", 1),
             ("from the guest, copied", "tx_bounced", "{:,.0f}", 1),
             ("of these short", "tx_bounce_short", "{:,.0f}", 1),
             ("from the guest, whole", "tx_whole", "{:,.0f}", 1))
    cases = [case for case in ("uml-vhost", "uml-jumbo", "qemu-vhost", "virtio-user")
             if any(r.rounds(SUITE, case, line[1]) for line in lines)]
    if not cases:
        return "Not measured in this run."
    rows = [[words] + [r.figure(SUITE, case, metric).cell(form, scale) for case in cases]
            for words, metric, form, scale in lines]
    return table([""] + ["`{}`".format(case) for case in cases], rows)


def background(r):
    """What the machine did meanwhile that no guest asked for."""
    busy = r.figure(SUITE, "machine", "idle_percent")
    return "{:.1f} %".format(busy.median) if busy else "an unknown share"


def left_out(r):
    """What this machine cannot run, and what went wrong in this run."""
    lines = []
    busy = r.figure(SUITE, "machine", "idle_percent")
    if busy and busy.median > BUSY_PERCENT:
        lines.append("- **The machine was busy with something else**: the rows and columns of its whole processor "
                     "time tell nothing, and the rates little.")
    if r.machine.get("guests_qemu") == "tcg":
        lines.append("- QEMU with KVM: not on this machine (no svm or vmx in its processor's flags, or no guest came "
                     "up with it). Its guest is emulated, so its own time is many times a real guest's.")
    if r.machine.get("guests_share") == "user time":
        lines.append("- `perf` is not installed or does not work: our share is the daemon's user time by the kernel's "
                     "ticks.")
    if r.machine.get("guests_mode", "").startswith("copy"):
        lines.append("- Zero copy: a veth has none. That frames go both ways in zero copy is shown, without a speed, "
                     "by `tools/check --zero-copy`; a NIC was not there.")
    lines.append("- OpenVMM and Cloud Hypervisor: not run here (docs/guests.md).")
    lines += ["- `{}`: {}".format(case, reason) for (suite, case), reason in r.gaps.items() if suite == SUITE]
    return "\n".join(lines)


TABLES = {
    "guests_targets": lambda r: targets_table(targets(r)),
    "guests_tried": tried_list,
    "guests_uml": lambda r: traffic_tables(r, "uml"),
    "guests_qemu": lambda r: traffic_tables(r, "qemu"),
    "guests_trips": trips_table,
    "guests_daemon": daemon_table,
    "guests_left_out": left_out,
    "guests_background": background,
    "guests_mode": lambda r: r.machine.get("guests_mode", "unknown"),
    "guests_accel": lambda r: r.machine.get("guests_qemu", "unknown"),
    "guests_share": lambda r: r.machine.get("guests_share", "unknown"),
}
