"""The rules of SpamAssassin that look for the same defect as a check, and why the two find different messages."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """`rules`: any of them counts; `A and not B` is written `A -B`."""

    check: str
    rules: tuple[str, ...]
    why: str

    def holds(self, hit: set[str]) -> bool:
        return any(self._one(rule.split(), hit) for rule in self.rules)

    @staticmethod
    def _one(words: list[str], hit: set[str]) -> bool:
        return all((word[1:] not in hit) if word.startswith("-") else word in hit for word in words)


PAIRS = [
    Pair("raw_8bit_header", ("SUBJ_ILLEGAL_CHARS", "FROM_ILLEGAL_CHARS", "HEAD_ILLEGAL_CHARS"),
         "SpamAssassin's rules need two such octets in Subject and From, and a share of 1 % elsewhere. They miss a single "
         "pound sign or umlaut in an English Subject, and fields such as To and X-MimeOLE."),
    Pair("encoded_word", ("BAD_ENC_HEADER",),
         "SpamAssassin's rule looks for white space inside an encoded-word, which no message here has. postseal finds "
         "encoded-words within quotes, where readers must not decode them (most of the ham), and encoded-words that are "
         "attached to other text, longer than 75 characters, or broken."),
    Pair("encoded_word_control", (), "no rule. One spam has a form feed in a display name."),
    Pair("control_character", (),
         "no rule. One legitimate message answers to an address that was damaged on the way (octet 06), and two spams have"
         " octet 17 in X-Mailer."),
    Pair("field_syntax", ("MISSING_HB_SEP",),
         "SpamAssassin's rule is for a header section that ends without an empty line. Postfix ends the section at a line "
         "that is not a field, so postseal finds such a line, followed by fields, at the start of the body. One spam has "
         "that."),
    Pair("blank_fold", (), "no rule, and no message."),
    Pair("long_header_line", (), "no rule. One spam has a Content-Type with 7,000 empty parameters."),
    Pair("oversized_header", (), "no rule, and no message over 32 KiB."),
    Pair("missing_field", ("MISSING_FROM", "MISSING_DATE", "MISSING_MID"),
         "the same. The defect is rare, because the mail was collected where it arrived: servers on the way had added "
         "missing fields."),
    Pair("missing_recipient", ("MISSING_HEADERS",),
         "SpamAssassin's rule wants To. postseal accepts Cc or Bcc as well (RFC 5322 demands none of them), even an empty "
         "one, as in two of the 32 messages."),
    Pair("duplicate_field", ("HEADER_COUNT_SUBJECT", "HEADER_COUNT_CTYPE"),
         "SpamAssassin's rules look at Subject and Content-Type. In this corpus, the repeated fields are Cc (13 spams of "
         "one program), MIME-Version (5) and Reply-To (1)."),
    Pair("from_address", ("FROM_NO_USER", "FROM_ADDR_WS"),
         "SpamAssassin's rules are for `<>` and `<@domain>`, and for white space in an address. postseal also finds "
         "several addresses without Sender, raw 8-bit text as an address, two `@`, and a group. All of these messages are "
         "spam."),
    Pair("empty_field", (), "no rule. Nearly all of these messages are spam with an empty To or Cc."),
    Pair("address_syntax", (),
         "no rule. The legitimate messages have `<Undisclosed-Recipient:;@...>` in To, a group that some server has taken "
         "for an address."),
    Pair("date_syntax", ("INVALID_DATE",),
         "SpamAssassin's rule has a pattern of its own. postseal also finds names of zones that RFC 5322 does not know, and "
         "days of the week that are not those of the date. Most of the legitimate messages have an hour of one digit."),
    Pair("message_id_syntax", ("INVALID_MSGID",), "SpamAssassin's rule has a pattern of its own."),
    Pair("html_in_subject", (), "no rule. Two news feeds have `<b>` and entities in Subject."),
    Pair("mime_version_missing", ("__CT -__MIME_VERSION",),
         "the same, message by message. The rule that adds to the score, MIME_HEADER_CTYPE_ONLY, leaves out text/plain: "
         "real mail often lacks the field, as 628 of 3,900 messages show, so postseal adds it and never refuses."),
    Pair("charset_missing", ("PP_MIME_FAKE_ASCII_TEXT",),
         "one of SpamAssassin's rules is for text/plain that is declared as us-ascii, or is us-ascii by default, and "
         "contains other octets. postseal has a check for each of the two cases, so compare the sum with the next row. "
         "SpamAssassin's rule looks at text/plain without quoted-printable or base64; postseal also looks at HTML and at "
         "decoded text."),
    Pair("charset_mismatch", ("PP_MIME_FAKE_ASCII_TEXT", "MIME_BAD_ISO_CHARSET", "NONEXISTENT_CHARSET"),
         "about half of the messages that only postseal finds have an unknown charset (`default`, `default_charset`, "
         "`chinesebig5`, from mass mailers whose template was never filled in). The rest is HTML with 8-bit text that is "
         "declared as us-ascii. NONEXISTENT_CHARSET has a score of 0 in this release and is never asked. Two messages that"
         " only SpamAssassin finds have lone CRs in the text, which Postfix turns into spaces."),
    Pair("transfer_encoding_mismatch", ("SCC_BOGUS_CTE_1", "HK_CTE_RAW"),
         "SpamAssassin's rules know a few names that mass mailers invent. postseal compares the declared encoding with the"
         " octets. Most findings are 8-bit text that is 7bit by declaration or by default."),
    Pair("html_without_mime", ("HTML_MISSING_CTYPE",),
         "SpamAssassin treats a message without Content-Type as text, so the rule does not fire for the tags. One "
         "legitimate message begins with a link in HTML; all others are spam."),
    Pair("html_only", ("MIME_HTML_ONLY",), "the same, message by message."),
    Pair("long_body_line", (), "no rule: the defect does no harm to the receiver, only to signatures."),
    Pair("eight_bit_body", ("__L_BODY_8BITS",),
         "SpamAssassin's rule looks at decoded text, so it also counts quoted-printable and base64, which pass everywhere."
         " postseal also counts ASCII that is declared as 8bit, because Postfix goes by the declaration when it "
         "re-encodes. Every message that postseal finds because of its octets, SpamAssassin finds too."),
    Pair("nul_or_bare_cr_lf", ("NULL_IN_BODY",),
         "no message has a NUL. Eight spams have lone CRs; Postfix turns them into spaces before a milter sees them "
         "(unless `cleanup_replace_stray_cr_lf = no`)."),
    Pair("mime_structure", ("MISSING_MIME_HB_SEP", "MIMEPART_LIMIT_EXCEEDED"),
         "two spams have a boundary that never appears, so that readers show nothing. SpamAssassin's rules are for parts "
         "without an empty line after their fields, and for too many parts."),
    Pair("unclosed_multipart", (),
         "no rule: the defect harms only signatures, behind Sendmail. Nearly all of these messages are spam from programs "
         "that write the delimiters themselves."),
    Pair("header_injection", (),
         "no rule, and no message, although 17 messages begin with a line such as `FROM: MR JOE MARK`."),
    Pair("many_repairs", (), "no rule: the bound protects the MTA, not the reader."),
    Pair("many_recipients", (), "no rule for the number. One spam has over a hundred addressees."),
]  # fmt: skip
