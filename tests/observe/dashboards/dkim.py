"""DKIM, checks and senders: what is signed with which key, what is wrong with the mail, who sends as whom."""

from .build import (
    ALL, BLUE, GREEN, GREY, LISTENER, ORANGE, PURPLE, RED, TEAL, YELLOW, Board, Row, bars, lines, query_variable, stat, table,
)  # fmt: skip
from .overview import OURS

DOMAIN = ALL + ', domain=~"$domain"'
# By what is done about a finding of a header check.
ACTIONS = {"log": GREY, "tag": BLUE, "fix": GREEN, "tempfail": ORANGE, "reject": RED, "shadow": PURPLE}
KEY_AGE = [(None, GREEN), (150 * 86400, YELLOW), (180 * 86400, RED)]


def board() -> Board:
    return Board(
        "postseal-dkim",
        "postseal / DKIM, checks and senders",
        "Signatures and keys, findings and repairs of header checks, and senders with addresses that they may not use.",
        [_glance(), _dkim(), _keys(), _checks(), _senders()],
        [query_variable("domain", "Domain", f"label_values(postseal_dkim_signatures_total{{{ALL}}}, domain)")],
    )


def _glance() -> Row:
    signatures = f"postseal_dkim_signatures_total{{{DOMAIN}}}"
    unsigned = f"sum(increase(postseal_unsigned_total{{{ALL}, {OURS}}}[$__range]))"
    signed = f"sum(increase(postseal_signed_total{{{ALL}}}[$__range]))"
    oldest = f"time() - min(postseal_dkim_key_timestamp_seconds{{{DOMAIN}}})"
    sender = 'filter="sender", verdict=~"reject|tempfail"'
    return Row("At a glance", [
        stat("Signatures now", "Per second. A message has one for each key of its domain.",
             f"sum(rate({signatures}[$__rate_interval]))", "suffix:/s"),
        stat("Own mail signed", "The share of accepted outgoing mail that left with a signature, in the time shown.",
             f"{signed} / ({signed} + {unsigned})", "percentunit", [(None, RED), (0.9, YELLOW), (0.99, GREEN)], decimals=1),
        stat("Keys in use", "All domains and selectors.", f"sum(postseal_dkim_keys{{{ALL}}})", "short", [(None, RED), (1, GREEN)], graph=False),
        stat("Key files broken", "Files and folders that cannot be used; a key that was read before stays in use.",
             f"sum(postseal_dkim_key_files_broken{{{ALL}}})", "short", [(None, GREEN), (1, RED)], graph=False),
        stat("Oldest key", "Since its file was written.", oldest, "s", KEY_AGE, decimals=1, graph=False),
        stat("Findings of checks", "Defects that header checks found, in the time shown.",
             f"sum(increase(postseal_header_check_total{{{ALL}}}[$__range]))", "short", decimals=0, graph=False),
        stat("Mended", "Defects that were repaired before the signature, in the time shown.",
             f'sum(increase(postseal_header_check_total{{{ALL}, action="fix"}}[$__range]))', "short", [(None, GREEN)], decimals=0, graph=False),
        stat("Foreign addresses refused", "Findings about the sender on refused messages, in the time shown.",
             f"sum(increase(postseal_filter_verdicts_total{{{ALL}, {sender}}}[$__range]))", "short",
             [(None, GREEN), (1, YELLOW)], decimals=0, graph=False),
    ])  # fmt: skip


