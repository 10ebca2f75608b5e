#!/usr/bin/perl
# mail_dkim.pl ADDRESS PORT: reads messages from standard input, each as "LENGTH\n" and its bytes, and answers each with
# a line for a signature (algorithm, domain, selector, result, detail, separated by tabs) and a line with a dot.
use strict;
use warnings;
use Mail::DKIM::Verifier;
use Mail::DKIM::DNS;
use Net::DNS;

my ($address, $port) = @ARGV;
Mail::DKIM::DNS::resolver(
    Net::DNS::Resolver->new(nameservers => [$address], port => $port, recurse => 0, udp_timeout => 3));
$| = 1;
binmode STDIN;
while (defined(my $length = <STDIN>)) {
    my $message = '';
    read(STDIN, $message, $length) if $length > 0;
    my $verifier = Mail::DKIM::Verifier->new();
    eval { $verifier->PRINT($message); $verifier->CLOSE; 1 } or print "?\t?\t?\terror\t" . ($@ =~ s/\s+/ /gr) . "\n";
    for my $signature ($verifier->signatures) {
        my @columns = ($signature->algorithm, $signature->domain, $signature->selector, $signature->result, $signature->result_detail);
        print join("\t", map { s/\s+/ /gr } map { defined ? $_ : '?' } @columns), "\n";
    }
    print ".\n";
}
