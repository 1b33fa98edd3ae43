# SPDX-License-Identifier: BSD-2-Clause
"""The guests' part of the page: targets, tables, and what is left out."""
from figures import Figure, Target, table, targets_table

SUITE = "guests"
# What is moved: name of the metric, words, unit, scale of the rate, and what processor time is counted per.
TRAFFIC = (
    ("tcp_out", "TCP, guest to host", "Mbit/s", 1, "byte"),
    ("tcp_in", "TCP, host to guest", "Mbit/s", 1, "byte"),
    ("udp_out", "60 bytes, guest to host", "kpps", 1e-3, "frame"),
    ("udp_in", "60 bytes, host to guest", "kpps", 1e-3, "frame"),
)

TRIED = {
    "tcp_in": "An sk_buff of 64 KiB from a local sender goes to a tap as one packet. XDP on a veth cuts it into frames of "
              "the MTU in the sender's system call, and each is a frame of AF_XDP's, of the daemon's and of the guest's; "
              "the processor times below say so. What is missing is someone who joins frames again in front of the "
              "guest (GUEST_TSO is not offered for that reason). Frames from a NIC come uncut by nobody and have no "
              "such difference.",
    "tcp_out": "Packets from 8 KiB on go whole (docs/offloads.md); smaller ones of the guest's are cut here, which costs "
               "one sk_buff per 1,448 bytes.",
}
TRIED_SMALL = ("What is ours of a frame's time is in the rows below, so all of it gone would not make up a factor. The rest "
               "is the kernel's: copy mode makes and frees an sk_buff per frame, as a tap does, and the guest's own "
               "stack, which is the same in both.")
TRIED_DPDK = ("DPDK polls and sleeps never, so what it costs depends on how busy the guest keeps it: the fewer frames a second "
              "the guest makes, the more it costs per frame. Emulated instruction by instruction this guest makes few, "
              "and takes most of the machine's time in both rows.")


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
        rows.append(Target("the same: frames per second of the machine's processor time", "≥ 2.0",
                           quotient(r, *reversed(pair), metric + "_machine"), lambda v: v >= 2.0,
                           why_missing=missing, tried=TRIED_SMALL))
    for (metric, words, _, _, _), aim in zip(TRAFFIC[:2], (1.0, 0.6)):
        rows.append(Target("{}, User-Mode Linux, against tap with its offloads: Mbit/s".format(words),
                           "≥ {:.1f}".format(aim), quotient(r, *pair, metric),
                           lambda v, a=aim: v >= a, why_missing=missing, tried=TRIED[metric]))
    return rows


def against_dpdk(r):
    missing = why(r, "qemu-dpdk", "qemu-vhost")
    return [Target("{}, QEMU, against DPDK's vhost: per second of the machine's processor time".format(words),
                   "≥ 1.5", quotient(r, "qemu-dpdk", "qemu-vhost", metric + "_machine"),
                   lambda v: v >= 1.5, why_missing=missing, tried=TRIED_DPDK)
            for metric, words, _, _, _ in TRAFFIC]


def percent(r, case, metric):
    return Figure(v * 100 for v in r.rounds(SUITE, case, metric).values())


def ours(r):
    """Share of the daemon's time."""
    loads = (("uml-vhost", "udp_out_share", "60 bytes from User-Mode Linux"),
             ("uml-vhost", "udp_in_share", "60 bytes to User-Mode Linux"),
             ("virtio-user", "udp_out_share", "60 bytes from DPDK's virtio-user"))
    return [Target("front end and library, of the daemon's processor time, per cent: {}".format(words), "≤ 10",
                   percent(r, case, metric), lambda v: v <= 10, "{:.1f}", why(r, case),
                   "Where the guest sends slowly the daemon finds few frames per look, and a pass over both rings costs "
                   "what it costs for one.")
            for case, metric, words in loads]


def copied(r):
    rows = []
    for case, words in (("uml-vhost", "User-Mode Linux"), ("qemu-vhost", "QEMU"), ("virtio-user", "virtio-user")):
        short = r.figure(SUITE, case, "tx_bounce_short")
        bounced = r.figure(SUITE, case, "tx_bounced")
        if case != "virtio-user": # which only sends
            rows.append(Target("copied on the way to the guest, MTU 1500, frames: {}".format(words), "0",
                               r.figure(SUITE, case, "rx_bounced"), lambda v: v == 0, "{:.0f}", why(r, case)))
        rows.append(Target("copied on the way from it, but those so short that this costs less: {}".format(words), "0",
                           Figure([bounced.median - short.median] if bounced and short else []),
                           lambda v: v == 0, "{:.0f}", why(r, case)))
    return rows


