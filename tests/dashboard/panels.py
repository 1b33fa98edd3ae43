# SPDX-License-Identifier: BSD-2-Clause
"""The panels of a dashboard of Grafana, and what Prometheus answers to their queries."""
import json
import re
import urllib.error
import urllib.parse
import urllib.request

STEP_S = 1
# What Grafana puts in the place of its variables: $__rate_interval is four scrapes.
VARIABLES = {"$__rate_interval": "4s", "$program": ".*", "$interface": ".*"}
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # all is on this machine


class Prometheus:
    def __init__(self, address):
        self.address = address

    def ask(self, path, **words):
        """The data of an answer; RuntimeError with Prometheus' own sentence."""
        url = "http://{}/api/v1/{}?{}".format(self.address, path, urllib.parse.urlencode(words, doseq=True))
        try:
            with OPENER.open(url, timeout=20) as answer:
                document = json.load(answer)
        except urllib.error.HTTPError as e:
            document = json.load(e)
        if document["status"] != "success":
            raise RuntimeError(document.get("error", "no success"))
        return document["data"]

    def series(self, query, start, end):
        """Pairs of labels and points, each point a time since start and a value."""
        data = self.ask("query_range", query=query, start=start, end=end, step=STEP_S)
        return [(s["metric"], [(t - start, float(v)) for t, v in s["values"]]) for s in data["result"]]


class Target:
    """One query of a panel. series: pairs of legend and points, once it was asked."""

    def __init__(self, target):
        self.ref, self.legend, self.query = target["refId"], target["legendFormat"], target["expr"]
        for name, value in VARIABLES.items():
            self.query = self.query.replace(name, value)
        self.series = []
        self.fault = "$ is left in it" if "$" in self.query else ""

    @property
    def is_about_faults(self):
        """It draws nothing while nothing is wrong."""
        return self.query.endswith("> 0")

    def name(self, labels):
        """The legend of a series; a label that it names and the series has not is a fault."""
        missing = [label for label in re.findall(r"{{(\w+)}}", self.legend) if not labels.get(label)]
        if missing:
            self.fault = "a series without the label {} of the legend".format(missing[0])
        return re.sub(r"{{(\w+)}}", lambda m: labels.get(m[1], ""), self.legend)

    def ask(self, prometheus, start, end):
        try:
            found = prometheus.series(self.query, start, end)
        except RuntimeError as e:
            self.fault = str(e)
            return
        self.series = [(self.name(labels), points) for labels, points in found]
        if not found and not self.is_about_faults:
            self.fault = "no series"


class Panel:
    def __init__(self, panel):
        self.title, self.type, self.grid = panel["title"], panel["type"], panel["gridPos"]
        defaults = panel["fieldConfig"]["defaults"]
        self.unit, self.top = defaults["unit"], defaults.get("max")
        # Of a stat: value to text and colour.
        self.words = {float(value): (to["text"], to["color"]) for mapping in defaults.get("mappings", [])
                      for value, to in mapping["options"].items()}
        self.targets = [Target(target) for target in panel["targets"]]

    @property
    def series(self):
        return [series for target in self.targets for series in target.series]

    @property
    def faults(self):
        found = ["{}: {}".format(t.ref, t.fault) for t in self.targets if t.fault]
        return found if found or self.series else ["no series at all"]

    @property
    def empty(self):
        """The queries about faults that had none to show."""
        return [t.ref for t in self.targets if not t.series and t.is_about_faults]


class Dashboard:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            document = json.load(f)
        self.title, self.panels = document["title"], [Panel(panel) for panel in document["panels"]]
        self.variables = [v["definition"] for v in document["templating"]["list"] if v["type"] == "query"]

    def ask(self, prometheus, start, end):
        for panel in self.panels:
            for target in panel.targets:
                target.ask(prometheus, start, end)

    def variable_faults(self, prometheus):
        """The drop-down lists at its top are not empty."""
        for variable in self.variables:
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable).groups()
            if not prometheus.ask("label/{}/values".format(label), **{"match[]": metric}):
                yield "{}: no values".format(variable)
