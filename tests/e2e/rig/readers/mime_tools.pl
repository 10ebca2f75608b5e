#!/usr/bin/perl
# What MIME::Tools sees of messages. In: the length of a message, a line end, the message. Out: a line of JSON.
use strict;
use warnings;
use Encode ();
use JSON::PP;
use MIME::Parser;
use MIME::Words ();
use Mail::Address;

my @FIELDS = qw(From Sender Reply-To To Cc);
my $json = JSON::PP->new->utf8->canonical;
binmode STDIN;
binmode STDOUT;
$| = 1;

while (defined(my $line = <STDIN>)) {
    read(STDIN, my $message, $line) == $line or die "the message ends too early";
    my $parser = MIME::Parser->new;
    $parser->output_to_core(1);
    $parser->tmp_to_core(1);
    $parser->decode_bodies(1);
    print $json->encode(seen($parser->parse_data($message))), "\n";
}

sub seen {
    my ($entity) = @_;
    my $head = $entity->head;
    my (@addresses, @texts, @files, @structure);
    for my $field (@FIELDS) {
        for my $value ($head->get_all($field)) {
            push @addresses, map { [$field, text(name($_)), $_->address // ''] } Mail::Address->parse(unfolded($value));
        }
    }
    for my $part ($entity->parts_DFS) {
        push @structure, $part->effective_type;
        push @files, file($part->head->recommended_filename // '') if !$part->is_multipart;
        push @texts, body($part) if $part->effective_type =~ m{^text/} && $part->bodyhandle;
    }
    return { subject => text($head->get('Subject') // ''), addresses => \@addresses, texts => \@texts, files => \@files, structure => \@structure };
}

sub name {
    my $phrase = $_[0]->phrase || $_[0]->comment || '';
    $phrase =~ s/^"(.*)"$/$1/s;
    return $phrase;
}

sub unfolded { my ($value) = @_; $value =~ s/\r?\n(?=[ \t])//g; $value =~ s/\r?\n\z//; return $value }

# MIME::Tools leaves charsets to the program. Text without a known one is ASCII, and what else there is can't be read.
sub decoded {
    my ($octets, $charset) = @_;
    my $encoding = Encode::find_encoding($charset || 'us-ascii') || Encode::find_encoding('us-ascii');
    return $encoding->decode($octets, Encode::FB_DEFAULT);
}

sub text { return join '', map { decoded($_->[0], $_->[1]) } MIME::Words::decode_mimewords(unfolded($_[0])) }

# MIME::Tools decodes extended parameters, and makes escapes of raw octets.
sub file {
    my ($name) = @_;
    $name =~ s/(?:\\x[0-9A-F]{2})+/\x{fffd}/g;
    return utf8::is_utf8($name) ? $name : text($name);
}

sub body {
    my ($part) = @_;
    my $text = decoded($part->bodyhandle->as_string, $part->head->mime_attr('content-type.charset'));
    $text =~ s/\r\n/\n/g; # it keeps the CR of text that is encoded
    return $text;
}
