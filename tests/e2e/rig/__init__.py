"""The end-to-end test rig: real mail servers, real verifiers and the daemon, all private and on loopback.

One file is one thing that runs or one question that is asked:

    place.py      a folder for one test, its ports, and the tools that must be installed
    fixtures.py   what the conftest.py of every test folder shares
    process.py    a child process in its own process group that is gone when the test is over
    postfix.py    a private Postfix            postfix_config.py   its main.cf and master.cf
    sendmail.py   a private Sendmail           sendmail_config.py  its sendmail.mc
    postseal.py   the daemon under test        postseal_config.py  its TOML file
    opendkim.py   a signer by other people, to test the rig itself
    senders.py    the daemon with owners and rewrite rules behind Postfix or Sendmail, with logins
    quarantiner.py  a milter that puts all mail on hold
    keys.py       DKIM keys made by openssl, and their records
    dns.py        a name server (NSD) that publishes the records
    sink.py       where all mail ends: keeps envelope and exact bytes
    verify.py     what foreign verifiers say of a message's signatures
    corpus.py     6,046 real messages          mail.py             fields of a message, without changing a byte
    posting.py    many messages at once: reply, log line and arrival of each
    reader.py     what Python's email package and mail-parser show of a message
    spamassassin.py  which of SpamAssassin's rules a message hits
    mta.py        the MTA side of the milter protocol, byte by byte
    smtp.py       a client for one message           crowd.py           many clients with numbered messages, for load
    redis.py      Redis and Redis Cluster      fault_proxy.py     a TCP proxy that fails as it is told
    load.py       many messages of many users, by postseal-bench
    ledger.py     what was sent against what arrived: lost, doubled, unsigned

A rig object that runs something is a context manager; leaving it stops the process.
"""
