/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef FR_FORK_H
#define FR_FORK_H

/* Arranges, once for the process, that fork leaves all instances usable in the child. Hosted
 * only. */
void fr_fork_arm(void);

#endif /* FR_FORK_H */
