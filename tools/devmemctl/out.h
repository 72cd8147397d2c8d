/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tool says. Data goes to stdout, as text or as JSON; each call names
 * a value once and carries both: its key for JSON, its wording for text. A
 * NULL wording keeps a value out of the text. Errors go to stderr, as text.
 */
#ifndef OUT_H
#define OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

void out_json(bool pretty);
bool out_is_json(void);
void out_to_stderr(void);

void out_object(const char *key);
void out_array(const char *key);
void out_end(void);

void out_text(const char *fmt, ...) __printf(1, 2);
void out_u64(const char *key, uint64_t value, const char *fmt, ...)
	__printf(3, 4);
void out_bool(const char *key, bool value, const char *fmt, ...)
	__printf(3, 4);
void out_str(const char *key, const char *value, const char *fmt, ...)
	__printf(3, 4);
void out_double(const char *key, double value, const char *fmt, ...)
	__printf(3, 4);

void out_null(const char *key, const char *fmt, ...) __printf(2, 3);

int out_finish(void);

void out_error(const char *fmt, ...) __printf(1, 2);
void out_errno(int err, const char *fmt, ...) __printf(2, 3);
void out_fix(const char *fmt, ...) __printf(1, 2);

#endif /* OUT_H */
