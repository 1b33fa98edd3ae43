# SPDX-License-Identifier: BSD-2-Clause
"""What is watched: two veth pairs in namespaces of its own, programs on them, and Prometheus."""
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from panels import OPENER

CONTROL = "/run/net_xdp/control"
SCRAPED, SERVED = "127.0.0.1:9437", "127.0.0.1:9090"
EVERY_SECOND = "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"


def enter():
    """Namespaces of one's own, entered by running this script again inside: whatever ends that, all processes end.
    Return: a folder that goes with it."""
    if "DASHBOARD_FOLDER" in os.environ:
        return os.environ["DASHBOARD_FOLDER"]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DASHBOARD_FOLDER"] = folder
        inside = subprocess.Popen(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                                   sys.executable, *sys.argv])
        signal.signal(signal.SIGTERM, lambda *_: inside.kill())
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who is inside gets it too, and ends in order
        code = inside.wait()
    sys.exit(code if code >= 0 else 1)


def shell(words):
    subprocess.run(words, shell=True, check=True)


class World:
    def __init__(self, tools, prometheus, folder):
        self.tools, self.prometheus, self.folder = tools, prometheus, folder
        self.running = []

    def open(self):
        shell("mount -t sysfs sysfs /sys && mount -t bpf bpf /sys/fs/bpf && mkdir -p /run/net_xdp && "
              "mount -t tmpfs -o mode=700 none /run/net_xdp && ip link set lo up")
        for pair in range(2):
            shell("ip link add eth{0} type veth peer name far{0}".format(pair))
            for name in ("eth", "far"):
                path = "/proc/sys/net/ipv6/conf/{}{}/disable_ipv6".format(name, pair)
                if os.path.exists(path):  # else a kernel without IPv6
                    shell("echo 1 >" + path)
                shell("ip link set {}{} up".format(name, pair))

    def start(self, *words):
        """A program of ours, until close()."""
        return self.begin(os.path.join(self.tools, words[0]), *words[1:])

    def begin(self, *words):
        with open(os.path.join(self.folder, "{}.log".format(os.path.basename(words[0]))), "ab") as log:
            process = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.running.append(process)
        return process

    def end(self, process):
        self.running.remove(process)
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGINT if process.args[0].startswith(self.tools) else signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def watch(self, config):
        """Metrics for Prometheus, and Prometheus."""
        self.start("xsk-info", "--metrics", "--listen", SCRAPED)
        self.scrape()
        path = os.path.join(self.folder, "prometheus.yml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(EVERY_SECOND + config)
        self.begin(self.prometheus, "--config.file=" + path, "--web.listen-address=" + SERVED,
                   "--storage.tsdb.path=" + os.path.join(self.folder, "data"), "--log.level=warn")
        self.get("http://{}/-/ready".format(SERVED))

    def get(self, url, seconds=30):
        """The answer's text, waited for."""
        until = time.monotonic() + seconds
        while True:
            try:
                with OPENER.open(url, timeout=5) as answer:
                    return answer.read().decode()
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def scrape(self):
        return self.get("http://{}/metrics".format(SCRAPED))

    def faults(self):
        """Programs that ended though nobody ended them, with their last words."""
        for process in self.running:
            if process.poll() is not None:
                name = os.path.basename(process.args[0])
                with open(os.path.join(self.folder, name + ".log"), encoding="utf-8", errors="replace") as log:
                    yield "{} ended with {}: {}".format(name, process.returncode, log.read()[-300:])

    def close(self):
        for process in self.running[::-1]:
            self.end(process)

    # ---- What happens ---------------------------------------------------------------------------

    def hold(self, process, seconds):
        """Its rings fill meanwhile. Less than a second: a scrape waits that long for it."""
        process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        process.send_signal(signal.SIGCONT)

    def tell_nonsense(self, seconds):
        """A program whose answer is no OpenMetrics."""
        path = os.path.join(CONTROL, "{}.nonsense".format(os.getpid()))
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen(16)
            listener.settimeout(0.1)
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                try:
                    with listener.accept()[0] as client:
                        client.recv(64)
                        client.sendall(b"nonsense\n")
                except OSError:  # nobody asks, or does not wait for the answer
                    pass
            os.unlink(path)

    def play(self, seconds):
        """So long, at least 30 s. All that the dashboard shows happens: see the comments."""
        part = seconds / 12
        self.forward = self.start("xsk-bench", "fwd", "-i", "eth0", "-t", "0")
        self.start("xsk-bench", "latency", "-i", "far0", "-t", "0", "--rate", "10k")
        sender = self.send(400)
        acts = [
            (4, lambda: self.end(sender)),  # a program ends ...
            (5, lambda: self.send(100)),  # ... and another one sends less
            (6, lambda: self.hold(self.forward, 0.6)),  # no buffer is left for what arrives
            (7, lambda: shell("ip link set eth1 down")),  # no carrier: what is sent is lost
            (8, lambda: shell("ip link set eth1 up && ip link set far1 down")),  # a queue stands still
            (10, lambda: shell("ip link set far1 up")),
            (10, lambda: threading.Thread(target=self.tell_nonsense, args=(2,), daemon=True).start()),
        ]
        began = time.monotonic()
        for at, act in acts:
            time.sleep(max(0, began + at * part - time.monotonic()))
            act()
        time.sleep(max(0, began + seconds - time.monotonic()))

    def send(self, rate):
        """Packets to be cut, by the library: it copies them."""
        return self.start("xsk-bench", "tx", "-i", "far1", "-t", "0", "--rate", str(rate), "--segment", "8000",
                          "--segment-here")
