// SPDX-License-Identifier: GPL-2.0-only
/* withbuf SOURCE COMMAND...: runs COMMAND with a dma-buf as descriptor 20.
 *
 *   udmabuf:BYTES		of a memfd
 *   heap:BYTES			system heap
 *   vgem:BYTES			a GEM object of vgem, exported by PRIME
 *   tbuf:BYTES[,WORD]...	/dev/tbuf, see ../kmod/tbuf.h. Words: dynamic,
 *				sparse, poison, notify_pin, notify_map, fence,
 *				and NAME=NUMBER for the fields of tbuf_create
 *
 * BYTES and numbers can end in K, M or G.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../kmod/tbuf.h"
#include "hostbuf.h"

#define COMMAND_FD	20

/* The two requests of DRM that vgem needs: its headers are in no package that
 * the stage has.
 */
struct drm_dumb {
	uint32_t	height, width, bpp, flags;
	uint32_t	handle, pitch;		/* out */
	uint64_t	size;			/* out */
};

struct drm_prime {
	uint32_t	handle, flags;
	int32_t		fd;			/* out */
};

#define DRM_CREATE_DUMB		_IOWR('d', 0xb2, struct drm_dumb)
#define DRM_HANDLE_TO_FD	_IOWR('d', 0x2d, struct drm_prime)

static uint64_t number(const char *s)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	uint64_t n;

	n = strtoull(s, &end, 0);
	unit = *end ? strchr(units, *end) : NULL;
	return unit ? n << 10 * (unit - units + 1) : n;
}

static int node(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

/* A dumb buffer of one line for each 4 KiB. */
static int from_vgem(uint64_t bytes)
{
	struct drm_dumb dumb = {
		.width = 1024,
		.height = bytes / 4096,
		.bpp = 32,
	};
	struct drm_prime prime = { .flags = O_RDWR };
	int fd = node("/dev/dri/card0");

	if (ioctl(fd, DRM_CREATE_DUMB, &dumb))
		err(1, "DRM_CREATE_DUMB");
	prime.handle = dumb.handle;
	if (ioctl(fd, DRM_HANDLE_TO_FD, &prime))
		err(1, "DRM_HANDLE_TO_FD");
	return prime.fd;
}

static const struct {
	const char	*name;
	uint32_t	flag;
} flags[] = {
	{ "dynamic", TBUF_DYNAMIC }, { "sparse", TBUF_SPARSE },
	{ "poison", TBUF_POISON }, { "notify_pin", TBUF_NOTIFY_PIN },
	{ "notify_map", TBUF_NOTIFY_MAP }, { "fence", TBUF_FENCE }, {}
};

#define FIELD(name)	{ #name, offsetof(struct tbuf_create, name) }

static const struct {
	const char	*name;
	size_t		offset;		/* of 32 bits */
} fields[] = {
	FIELD(seg), FIELD(bad), FIELD(bad_addr), FIELD(bad_len),
	FIELD(attach_err), FIELD(pin_err), FIELD(map_err), FIELD(attach_ms),
	FIELD(pin_ms), FIELD(map_ms), FIELD(unmap_ms), FIELD(fence_ms), {}
};

static void tbuf_word(struct tbuf_create *how, char *word)
{
	char *value = strchr(word, '=');
	unsigned int i;

	for (i = 0; flags[i].name; i++)
		if (!strcmp(word, flags[i].name)) {
			how->flags |= flags[i].flag;
			return;
		}
	if (!value)
		errx(2, "unknown word %s", word);
	*value++ = '\0';
	if (!strcmp(word, "total")) {
		how->total = number(value);
		return;
	}
	for (i = 0; fields[i].name; i++)
		if (!strcmp(word, fields[i].name)) {
			*(uint32_t *)((char *)how + fields[i].offset) =
				number(value);
			return;
		}
	errx(2, "unknown field %s", word);
}

static int from_tbuf(uint64_t bytes, char *words)
{
	struct tbuf_create how = { .size = bytes };
	char *word;

	for (word = words ? strtok(words, ",") : NULL; word;
	     word = strtok(NULL, ","))
		tbuf_word(&how, word);
	if (ioctl(node("/dev/tbuf"), TBUF_CREATE, &how))
		err(1, "TBUF_CREATE");
	return how.fd;
}

int main(int argc, char **argv)
{
	uint64_t bytes;
	char *size, *words;
	int fd;

	size = argc < 3 ? NULL : strchr(argv[1], ':');
	if (!size)
		errx(2, "usage: withbuf KIND:BYTES[,WORD]... COMMAND...");
	*size++ = '\0';
	bytes = number(size);
	words = strchr(size, ',');
	if (!strcmp(argv[1], "udmabuf"))
		fd = udma_buf(bytes);
	else if (!strcmp(argv[1], "heap"))
		fd = heap_buf(bytes);
	else if (!strcmp(argv[1], "vgem"))
		fd = from_vgem(bytes);
	else if (!strcmp(argv[1], "tbuf"))
		fd = from_tbuf(bytes, words ? words + 1 : NULL);
	else
		errx(2, "unknown kind %s", argv[1]);
	if (dup2(fd, COMMAND_FD) < 0)
		err(1, "dup2");
	close(fd);
	execvp(argv[2], argv + 2);
	err(1, "%s", argv[2]);
}
