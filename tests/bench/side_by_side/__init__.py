"""The benchmark's parts.

    servers.py    the candidates: postseal, opendkim, rspamd, each with the same key, each on its own port or socket
    checkers.py   postseal, rspamd and amavisd-new with their checks of broken mail
    checks.py     what those cost
    generator.py  calls postseal-bench, which plays Postfix
    measure.py    CPU time and memory of a process and its children, from outside
    report.py     figures, targets, the table
    sections.py   what is measured: CPU, large messages, memory, latency
"""