def targets(r):
    rows = against_tap(r) + against_dpdk(r)
    rows.append(Target("round trip p50, QEMU, against tap", "≤ 1.0",
                       quotient(r, "qemu-vhost", "qemu-tap", "trip_p50_us"), lambda v: v <= 1.0,
                       why_missing=why(r, "qemu-vhost", "qemu-tap"),
                       tried="Both wake a process per packet and direction, and in a virtual machine that wake-up is "
                             "most of the figure."))
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


def traffic_table(r, guest):
    rows = []
    for metric, words, unit, scale, per in TRAFFIC:
        for back in ("vhost", "tap", "dpdk"):
            case = "{}-{}".format(guest, back)
            rate = r.figure(SUITE, case, metric)
            if not rate:
                continue
            lost = r.figure(SUITE, case, metric + "_lost")
            time = [r.figure(SUITE, case, "{}_{}".format(metric, who)) for who in ("guest", "back", "machine")]
            form = "{:.2f}" if per == "byte" else "{:.0f}"
            rows.append([words, "`{}`".format(case), "{} {}".format(rate.text("{:.0f}", scale), unit),
                         lost.text("{:.0f}", 100) if lost else "—"] + [
                             t.text(form) if t and t.median else "—" for t in time] + ["ns per " + per])
    if not rows:
        return "Not measured in this run."
    return table(["what", "case", "rate", "lost, %", "guest", "back end", "whole machine", ""], rows)


def trips_table(r):
    rows = []
    for case in r.cases(SUITE):
        if r.rounds(SUITE, case, "trip_p50_us"):
            rows.append(["`{}`".format(case)] + [r.figure(SUITE, case, m).text("{:.0f}")
                                                 for m in ("trip_p50_us", "trip_p99_us", "trip_lost")])
    if not rows:
        return "Not measured in this run."
    return table(["case", "p50, µs", "p99, µs", "lost"], rows)


def daemon_table(r):
    columns = (("ours, sending, %", "udp_out_share", "{:.1f}", 100), ("ours, receiving, %", "udp_in_share", "{:.1f}", 100),
               ("idle, % of a core", "idle_percent", "{:.3f}", 1), ("wake-ups per second, idle", "idle_wakes", "{:.1f}", 1),
               ("frames to the guest, direct", "rx_direct", "{:.0f}", 1), ("copied", "rx_bounced", "{:.0f}", 1),
               ("from the guest, direct", "tx_direct", "{:.0f}", 1), ("copied", "tx_bounced", "{:.0f}", 1),
               ("of these short", "tx_bounce_short", "{:.0f}", 1), ("whole", "tx_whole", "{:.0f}", 1))
    rows = []
    for case in ("uml-vhost", "qemu-vhost", "virtio-user"):
        figures = [(r.figure(SUITE, case, metric), form, scale) for _, metric, form, scale in columns]
        if any(f for f, _, _ in figures):
            rows.append(["`{}`".format(case)] + [f.text(form, scale) if f else "—" for f, form, scale in figures])
    if not rows:
        return "Not measured in this run."
    return table(["case"] + [c[0] for c in columns], rows)


def left_out(r):
    """What this machine cannot run, and what went wrong in this run."""
    lines = []
    if r.machine.get("guests_qemu") == "tcg":
        lines.append("- QEMU with KVM: not on this machine (no svm or vmx in its processor's flags, or no guest came up "
                     "with it). Its guest is emulated, so its own time is many times a real guest's.")
    if r.machine.get("guests_share") == "user time":
        lines.append("- `perf` is not installed: our share is the daemon's user time by the kernel's ticks.")
    if r.machine.get("guests_mode", "").startswith("copy"):
        lines.append("- Zero copy: a veth has none. That frames go both ways in zero copy is shown, without a speed, by "
                     "`tools/check --zero-copy`; a NIC was not there.")
    lines += ["- `{}`: {}".format(case, reason) for (suite, case), reason in r.gaps.items() if suite == SUITE]
    return "\n".join(lines)


TABLES = {
    "guests_targets": lambda r: targets_table(targets(r)),
    "guests_tried": tried_list,
    "guests_uml": lambda r: traffic_table(r, "uml"),
    "guests_qemu": lambda r: traffic_table(r, "qemu"),
    "guests_trips": trips_table,
    "guests_daemon": daemon_table,
    "guests_left_out": left_out,
    "guests_mode": lambda r: r.machine.get("guests_mode", "unknown"),
    "guests_accel": lambda r: r.machine.get("guests_qemu", "unknown"),
    "guests_share": lambda r: r.machine.get("guests_share", "unknown"),
}