def _dkim() -> Row:
    def sign(part: float) -> str:
        rate = f"sum by (le, algorithm) (rate(postseal_dkim_sign_duration_seconds_bucket{{{ALL}}}[$__rate_interval]))"
        return f"histogram_quantile({part}, {rate})"

    return Row("DKIM", [
        lines("Signatures by domain", "Signing domains. `other` stands for the domains beyond the first hundred, which have no series of their own.",
              [(f"sum by (domain) (rate(postseal_dkim_signatures_total{{{DOMAIN}}}[$__rate_interval]))", "{{domain}}")],
              "suffix:/s", stacked=True),
        lines("Signatures by algorithm", "Receivers that do not know Ed25519 look at the RSA signature.",
              [(f"sum by (algorithm) (rate(postseal_dkim_signatures_total{{{DOMAIN}}}[$__rate_interval]))", "{{algorithm}}")],
              "suffix:/s", width=6),
        lines("Time per signature", "Only the cryptography; p50 and p99.",
              [(sign(0.5), "{{algorithm}} p50"), (sign(0.99), "{{algorithm}} p99")], "s", width=6,
              colours={"rsa-sha256 p50": BLUE, "rsa-sha256 p99": "#1F60C4", "ed25519-sha256 p50": TEAL, "ed25519-sha256 p99": "#1A7074"}),
        lines("Unsigned mail, by reason", "Mail accepted without a postseal signature. `not_origin` is mail that is not outgoing.",
              [(f"sum by (reason) (rate(postseal_unsigned_total{{{ALL}}}[$__rate_interval]))", "{{reason}}")],
              "suffix:/s", stacked=True, colours={"not_origin": GREY}),
        lines("Part of your own mail that is signed", "By time; 100 % is what you want.",
              [(f"sum(rate(postseal_signed_total{{{ALL}}}[$__rate_interval])) / (sum(rate(postseal_signed_total{{{ALL}}}"
                f"[$__rate_interval])) + sum(rate(postseal_unsigned_total{{{ALL}, {OURS}}}[$__rate_interval])))", "signed")],
              "percentunit", top=1, colours={"signed": GREEN}),
        lines("Signed mail, by listener", "Messages with at least one signature, per second.",
              [(f"sum by (listener) (rate(postseal_signed_total{{{LISTENER}}}[$__rate_interval]))", "{{listener}}")], "suffix:/s", stacked=True),
    ])  # fmt: skip


def _keys() -> Row:
    names = "sum by (domain, selector, algorithm)"
    return Row("Keys", [
        table("Keys", "Each key in use. In Kubernetes the age is that of the mount.",
              [(f"max by (domain, selector, algorithm) (time() - postseal_dkim_key_timestamp_seconds{{{DOMAIN}}})", ""),
               (f'{names} (increase(postseal_dkim_signatures_total{{{DOMAIN}, selector!="other"}}[$__range]))', ""),
               (f'{names} (rate(postseal_dkim_signatures_total{{{DOMAIN}, selector!="other"}}[$__rate_interval]))', "")],
              [("domain", "Domain", ""), ("selector", "Selector", ""), ("algorithm", "Algorithm", ""), ("Value #A", "Age", "s"),
               ("Value #B", "Signatures", "short"), ("Value #C", "Now", "suffix:/s")],
              red_from={"Age": KEY_AGE}),
        lines("Keys in use, files broken", "A key stays in use when its file becomes unusable, until a restart.",
              [(f"sum by (instance) (postseal_dkim_keys{{{ALL}}})", "keys on {{instance}}"),
               (f"sum(postseal_dkim_key_files_broken{{{ALL}}})", "files broken")], "short", colours={"files broken": RED}),
    ])  # fmt: skip


def _checks() -> Row:
    hits = f"postseal_header_check_total{{{ALL}}}"
    return Row("Header checks", [
        bars("Most frequent defects", "Findings by check, in the time shown.",
             f"topk(15, sum by (check) (increase({hits}[$__range])) > 0)", "{{check}}", "short", width=8, height=10),
        lines("What was done about them", "Every finding, by action.",
              [(f"sum by (action) (rate({hits}[$__rate_interval]))", "{{action}}")], "suffix:/s", width=8, height=10,
              stacked=True, colours=ACTIONS),
        lines("Refused, by check", "The sending programs get an answer that says what to correct.",
              [(f'sum by (check) (rate(postseal_header_check_total{{{ALL}, action=~"reject|tempfail"}}[$__rate_interval])) > 0',
                "{{check}}")], "suffix:/s", width=8, height=10, stacked=True),
    ])  # fmt: skip


def _senders() -> Row:
    verdicts = "postseal_filter_verdicts_total"
    return Row("Senders and alignment", [
        lines("Senders", "Findings about sender addresses, and changes to them. A mismatch is an address that the account may not use.",
              [(f'sum by (reason) (rate({verdicts}{{{ALL}, filter="sender"}}[$__rate_interval]))', "{{reason}}")],
              "suffix:/s", stacked=True),
        lines("Aligned with From", "What a receiver finds for DMARC: a postseal signature (d=) and the envelope sender, each strict, relaxed or none.",
              [(f"sum by (dkim, envelope) (rate(postseal_alignment_total{{{ALL}}}[$__rate_interval])) > 0", "d= {{dkim}}, envelope {{envelope}}")],
              "suffix:/s", stacked=True, width=6),
        lines("Not aligned", "Messages without an aligned postseal signature: envelope_only still passes by SPF, not_aligned does not.",
              [(f'sum by (reason) (rate({verdicts}{{{ALL}, filter="alignment"}}[$__rate_interval]))', "{{reason}}")],
              "suffix:/s", stacked=True, width=6, colours={"not_aligned": RED, "envelope_only": YELLOW}),
    ])  # fmt: skip
