# SPDX-License-Identifier: BSD-2-Clause
"""A guest with a wire and a back end of its own, so that several are measured in turn without a boot in between. What
goes with a guest is done by tools/guest, which tools/demo and the tests lead too, in a process per guest."""
import contextlib
import os
import shlex
import signal
import subprocess
import time

import parse
from processes import NotStarted, Process, read, run
from processor import cpu_ns, machine_ns, session_ns
from programs import Testpmd

LED = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools", "guest", "led")
VARIABLES = ("device_ns", "host_ns", "device_if", "host_if", "tap_if", "host_address", "guest_mac", "cache")


class Guest:
    """name: GUEST-BACK, as in uml-tap. accel: QEMU's; where one has not booted with KVM, no other has to try."""

    def __init__(self, rig, name, accel=None):
        self.rig, self.name = rig, name
        self.tmp = os.path.join(rig.tmp, name)
        self.socket = os.path.join(self.tmp, "vhost.sock")
        self.pid = self.daemon_pid = self.testpmd = None
        os.mkdir(self.tmp)
        self.process = Process(rig, name, [LED, self.tmp, rig.built, f"{os.getpid()}-{name}"], patience=15,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for variable in VARIABLES:
            setattr(self, variable, self.value(variable))
        if accel:
            self.lead("eval", "guest_accel=" + accel)
        self.accel = self.value("guest_accel")
        self.need("make_wire")

    # ---- What tools/guest does ------------------------------------------------------------------

    def lead(self, *words):
        """A command of tools/guest. Return: its exit status; said has what it printed."""
        with contextlib.suppress(BrokenPipeError):
            self.process.popen.stdin.write((shlex.join(map(str, words)) + "\n").encode())
            self.process.popen.stdin.flush()
        answer = self.process.popen.stdout.readline()
        if not answer:
            raise NotStarted("what leads it has ended: " + self.process.last_words)
        return int(answer)

    def need(self, *words):
        if self.lead(*words):
            raise NotStarted("did not start: " + self.complaint)

    def value(self, variable):
        """Of tools/guest's variables."""
        self.lead("eval", 'printf %s "${' + variable + '}"')
        return self.said

    @property
    def said(self):
        return read(os.path.join(self.tmp, "said"))

    @property
    def complaint(self):
        """What went wrong; for the page."""
        texts = read(os.path.join(self.tmp, "host.err")), self.said
        return parse.last_line(*(text.replace("listening\n", "") for text in texts))

    def close(self):
        if self.testpmd:
            self.testpmd.process.send(signal.SIGCONT)
            self.testpmd.process.end()
        self.process.popen.stdin.close()
        self.process.wait(15)

    # ---- Back ends ------------------------------------------------------------------------------

    def start_daemon(self):
        self.need("start_daemon")
        self.daemon_pid = int(self.value("daemon_pid"))
        return f"xsk-vhost -i {self.device_if} --socket vhost.sock --mac {self.guest_mac} --json"

    def end_daemon(self):
        """The guest first. Return: what the daemon says at its end; {} when no guest came to it, for then it has
        neither counted nor chosen anything."""
        self.lead("stop_guest")
        status = self.lead("end_daemon")
        if status:
            self.rig.record.gap("guests", self.name + " end", f"xsk-vhost ended with {status}")
        self.daemon_pid = None
        document = parse.document(read(os.path.join(self.tmp, "daemon.json")))
        return document if document and document["devices"][0]["pairs"][0]["starts"] else {}

    def start_jumbo(self):
        for namespace, interface in (self.device_ns, self.device_if), (self.host_ns, self.host_if):
            run("ip", "-n", namespace, "link", "set", interface, "mtu", 9000)
        return f"ip link set {self.device_if} mtu 9000 (and {self.host_if}); {self.start_daemon()}"

    def start_tap(self):
        self.need("add_tap")
        return f"ip link add nxg-bridge type bridge, {self.tap_if} and {self.device_if} on it"

    def set_host(self, features):
        run("ip", "netns", "exec", self.host_ns, "ethtool", "-K", self.host_if, *features.split())

    def start_cut(self):
        """The host's stack cuts its packets for the wire, as it has to for a veth with an XDP program at the other
        end."""
        features = "tso off gso off tx-udp-segmentation off"
        self.set_host(features)
        return f"ethtool -K {self.host_if} {features}; {self.start_tap()}"

    def start_dpdk(self):
        """DPDK's vhost back end and its driver for AF_XDP, tuned as in the other suites. It adds no checksums to what
        comes from AF_XDP, so the host's end of the wire has to."""
        self.set_host("tx off")
        self.testpmd = Testpmd(self.rig, self.name + "-back", self.device_ns, 256, [
            "--vdev", f"net_vhost0,iface={self.socket},queues=1",
            "--vdev", f"net_af_xdp0,iface={self.device_if},busy_budget=0",
            "--", "--total-num-mbufs=16384", "--forward-mode=io", "--disable-link-check"])
        return self.testpmd.command

    def boot(self):
        """The back end, then the guest, until it answers a ping. Return: how both were started, for the page."""
        system, back = self.name.split("-")
        starts = {"vhost": self.start_daemon, "jumbo": self.start_jumbo, "tap": self.start_tap,
                  "cut": self.start_cut, "dpdk": self.start_dpdk}
        self.need("prepare_guest", system)
        command = starts[back]()
        wire = ("tap", self.tap_if, self.device_ns) if back in ("tap", "cut") else ("vhost", self.socket)
        status, complaint = self.lead("boot_guest", system, *wire), self.complaint
        self.accel = self.value("guest_accel")
        if status:
            raise NotStarted("did not start: " + complaint)
        self.pid = int(self.value("guest_pid"))
        self.need("tell_guest", 20, "ping", self.host_address, 2)
        words = self.value("guest_command[*]").split()
        if words[0] == "env":
            del words[:2]  # where QEMU's libraries lie
        return self.for_page(f"{command}; {' '.join(words)}")

    def for_page(self, text):
        return text.replace(self.tmp + "/", "").replace(self.cache + "/", "")

    # ---- Traffic --------------------------------------------------------------------------------

    @contextlib.contextmanager
    def awake(self):
        """Polling takes a processor, so DPDK stands still while another guest is measured."""
        if self.testpmd:
            self.testpmd.process.send(signal.SIGCONT)
            time.sleep(0.1)
        try:
            yield
        finally:
            self.sleep()

    def sleep(self):
        if self.testpmd:
            self.testpmd.process.send(signal.SIGSTOP)

    def exchange(self, direction, kind, amount):
        """tcp: bytes; udp: seconds of frames of 60 bytes; out: from the guest, in: to it. Return: whether both ends say
        that all was right."""
        return self.lead("exchange", direction, kind + "-send", kind + "-receive", amount) == 0

    def figures(self):
        """The receiver's, of the last exchange."""
        return parse.figures(self.value("figures"))

    def round_trips(self, count):
        """One packet at a time, from the guest and back. Return: figures; none when something was not right."""
        self.lead("listen_on_host", "echo", 6999)
        status = self.lead("tell_guest", 45, "net", "--limit", 40, "round-trip", self.host_address, 6999, count)
        figures = parse.figures(self.value("guest_output")) if status == 0 else {}
        complaint = self.complaint
        self.lead("finish_on_host")
        return figures, complaint

    # ---- Processor time -------------------------------------------------------------------------

    def back_ns(self):
        """Of a back end that is a process."""
        if self.daemon_pid:
            return cpu_ns(self.daemon_pid)
        return cpu_ns(self.testpmd.process.pid) if self.testpmd else 0

    def clocks(self):
        """Looking takes time too: the machine's window is the innermost, so the first look ends with it and the second
        begins with it."""
        return {"guest": session_ns(self.pid), "back": self.back_ns(), "machine": machine_ns()}

    def used(self, before):
        after = {"machine": machine_ns(), "back": self.back_ns(), "guest": session_ns(self.pid)}
        return {who: parse.minus(after[who], before[who]) for who in before}
