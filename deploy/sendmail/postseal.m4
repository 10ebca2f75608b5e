dnl In sendmail.mc; then make -C /etc/mail, and restart Sendmail.
dnl F=T: while postseal is down, clients wait. Without F= their mail would leave unsigned.
dnl T: connecting, sending and answering take 30 s at most, the end of a message two minutes; the default of S and R, 10 s,
dnl is close to what postseal may take for one answer (limits.filter_timeout).
INPUT_MAIL_FILTER(`postseal', `S=inet:8891@127.0.0.1, F=T, T=C:30s;S:30s;R:30s;E:2m10s')dnl
