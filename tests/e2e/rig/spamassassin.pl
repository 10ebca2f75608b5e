#!/usr/bin/perl
# spamassassin.pl: reads messages from standard input, each as "LENGTH\n" and its bytes, and answers each with a line: the
# names of all rules and parts of rules that it hits, separated by spaces. Local rules only: no DNS, no network, no Bayes.
use strict;
use warnings;
use Mail::SpamAssassin;

my ($state) = @ARGV;
my $judge = Mail::SpamAssassin->new({
    dont_copy_prefs    => 1,
    local_tests_only   => 1,
    require_rules      => 1,
    userprefs_filename => '/dev/null',
    userstate_dir      => $state,
    home_dir_for_helpers => $state,
    post_config_text   => "use_bayes 0\nuse_txrep 0\nuse_auto_welcomelist 0\nskip_rbl_checks 1\n",
});
$judge->compile_now(0, 0);
$| = 1;
binmode STDIN;
while (defined(my $length = <STDIN>)) {
    my $message = '';
    read(STDIN, $message, $length) if $length > 0;
    $message =~ s/\r\n/\n/g;
    my $parsed = $judge->parse(\$message, 1);
    my $status = $judge->check($parsed);
    my @names = map { split /[,\s]+/ } $status->get_names_of_tests_hit(), $status->get_names_of_subtests_hit();
    print join(' ', map { s/\(.*//r } grep { length } @names), "\n";
    $status->finish();
    $parsed->finish();
}
