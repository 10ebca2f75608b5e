"""Overview: is mail going through, is it signed, how long does it take, and what stands in its way?"""

from .build import ALL, GREEN, GREY, LISTENER, RED, YELLOW, Board, Row, bars, heat, lines, stat, table

# Reasons that are faults of ours, not of the mail: the same as in the alert rules.
FAULTS = "deadline|key_unusable|sign_error|edit_refused|store"
# The metrics of a process have no prefix: those of our own instances.
OWN = f"and on (job, instance) postseal_build_info{{{ALL}}}"
OURS = 'reason!~"not_origin|shadow"'


def board() -> Board:
    return Board(
        "postseal-overview",
        "postseal / Overview",
        "Mail through postseal: how much, how it ended, how long it took, and the state of each instance.",
        [_glance(), _mail(), _time(), _why(), _connections(), _service()],
    )


def _glance() -> Row:
    finished = f'postseal_messages_total{{{LISTENER}, verdict!="abort"}}'
    signed = f"sum(increase(postseal_signed_total{{{ALL}}}[$__range]))"
    unsigned = f"sum(increase(postseal_unsigned_total{{{ALL}, {OURS}}}[$__range]))"
    refused = f'postseal_messages_total{{{LISTENER}, verdict=~"reject|tempfail"}}'
    buckets = f"sum by (le) (rate(postseal_message_duration_seconds_bucket{{{LISTENER}}}[$__rate_interval]))"
    return Row("At a glance", [
        stat("Mail now", "Messages per second, without those that the client gave up.",
             f"sum(rate({finished}[$__rate_interval]))", "suffix:/s"),
        stat("Own mail signed", "The share of accepted outgoing mail that left with a signature, in the time shown.",
             f"{signed} / ({signed} + {unsigned})", "percentunit",
             [(None, RED), (0.9, YELLOW), (0.99, GREEN)], decimals=1),
        stat("Refused", "The share of messages that were refused, temporarily or permanently.",
             f"sum(rate({refused}[$__rate_interval])) / sum(rate({finished}[$__rate_interval]))", "percentunit",
             [(None, GREEN), (0.05, YELLOW), (0.2, RED)], decimals=1),
        stat("Slowest 1 %", "One message in a hundred takes this long or longer: time in postseal, from its first command to the reply.",
             f"histogram_quantile(0.99, {buckets})", "s", [(None, GREEN), (0.1, YELLOW), (0.5, RED)], decimals=1),
        stat("Faults of our own", "Messages for which postseal could not do its work, in the time shown.",
             f'sum(increase(postseal_filter_verdicts_total{{{ALL}, reason=~"{FAULTS}"}}[$__range]))', "short",
             [(None, GREEN), (1, RED)], decimals=0, graph=False),
        stat("Over a limit", "Decisions of rate limits against a message or recipient, in the time shown.",
             f'sum(increase(postseal_rate_limit_total{{{ALL}, outcome!="pass"}}[$__range]))', "short",
             [(None, GREEN), (1, YELLOW)], decimals=0, graph=False),
        stat("Key files broken", "Key files that cannot be used; a key that was read before stays in use.",
             f"sum(postseal_dkim_key_files_broken{{{ALL}}})", "short", [(None, GREEN), (1, RED)], graph=False),
        stat("Instances", "Instances that answer.", f"count(postseal_build_info{{{ALL}}})", "short", [(None, RED), (1, GREEN)], graph=False),
    ])  # fmt: skip


def _mail() -> Row:
    return Row("Mail", [
        lines("Messages by verdict", "How messages ended. Limits and checks refuse with tempfail or reject. abort means that the client gave up the message.",
              [(f"sum by (verdict) (rate(postseal_messages_total{{{LISTENER}}}[$__rate_interval]))", "{{verdict}}")],
              "suffix:/s", stacked=True),
        lines("Messages by listener", "Where they came in.",
              [(f"sum by (listener) (rate(postseal_messages_total{{{LISTENER}}}[$__rate_interval]))", "{{listener}}")],
              "suffix:/s", stacked=True, width=6),
        lines("Recipients per message", "Recipients of accepted mail. A sudden rise without a planned mailing can mean a stolen account.",
              [(f"sum by (listener) (rate(postseal_recipients_total{{{LISTENER}}}[$__rate_interval])) / sum by (listener) "
                f'(rate(postseal_messages_total{{{LISTENER}, verdict=~"accept|quarantine"}}[$__rate_interval]))', "{{listener}}")],
              "short", width=6),
        lines("Signed and unsigned", "Accepted mail. Unsigned mail has a reason; `not_origin` is mail that is not outgoing.",
              [(f"sum(rate(postseal_signed_total{{{ALL}}}[$__rate_interval]))", "signed"),
               (f"sum by (reason) (rate(postseal_unsigned_total{{{ALL}}}[$__rate_interval]))", "{{reason}}")],
              "suffix:/s", stacked=True, colours={"signed": GREEN, "not_origin": GREY}),
        lines("Volume", "Size of accepted messages, as far as a filter looked at them.",
              [(f"sum by (listener) (rate(postseal_message_bytes_total{{{LISTENER}}}[$__rate_interval]))", "{{listener}}")],
              "Bps", stacked=True),
    ])  # fmt: skip


