"""The benchmark's parts.

    servers.py    the candidates: postseal, opendkim, rspamd, each with the same key, each on its own port or socket
    generator.py  calls postseal-bench, which plays Postfix
    measure.py    CPU time and memory of a process and its children, from outside
    report.py     figures, targets, the table
    sections.py   what is measured: CPU, large messages, memory, latency
"""
