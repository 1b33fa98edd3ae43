# SPDX-License-Identifier: BSD-2-Clause
"""Linux guests on xsk-vhost, and the same guests on what they would have instead: a tap on a bridge, DPDK's vhost.
Every back end has the same kind of veth pair, whose other end is the host's. Guests are booted once and measured in
turn, each figure of all back ends within seconds."""
import os
import shutil
import signal
import time

import parse
from guest import Guest
from parse import minus, ratio
from processes import NotStarted, Process, call
from processor import cpu_ns, machine_ns, user_and_all_ticks, wake_ups
from programs import Testpmd
from rig import delivered

UML = ("uml-vhost", "uml-tap", "uml-cut", "uml-jumbo")
QEMU = ("qemu-vhost", "qemu-tap", "qemu-dpdk")
DPDK = ("qemu-dpdk", "virtio-user")
COUNTERS = ("rx_direct", "rx_bounced", "rx_kernel_fill_empty", "tx_direct", "tx_bounced", "tx_bounce_short", "tx_whole")


class Suite:
    def __init__(self, rig):
        self.rig, self.record = rig, rig.record
        self.idle_seconds = 1 if rig.quick else 2
        self.uml_bytes = 50_000_000 if rig.quick else 300_000_000
        self.qemu_bytes = 5_000_000 if rig.quick else 20_000_000
        self.opened = []
        self.guests = {}  # those that run, by name
        self.virtio_user = None
        self.accel = None
        self.mode = "unknown"
        self.has_perf = perf_works(rig)

    def gap(self, case, why):
        self.record.gap("guests", case, why)

    def attempt(self, case, function, *arguments):
        """One guest that does not do its part is a gap, and the others go on."""
        try:
            function(*arguments)
        except NotStarted as why:
            self.gap(case, why)

    # ---- Boot, end ------------------------------------------------------------------------------

    def open(self, name):
        guest = Guest(self.rig, name, self.accel)
        self.opened.append(guest)
        return guest

    def boot(self, name):
        guest = self.open(name)
        try:
            self.record.command("guests", name, guest.boot())
            self.guests[name] = guest
        finally:
            guest.sleep()
            self.accel = guest.accel

    def start_virtio_user(self, name):
        self.open(name).start_daemon()
        self.virtio_user = self.opened[-1]

    def boot_all(self):
        self.record.say("guests: booting them")
        for name in UML + QEMU + ("virtio-user",):
            if name in DPDK and not shutil.which("dpdk-testpmd"):
                self.gap(name, "dpdk-testpmd is not installed (dpdk-dev)")
            else:
                self.attempt(name, self.start_virtio_user if name == "virtio-user" else self.boot, name)

    def end_daemon(self, guest):
        """What it counted over all rounds, and the mode that it had."""
        document = guest.end_daemon()
        if not document:
            return
        pairs = [pair for device in document["devices"] for pair in device["pairs"]]
        self.record.sample("guests", guest.name, 1, **{
            name: sum(pair["interface"][name] for pair in pairs) for name in COUNTERS})
        self.mode = ("zero copy, " if pairs[0]["zero_copy"] else "copy, ") + (
            "native" if pairs[0]["native"] else "generic")

    def end(self):
        for guest in self.opened:
            if guest.daemon_pid:
                self.attempt(guest.name, self.end_daemon, guest)
        for guest in self.opened:
            guest.close()
        self.record.machine(guests_mode=self.mode, guests_qemu=self.accel or "unknown",
                            guests_share="perf record -e cpu-clock" if self.has_perf else "user time")

    # ---- Traffic --------------------------------------------------------------------------------

    def each(self, names, function, number, *arguments):
        """Those of the names that run."""
        for name in names:
            if name in self.guests:
                with self.guests[name].awake():
                    self.attempt(name, function, self.guests[name], number, *arguments)

    def traffic(self, guest, number, kind, direction, amount):
        name = f"{kind}_{direction}"
        before = guest.clocks()
        is_right = guest.exchange(direction, kind, amount)
        used = guest.used(before)
        if not is_right:
            self.gap(f"{guest.name} {kind} {direction}", f"round {number}: {guest.complaint}")
            return
        figures = guest.figures()
        units = amount if kind == "tcp" else figures.get("received")
        values = {f"{name}_{who}": ratio(ns, units) for who, ns in used.items()}
        values[name] = figures.get("mbit_s" if kind == "tcp" else "pps")
        if kind == "udp":
            lost = minus(figures.get("sent"), figures.get("received"))
            values[name + "_lost"] = ratio(lost, figures.get("sent"))
        self.record.sample("guests", guest.name, number, **values)

    def trips(self, guest, number, count):
        figures, complaint = guest.round_trips(count)
        if not figures:
            self.gap(guest.name + " round trip", f"round {number}: {complaint}")
            return
        self.record.sample("guests", guest.name, number, **{
            "trip_" + metric: figures.get(metric) for metric in ("p50_us", "p99_us", "lost")})

    # ---- Our share of a packet's time -----------------------------------------------------------

    def share_starts(self, guest):
        """From here on, of the guest's daemon and who works with it. With perf, by samples; without, by the kernel's
        own count of the daemon's user time. Return: for share_ends()."""
        if not self.has_perf:
            return user_and_all_ticks(guest.daemon_pid)
        process = Process(self.rig, "perf", ["perf", "record", "-q", "-e", "cpu-clock", "-F", 2000, "-a",
                                             "-o", perf_data(self.rig)])
        time.sleep(0.3)
        return process

    def share_ends(self, guest, number, metric, started, arrived):
        """In user space, of all of the daemon's time: front end, library and libc. METRIC_host: of the time of the
        host's end too, as far as its frames arrived."""
        if self.has_perf:
            started.end(signal.SIGINT)
            _, out, err = call("perf", "script", "-i", perf_data(self.rig), "-F", "comm,pid,ip")
            share, host = parse.perf_shares(out, guest.daemon_pid, arrived or 0)
            words = parse.last_line(err, started.err)
        else:
            user, ticks = map(int.__sub__, user_and_all_ticks(guest.daemon_pid), started)
            share, host, words = ratio(user, ticks) if ticks >= 20 else None, None, ""
        if share is None:
            self.gap(guest.name + " share", f"round {number}: the daemon ran too little to tell. {words}".rstrip())
        self.record.sample("guests", guest.name, number, **{metric: share, metric + "_host": host})

    def share_of_flood(self, guest, number, direction):
        """Apart from the exchange that is compared: sampling takes time."""
        started = self.share_starts(guest)
        if not guest.exchange(direction, "udp", 2):
            self.gap(guest.name + " share", f"round {number}: {guest.complaint}")
        figures = guest.figures()
        self.share_ends(guest, number, f"udp_{direction}_share", started,
                        ratio(figures.get("received"), figures.get("sent")))

    def share_of_virtio_user(self, number):
        guest = self.virtio_user
        testpmd = Testpmd(self.rig, "user", guest.device_ns, 600, [
            "--vdev", f"net_virtio_user0,path={guest.socket},queues=1",
            "--", "--total-num-mbufs=32768", "--forward-mode=txonly", "--txpkts=60"])
        self.record.command("guests", guest.name, guest.for_page(
            f"xsk-vhost -i {guest.device_if} --socket vhost.sock; {testpmd.command}"))
        started = self.share_starts(guest)
        frames, begin, back = delivered(guest.host_ns, guest.host_if), time.monotonic_ns(), guest.back_ns()
        time.sleep(1)
        back = minus(guest.back_ns(), back)
        frames = delivered(guest.host_ns, guest.host_if) - frames
        self.record.sample("guests", guest.name, number, udp_out_back=ratio(back, frames),
                           udp_out=ratio(frames * 10**9, time.monotonic_ns() - begin))
        self.share_ends(guest, number, "udp_out_share", started, 1)
        testpmd.stop()

    # ---- A guest that does nothing --------------------------------------------------------------

    def idle(self, number):
        """All daemons at once, and what the machine does meanwhile."""
        pids = {name: guest.daemon_pid for name, guest in self.guests.items() if name.endswith("-vhost")}
        if not pids:
            return
        time.sleep(0.3)
        before = {name: (cpu_ns(pid), wake_ups(pid)) for name, pid in pids.items()}
        machine, begin = machine_ns(), time.monotonic_ns()
        time.sleep(self.idle_seconds)
        ns = time.monotonic_ns() - begin
        self.record.sample("guests", "machine", number, idle_percent=ratio(100 * (machine_ns() - machine), ns))
        for name, pid in pids.items():
            self.record.sample("guests", name, number,
                               idle_percent=ratio(minus(cpu_ns(pid), before[name][0]), ns / 100),
                               idle_wakes=ratio(minus(wake_ups(pid), before[name][1]), ns / 1e9))

    # ---- All of them, interleaved ---------------------------------------------------------------

    def round(self, number):
        uml, both = ("uml-vhost", "uml-tap"), ("qemu-vhost", "qemu-dpdk")  # qemu-tap is there for its round trips
        self.each(uml, self.trips, number, 2000)
        self.each(uml, self.traffic, number, "tcp", "out", self.uml_bytes)
        self.each((*uml, "uml-cut"), self.traffic, number, "tcp", "in", self.uml_bytes)
        self.each(uml, self.traffic, number, "udp", "out", 1)
        self.each(uml, self.traffic, number, "udp", "in", 1)
        self.each(("uml-jumbo",), self.traffic, number, "tcp", "out", self.uml_bytes)
        self.each(("uml-jumbo",), self.traffic, number, "tcp", "in", self.uml_bytes)
        self.each(QEMU, self.trips, number, 1000)
        self.each(both, self.traffic, number, "tcp", "out", self.qemu_bytes)
        self.each(both, self.traffic, number, "tcp", "in", self.qemu_bytes)
        self.each(both, self.traffic, number, "udp", "out", 1)
        self.each(both, self.traffic, number, "udp", "in", 1)
        self.each(("uml-vhost",), self.share_of_flood, number, "out")
        self.each(("uml-vhost",), self.share_of_flood, number, "in")
        if self.virtio_user:
            self.attempt("virtio-user", self.share_of_virtio_user, number)
        self.idle(number)


def perf_data(rig):
    return os.path.join(rig.tmp, "perf.data")


def perf_works(rig):
    """Debian's is there and does nothing where its package is for another kernel."""
    if not shutil.which("perf"):
        return False
    return Process(rig, "perf", ["perf", "record", "-q", "-e", "cpu-clock", "-o", perf_data(rig), "true"]).wait() == 0


def run(rig):
    suite = Suite(rig)
    suite.boot_all()
    for number in range(1, rig.rounds + 1):
        names = " ".join(guest.name for guest in suite.opened)
        rig.record.say(f"guests: round {number} of {rig.rounds}: {names}")
        suite.round(number)
    suite.end()
