#!/usr/bin/python3
"""Leases against exact counting: what would be gained, and what lost, if instances borrowed units from the shared
store in advance instead of asking it for every message. Prints the table of docs/rate-limits.md.

Every instance borrows `lease` units of a user at a time (charged in the shared window as it borrows), admits from them
without asking, and gives back what it has not used after `KEEP` seconds. So the limit is never exceeded; what a lease
costs is refusals while units lie idle elsewhere.
"""
import random
from collections import deque

WINDOW, KEEP, HOURS = 3600.0, 60.0, 6


class Shared:
    """An exact sliding window."""

    def __init__(self, quota):
        self.quota, self.units, self.calls = quota, deque(), 0

    def take(self, now, wanted):
        """As many as fit, at most `wanted`; their times, for giving back."""
        self.calls += 1
        while self.units and self.units[0] + WINDOW <= now:
            self.units.popleft()
        taken = min(wanted, self.quota - len(self.units))
        self.units.extend([now] * taken)
        return taken

    def give_back(self, now, at, count):
        self.calls += 1
        for _ in range(count if at + WINDOW > now else 0):
            self.units.remove(at)


class Instance:
    def __init__(self, shared):
        self.shared, self.left, self.at = shared, 0, 0.0

    def expire(self, now):
        if self.left and self.at + KEEP <= now:
            self.shared.give_back(now, self.at, self.left)
            self.left = 0

    def admit(self, now, lease):
        self.expire(now)
        if not self.left:
            self.left, self.at = self.shared.take(now, lease), now
        if not self.left:
            return False
        self.left -= 1
        return True


def run(quota, instances, lease, rate, seed):
    """A key with `rate` messages an hour for some hours: admitted, messages, calls of the store."""
    source, shared = random.Random(seed), Shared(quota)
    all_of_them = [Instance(shared) for _ in range(instances)]
    now, admitted, messages = 0.0, 0, 0
    while now < HOURS * WINDOW:
        now += source.expovariate(rate / WINDOW)
        messages += 1
        for one in all_of_them:
            one.expire(now)
        admitted += source.choice(all_of_them).admit(now, lease)
    return admitted, messages, shared.calls


def main():
    print("| limit/h | messages/h | instances | lease | calls per message | admitted of what exact counting admits |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    cases = [(100, rate, instances, (2, 5, 10)) for rate in (80, 150, 2000) for instances in (4, 20)]
    cases += [(10_000, rate, 20, (10, 50)) for rate in (9_000, 20_000)]
    for quota, rate, instances, leases in cases:
        seeds = range(20 if quota == 100 else 2)
        exact = sum(run(quota, instances, 1, rate, seed)[0] for seed in seeds)
        for lease in leases:
            runs = [run(quota, instances, lease, rate, seed) for seed in seeds]
            admitted, messages, calls = (sum(column) for column in zip(*runs))
            print(f"| {quota} | {rate} | {instances} | {lease} | {calls / messages:.2f} | {admitted / exact:.1%} |")


main()
