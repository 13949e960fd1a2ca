# SPDX-License-Identifier: MIT OR Apache-2.0
# Builds the examples with the library that pkg-config finds. It is installed beside them as Makefile, and works in
# any directory:
#
#     make -f /usr/share/doc/libfrusa-dev/examples/Makefile
#
# "make check" runs the small ones; "make homes" is for other software on libfrusa, which takes further packages.

PKG_CONFIG = pkg-config
CFLAGS = -O2 -g
HERE := $(dir $(realpath $(lastword $(MAKEFILE_LIST))))
VPATH = $(HERE)
BUILD = $(CC) -std=gnu11 -Wall -Wextra $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(OPTIONS) -o $@ $(filter %.c,$^) \
	$$($(PKG_CONFIG) --cflags --libs frusa) $(LIBRARIES)

PROGRAMS := $(patsubst $(HERE)%.c,%,$(wildcard $(HERE)*.c))

all: $(PROGRAMS) frusa-demo

$(PROGRAMS): %: %.c
	$(BUILD)

# Without arguments it reads the files of this directory first.
frusa-demo: LIBRARIES = -ldl
frusa-demo: OPTIONS = -D_GNU_SOURCE -DFRUSA_DEMO_SOURCE_DIR='"$(HERE)"'
frusa-demo: $(wildcard $(HERE)demo/*.[ch])
	$(BUILD)

check: $(PROGRAMS)
	for program in $(PROGRAMS); do ./$$program > $$program.out || exit 1; done

homes:
	mkdir -p homes && cd homes && $(MAKE) -f $(HERE)homes/Makefile check

clean:
	rm -rf $(PROGRAMS) $(PROGRAMS:=.out) frusa-demo homes

.PHONY: all check clean homes
