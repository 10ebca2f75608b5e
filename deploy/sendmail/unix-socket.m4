dnl The same by a unix socket; Sendmail is root when it connects, so the socket needs no group.
INPUT_MAIL_FILTER(`postseal', `S=local:/run/postseal/submission.sock, F=T, T=C:30s;S:30s;R:30s;E:2m10s')dnl
