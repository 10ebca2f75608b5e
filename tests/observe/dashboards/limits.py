"""Limits and stores: who is held back and by which rule, and whether the store that counts is well."""

from .build import ALL, GREEN, GREY, LISTENER, ORANGE, PURPLE, RED, YELLOW, Board, Row, bars, lines, query_variable, stat

RULE = ALL + ', rule=~"$rule"'
OUTCOMES = {"pass": GREEN, "log": GREY, "quarantine": PURPLE, "tempfail": ORANGE, "reject": RED, "blocked": "#7A1F2B"}


def board() -> Board:
    return Board(
        "postseal-limits",
        "postseal / Limits and stores",
        "Decisions of rate limits, blocked keys, and the state of the store.",
        [_glance(), _limits(), _store()],
        [query_variable("rule", "Rule", f"label_values(postseal_rate_limit_total{{{ALL}}}, rule)")],
    )


def _glance() -> Row:
    decisions = f"postseal_rate_limit_total{{{RULE}}}"
    over = f'postseal_rate_limit_total{{{RULE}, outcome!="pass"}}'
    calls = f"sum by (le) (rate(postseal_store_duration_seconds_bucket{{{ALL}}}[$__rate_interval]))"
    return Row("At a glance", [
        stat("Decisions now", "Of all rules, per second.", f"sum(rate({decisions}[$__rate_interval]))", "suffix:/s"),
        stat("Over a limit", "The share of decisions against a message or recipient. A sudden rise can mean a stolen account.",
             f"sum(rate({over}[$__rate_interval])) / sum(rate({decisions}[$__rate_interval]))", "percentunit",
             [(None, GREEN), (0.05, YELLOW), (0.2, RED)], decimals=1),
        stat("Held back", "Decisions against a message or recipient, in the time shown.",
             f"sum(increase({over}[$__range]))", "short", [(None, GREEN), (1, YELLOW)], decimals=0, graph=False),
        stat("Keys over a limit", "Users, clients and other keys that reached a limit, each counted once, in the time shown.",
             f"sum(increase(postseal_rate_limit_breaches_total{{{RULE}}}[$__range]))", "short",
             [(None, GREEN), (1, YELLOW)], decimals=0, graph=False),
        stat("Store calls, slowest 1 %", "An SMTP client waits for each of them.", f"histogram_quantile(0.99, {calls})", "s",
             [(None, GREEN), (0.01, YELLOW), (0.05, RED)], decimals=1),
        stat("Store errors", "Calls that failed, in the time shown.", f"sum(increase(postseal_store_errors_total{{{ALL}}}[$__range]))",
             "short", [(None, GREEN), (1, RED)], decimals=0, graph=False),
        stat("Servers left alone", "Servers of the store that failed and are not asked until they answer again.",
             f"sum(postseal_store_breakers_open{{{ALL}}})", "short", [(None, GREEN), (1, RED)]),
        stat("Blocked keys", "Users, clients and other keys that are blocked, by a rule or by hand. Only for stores in memory and in a file; keys in Redis are not counted.",
             f"sum(postseal_store_blocked_keys{{{ALL}}})", "short", [(None, GREEN), (1, YELLOW)], graph=False),
    ])  # fmt: skip


def _limits() -> Row:
    rate = f"(rate(postseal_rate_limit_total{{{RULE}}}[$__rate_interval]))"
    against = f'(rate(postseal_rate_limit_total{{{RULE}, outcome!="pass"}}[$__rate_interval]))'
    return Row("Limits", [
        lines("Decisions by outcome", "`pass` is within the limit, `blocked` is a blocked key; the other values are actions of the rule.",
              [(f"sum by (outcome) {rate}", "{{outcome}}")], "suffix:/s", stacked=True, colours=OUTCOMES),
        lines("Held back, by rule", "Decisions against a message or recipient.", [(f"sum by (rule) {against}", "{{rule}}")], "suffix:/s", stacked=True),
        lines("Part that is over the limit, by rule", "Of the decisions of each rule.",
              [(f"sum by (rule) {against} / sum by (rule) {rate}", "{{rule}}")], "percentunit", width=6, top=1),
        bars("Rules that hold back most", "In the time shown.",
             f'topk(12, sum by (rule, outcome) (increase(postseal_rate_limit_total{{{RULE}, outcome!="pass"}}[$__range])) > 0)',
             "{{rule}}: {{outcome}}", "short", width=6),
        lines("Keys that reached a limit", "By rule; each key counts once until it has kept to the limit for a window.",
              [(f"sum by (rule) (increase(postseal_rate_limit_breaches_total{{{RULE}}}[$__rate_interval]))", "{{rule}}")],
              "short", width=6),
        lines("Mail refused or held", "For comparison: all messages that were not accepted, whatever the reason.",
              [(f'sum by (verdict) (rate(postseal_messages_total{{{LISTENER}, verdict=~"tempfail|reject|quarantine"}}[$__rate_interval]))',
                "{{verdict}}")], "suffix:/s", width=6, stacked=True),
    ])  # fmt: skip


def _store() -> Row:
    def quantile(part: float) -> str:
        rate = f"sum by (le, store) (rate(postseal_store_duration_seconds_bucket{{{ALL}}}[$__rate_interval]))"
        return f"histogram_quantile({part}, {rate})"

    return Row("Store", [
        lines("Time of the store's calls", "p50 and p99; beyond store.timeout `on_error` decides.",
              [(quantile(0.5), "{{store}} p50"), (quantile(0.99), "{{store}} p99")], "s"),
        lines("Calls", "Of the store, per second.", [(f"sum by (store) (rate(postseal_store_duration_seconds_count{{{ALL}}}[$__rate_interval]))",
              "{{store}}")], "suffix:/s"),
        lines("Errors by kind", "`breaker_open` are decisions made without asking a server that has failed.",
              [(f"sum by (store, kind) (rate(postseal_store_errors_total{{{ALL}}}[$__rate_interval]))", "{{store}}: {{kind}}")],
              "suffix:/s", stacked=True),
        lines("Servers left alone", "Open breakers. With on_error = \"local\", each instance goes on counting limits on its own.",
              [(f"sum by (instance, store) (postseal_store_breakers_open{{{ALL}}})", "{{instance}} {{store}}")], "short"),
        lines("Counters", "Counters in stores in memory and in a file (for Redis, ask Redis), one for each key and rule. Beyond store.max_keys, the least recently used one is forgotten.",
              [(f"sum by (store) (postseal_store_keys{{{ALL}}})", "{{store}}"),
               (f"sum by (store) (increase(postseal_store_evictions_total{{{ALL}}}[$__rate_interval]))", "{{store}} forgotten")], "short"),
        lines("Webhook", "Events for the webhook, by outcome.",
              [(f"sum by (outcome) (rate(postseal_webhook_total{{{ALL}}}[$__rate_interval]))", "{{outcome}}")], "suffix:/s"),
    ])  # fmt: skip
