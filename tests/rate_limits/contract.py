#!/usr/bin/python3
"""A second implementation of the sliding window, written from its description. It makes the cases of
filters/src/testing/store_contract/made.txt, which every store must decide alike:

    tests/rate_limits/contract.py > filters/src/testing/store_contract/made.txt
"""
import copy
import random

SLOTS = 17


class Key:
    def __init__(self):
        self.windows, self.blocked, self.breach = {}, 0, 0

    def settle(self, now, limits):
        self.windows = {width: self.windows.get(width, []) for _, width in limits}
        for width, slots in self.windows.items():
            aged = [[min(end, now), units] for end, units in slots]
            self.windows[width] = [slot for slot in aged if slot[0] + width > now]

    def used(self, width):
        return sum(units for _, units in self.windows[width])

    def wait(self, now, quota, width, units):
        if units > quota:
            return None
        used, wait = self.used(width), 0
        for end, count in self.windows[width]:
            if used + units <= quota:
                break
            used, wait = used - count, end + width - now
        return wait

    def judge(self, now, limits, cost):
        """None, or what is shown of a refusal."""
        if self.blocked > now:
            return f"blocked {self.blocked - now}"
        units = max(cost, 1)
        waits = [self.wait(now, quota, width, units) for quota, width in limits if self.used(width) + units > quota]
        if not waits:
            return None
        return "over never" if None in waits else f"over {max(waits)}"

    def charge(self, now, limits, cost):
        for quota, width in limits:
            slots, grain = self.windows[width], max(1, -(-quota // (SLOTS - 1)))
            if slots and (slots[-1][1] < grain or slots[-1][0] == now):
                slots[-1] = [now, slots[-1][1] + cost]
                continue
            if len(slots) == SLOTS:
                sums = [slots[i][1] + slots[i + 1][1] for i in range(SLOTS - 1)]
                at = sums.index(min(sums))
                slots[at:at + 2] = [[slots[at + 1][0], sums[at]]]
            slots.append([now, cost])

    def refuse(self, now, limits, block):
        first = now >= self.breach
        self.breach = now + max(width for _, width in limits)
        if first and block:
            self.blocked = now + block
        return " first" if first else ""

    def give_back(self, now, at, cost):
        for width, slots in self.windows.items():
            aged = [[min(end, now), units] for end, units in slots]
            aged = [slot for slot in aged if slot[0] + width > now]
            left = cost if at + width > now else 0
            for slot in aged:
                if slot[0] >= min(at, now):
                    taken = min(left, slot[1])
                    slot[1] -= taken
                    left -= taken
            self.windows[width] = [slot for slot in aged if slot[1]]


def call(keys, now, requests):
    """Answers to requests (name, limits, cost, block, binding) in one call. Only what is charged or refused is kept."""
    found = []
    for name, limits, cost, _, _ in requests:
        key = copy.deepcopy(keys.get(name, Key()))
        key.settle(now, limits)
        found.append((key, key.judge(now, limits, cost)))
    refused = any(answer and request[4] for (_, answer), request in zip(found, requests))
    shown = []
    for (key, answer), (name, limits, cost, block, _) in zip(found, requests):
        if answer is None:
            answer = "no" if refused else "yes"
            if not refused and cost:
                key.charge(now, limits, cost)
                keys[name] = key
        elif answer.startswith("over"):
            answer += key.refuse(now, limits, block)
            keys[name] = key
        shown.append(answer)
    return shown


def text(request):
    name, limits, cost, block, binding = request
    words = [name, ",".join(f"{quota}/{width}" for quota, width in limits), str(cost)]
    return " ".join(words + ([f"block={block}"] if block else []) + ([] if binding else ["soft"]))


def case(number):
    source = random.Random(number)
    keys, now, steps, charged, asks = {}, 1_800_000_000_000, [], [], 0
    widths = [60_000, 600_000, 3_600_000, 86_400_000]
    scale = source.choice([1, 3, 16, 40, 100, 1000, 10**9])

    def limits():
        some = sorted(source.sample(widths, source.choice([1, 1, 1, 2, 2, 3])))
        return [(source.randint(1, scale * (4 + index)), width) for index, width in enumerate(some)]

    owners = {name: (limits(), source.choice([0, 0, 0, 90_000]), source.random() < 0.85)
              for name in "abc"[:source.randint(1, 3)]}
    for _ in range(source.randint(12, 40)):
        choice = source.random()
        if choice < 0.2:
            span = source.choice(owners[source.choice(sorted(owners))][0])[1]
            by = source.choice([1, span // 100, span // 16, span // 3, span - 1, span])
            by = -by if source.random() < 0.08 else by
            now += by
            steps.append(f"{by:+d}")
        elif choice < 0.3 and charged:
            name, cost, at, ask = charged.pop(source.randrange(len(charged)))
            part = source.choice([cost, cost, max(1, cost // 2)])
            keys[name].give_back(now, at, part)
            steps.append(f"return {name} {part} #{ask}")
        else:
            asks += 1
            requests = []
            for name in sorted(source.sample(sorted(owners), source.randint(1, len(owners)))):
                rules, block, binding = owners[name]
                quota = rules[0][0]
                cost = source.choice([0, 1, 1, 1, max(1, quota // 16), max(1, quota // 5), quota, quota + 1])
                requests.append((name, rules, cost, block, binding))
            answers = call(keys, now, requests)
            for (name, _, cost, _, _), answer in zip(requests, answers):
                if answer == "yes" and cost:
                    charged.append((name, cost, now, asks))
            steps.append(f"ask {' & '.join(map(text, requests))} -> {' & '.join(answers)}")
    return f"made {number} | " + "; ".join(steps)


print("# Made by tests/rate_limits/contract.py.")
for number in range(1, 131):
    print(case(number))