def _time() -> Row:
    rate = f"sum by (le) (rate(postseal_message_duration_seconds_bucket{{{LISTENER}}}[$__rate_interval]))"
    marks = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)]
    return Row("Time", [
        lines("Time per message", "Time in postseal, from the first command of a message to the final reply. An RSA signature is most of it.",
              [(f"histogram_quantile({part}, {rate})", name) for name, part in marks], "s",
              thresholds=[(None, "transparent"), (0.5, RED)]),
        heat("Time per message, all of them", "How many messages took how long.",
             f"sum by (le) (increase(postseal_message_duration_seconds_bucket{{{LISTENER}}}[$__rate_interval]))"),
    ])  # fmt: skip


def _why() -> Row:
    by_reason = "sum by (filter, reason)"
    return Row("Why", [
        bars("Most frequent findings", "Reason codes of all filters in the time shown: the same as in the log line and in `postseal explain`.",
             f"topk(12, {by_reason} (increase(postseal_filter_verdicts_total{{{ALL}}}[$__range])) > 0)",
             "{{filter}}.{{reason}}", "short", width=8, height=9),
        lines("Refused, by reason", "Findings of refused messages.",
              [(f'{by_reason} (rate(postseal_filter_verdicts_total{{{ALL}, verdict=~"reject|tempfail"}}[$__rate_interval])) > 0',
                "{{filter}}.{{reason}}")], "suffix:/s", width=8, height=9, stacked=True),
        lines("Faults of our own", "Work that postseal could not do: an unusable key, a failed signature, a filter that took too long.",
              [(f'{by_reason} (rate(postseal_filter_verdicts_total{{{ALL}, reason=~"{FAULTS}"}}[$__rate_interval]))',
                "{{filter}}.{{reason}}")], "suffix:/s", width=8, height=9),
    ])  # fmt: skip


def _connections() -> Row:
    return Row("Connections", [
        lines("Open connections", "Connections of MTAs. Postfix holds one for each SMTP session, for as long as the session lasts.",
              [(f"sum by (listener) (postseal_connections_open{{{LISTENER}}})", "{{listener}}")], "short", width=6),
        lines("Part of the limits in use", "Beyond limits.connections a connection is closed at once, and the MTA does what "
              "milter_default_action says. Open files are limited by the system.",
              [(f"max(sum by (job, instance) (postseal_connections_open{{{ALL}}}) / on (job, instance) postseal_connections_limit{{{ALL}}})",
                "connections"),
               (f"max(process_open_fds{{{ALL}}} / process_max_fds{{{ALL}}} {OWN})", "open files")],
              "percentunit", width=6, thresholds=[(None, "transparent"), (0.8, RED)], top=1),
        lines("New connections", "Served, and refused over the limit.",
              [(f"sum by (listener) (rate(postseal_connections_total{{{LISTENER}}}[$__rate_interval]))", "{{listener}}"),
               (f"sum(rate(postseal_connections_refused_total{{{LISTENER}}}[$__rate_interval]))", "refused")],
              "suffix:/s", width=6, colours={"refused": RED}),
        lines("Ended out of order", "Connections that ended by a protocol error, a time-out or a bug.",
              [(f"sum by (kind) (rate(postseal_protocol_errors_total{{{ALL}}}[$__rate_interval]))", "{{kind}}")],
              "suffix:/s", width=6, stacked=True),
    ])  # fmt: skip


def _service() -> Row:
    def each(expression: str) -> tuple[str, str]:
        return f"sum by (instance) ({expression})", ""

    return Row("Service", [
        table("Instances", "The version, the start and the configuration of each instance.",
              [(f"sum by (instance, version) (postseal_build_info{{{ALL}}})", ""),
               each(f"time() - (process_start_time_seconds{{{ALL}}} {OWN})"),
               each(f"time() - postseal_config_last_reload_timestamp_seconds{{{ALL}}}"),
               each(f"postseal_config_last_reload_successful{{{ALL}}}"),
               each(f"increase(postseal_log_dropped_total{{{ALL}}}[$__range])"),
               each(f"process_threads{{{ALL}}} {OWN}"),
               each(f"process_virtual_memory_bytes{{{ALL}}} {OWN}")],
              [("instance", "Instance", ""), ("version", "Version", ""), ("Value #B", "Up for", "s"),
               ("Value #C", "Configuration", "s"), ("Value #D", "Last reload good", "bool_yes_no"),
               ("Value #E", "Log lines lost", "short"), ("Value #F", "Threads", "short"), ("Value #G", "Address space", "bytes")],
              red_from={"Log lines lost": [(None, "text"), (1, RED)], "Last reload good": [(None, RED), (1, GREEN)]}),
        lines("CPU", "Cores in use.", [(f"rate(process_cpu_seconds_total{{{ALL}}}[$__rate_interval]) {OWN}", "{{instance}}")],
              "short", width=4),
        lines("Memory", "Resident, of each instance.", [(f"process_resident_memory_bytes{{{ALL}}} {OWN}", "{{instance}}")], "bytes", width=4),
        lines("Reloads", "Of the configuration, in each interval.",
              [(f"sum by (outcome) (increase(postseal_config_reloads_total{{{ALL}}}[$__rate_interval]))", "{{outcome}}")],
              "short", width=4, colours={"success": GREEN, "failure": RED}),
    ])  # fmt: skip
