/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RUN_H
#define RUN_H

void run_signals(void);
int run_command(char **argv);

#endif /* RUN_H */
