/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The file that statistics are written to. Its name may come from somebody who wants the process
 * to write over another file, so only an earlier report of the same user is replaced. Also used by
 * frusa-run, to say before the command runs what the library would refuse without a word.
 */
#ifndef FR_MALLOC_REPORT_FILE_H
#define FR_MALLOC_REPORT_FILE_H

/* Returns why the file may not be written over, in a few words; NULL if it may, or if there is
 * none. */
const char *fr_report_file_objection(const char *name);

/* Opens the file for writing, empty. Returns its descriptor; -1: it may not be written. */
int fr_report_file_open(const char *name);

#endif /* FR_MALLOC_REPORT_FILE_H */
