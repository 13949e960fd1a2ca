# SPDX-License-Identifier: MIT OR Apache-2.0
# Hashes of hashes, strings that grow, sorting.
use strict;
use warnings;

my $count = shift // 250000;
my ($seed, %by_word, %tree) = (12345);
for my $i (1 .. $count) {
    $seed = ($seed * 1103515245 + 12345) % 2147483648;
    my $word = sprintf("w%x", $seed % 65521);
    push @{ $by_word{$word} }, $i;
    $tree{ $seed % 101 }{ $seed % 1009 }{$word} = "value $i" if $i % 3 == 0;
}
my @sorted = sort { @{ $by_word{$b} } <=> @{ $by_word{$a} } || $a cmp $b } keys %by_word;
my $text = '';
$text .= "$_:" . join(',', @{ $by_word{$_} }) . "\n" for @sorted;
my %lengths;
$lengths{ length $_ }++ for split /\n/, $text;
delete $by_word{$_} for grep { /[02468]$/ } @sorted;
my $leaves = 0;
for my $branch (values %tree) {
    $leaves += keys %$_ for values %$branch;
}
my @counts = (scalar(@sorted), length $text, scalar(keys %lengths), scalar(keys %by_word), $leaves);
print "$sorted[0] @counts\n";
