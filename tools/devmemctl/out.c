// SPDX-License-Identifier: GPL-2.0-only
/* Text and JSON from one description. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "out.h"

#define OUT_DEPTH	8

/* stack[0] is the whole document, stack[depth - 1] what is open now. */
static struct {
	bool json;
	bool pretty;
	unsigned int depth;
	struct json_object *stack[OUT_DEPTH];
	struct json_object *root;
	FILE *file;
} out;

static FILE *out_file(void)
{
	return out.file ? out.file : stdout;
}

/* Data goes to stderr: stdout belongs to somebody else. */
void out_to_stderr(void)
{
	out.file = stderr;
}

void out_json(bool pretty)
{
	out.json = true;
	out.pretty |= pretty;
}

bool out_is_json(void)
{
	return out.json;
}

static void out_add(const char *key, struct json_object *value)
{
	struct json_object *parent;

	if (!out.depth) {
		out.root = value;
		return;
	}

	parent = out.stack[out.depth - 1];
	if (json_object_is_type(parent, json_type_array))
		json_object_array_add(parent, value);
	else
		json_object_object_add(parent, key, value);
}

static void out_open(const char *key, struct json_object *value)
{
	assert(out.depth < OUT_DEPTH);
	out_add(key, value);
	out.stack[out.depth++] = value;
}

/* @key is NULL for the document and for elements of an array. */
void out_object(const char *key)
{
	if (out.json)
		out_open(key, json_object_new_object());
}

void out_array(const char *key)
{
	if (out.json)
		out_open(key, json_object_new_array());
}

void out_end(void)
{
	if (out.json)
		out.depth--;
}

void out_text(const char *fmt, ...)
{
	va_list ap;

	if (out.json)
		return;

	va_start(ap, fmt);
	vfprintf(out_file(), fmt, ap);
	va_end(ap);
}

void out_u64(const char *key, uint64_t value, const char *fmt, ...)
{
	va_list ap;

	if (out.json) {
		out_add(key, json_object_new_uint64(value));
	} else if (fmt) {
		va_start(ap, fmt);
		vfprintf(out_file(), fmt, ap);
		va_end(ap);
	}
}

void out_bool(const char *key, bool value, const char *fmt, ...)
{
	va_list ap;

	if (out.json) {
		out_add(key, json_object_new_boolean(value));
	} else if (fmt) {
		va_start(ap, fmt);
		vfprintf(out_file(), fmt, ap);
		va_end(ap);
	}
}

void out_str(const char *key, const char *value, const char *fmt, ...)
{
	va_list ap;

	if (out.json) {
		out_add(key, json_object_new_string(value));
	} else if (fmt) {
		va_start(ap, fmt);
		vfprintf(out_file(), fmt, ap);
		va_end(ap);
	}
}

/* In JSON with three decimals, as json-c's default shows rounding noise. */
void out_double(const char *key, double value, const char *fmt, ...)
{
	struct json_object *obj;
	va_list ap;

	if (out.json) {
		obj = json_object_new_double(value);
		json_object_set_serializer(obj,
					   json_object_double_to_json_string,
					   (void *)"%.3f", NULL);
		out_add(key, obj);
	} else if (fmt) {
		va_start(ap, fmt);
		vfprintf(out_file(), fmt, ap);
		va_end(ap);
	}
}

/* A value that is not known: its key is there all the same. */
void out_null(const char *key, const char *fmt, ...)
{
	va_list ap;

	if (out.json) {
		out_add(key, NULL);
	} else if (fmt) {
		va_start(ap, fmt);
		vfprintf(out_file(), fmt, ap);
		va_end(ap);
	}
}

/**
 * out_finish() - end a document: write what is not written yet
 *
 * Another document may follow.
 *
 * Return: 0, or -1 with the reason printed if stdout did not take all of it.
 */
int out_finish(void)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	if (out.root) {
		flags |= out.pretty ? JSON_C_TO_STRING_PRETTY |
				      JSON_C_TO_STRING_SPACED :
				      JSON_C_TO_STRING_PLAIN;
		fprintf(out_file(), "%s\n",
			json_object_to_json_string_ext(out.root, flags));
		json_object_put(out.root);
		out.root = NULL;
	}
	if (fflush(out_file()) || ferror(out_file())) {
		out_errno(errno, "write to stdout");
		return -1;
	}
	return 0;
}

void out_error(const char *fmt, ...)
{
	va_list ap;

	fputs("Error: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* As out_error(), followed by what the errno means and its name. */
void out_errno(int err, const char *fmt, ...)
{
	const char *name = strerrorname_np(err);
	va_list ap;

	fputs("Error: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (name)
		fprintf(stderr, ": %s (%s)\n", strerror(err), name);
	else
		fprintf(stderr, ": error %d\n", err);
}

/* The command that helps, after an error. */
void out_fix(const char *fmt, ...)
{
	va_list ap;

	fputs("Fix: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}
