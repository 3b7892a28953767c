"""A surface that only remembers."""

from melisma.control.table import Table
from melisma.core.binding import Parameter


def parameter(name, low=0.0, high=1.0, default=0.0, unit="", whole=False):
    return Parameter(name, unit, "", low, high, default, whole)


class Remembers:
    def __init__(self):
        stream = [
            parameter("match"), parameter("fine"), parameter("fine.kept"), parameter("loudness.offset", -60, 60, 0, "dB"),
            parameter("feedback.frequency", 20, 20000, 440, "Hz"), parameter("hold", whole=True),
            parameter("scale.1", -10, 10, 1), parameter("bias.1", -10, 10), parameter("bias.2", -10, 10),
        ]  # fmt: skip
        self.table = Table(stream, [parameter("attack", 0.001, 10, 0.03, "s"), parameter("bend", 0, 96, 2, "semitones")])
        self.values = {name: row.default for name, row in self.table.items()}
        self.messages, self.wanted = [], []

    def get(self, name):
        return self.values[self.table.find(name).name]

    def set(self, name, value):
        row = self.table.find(name)
        self.values[row.name] = min(max(value, row.minimum), row.maximum)

    def midi(self, message):
        self.messages.append(message)

    def learn(self, name):
        self.wanted.append(name)
