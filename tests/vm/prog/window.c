// SPDX-License-Identifier: GPL-2.0-only
/* window MAP DEVICE_MEMORY STREAM [RETRANSMITTED]: compares what stands in
 * device memory with what was sent.
 * window MAP DEVICE_MEMORY: writes the stream that stands there to stdout.
 *
 * MAP is what "devmemctl recv --map" wrote: one line for each frag, in the
 * order of the stream: stream offset, offset in the device memory, length. Each
 * byte of device memory is compared with the last stream byte that was put
 * there. Runs on the host, on the backing file of the ivshmem BAR.
 *
 * A segment that the sender repeats without need is written to a buffer that was
 * given back, and dropped by TCP: no frag tells of it. So up to RETRANSMITTED
 * (0) frags may hold something else.
 *
 * Prints the number of bytes that are right; exit status 1 if more frags differ.
 * For the stream to be whole no buffer may have been used twice (recv --hold),
 * and a byte that is in no frag is an error.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct frag {
	uint64_t stream, offset, length;
};

static const uint8_t *map_file(const char *name, uint64_t *size)
{
	struct stat st;
	void *addr;
	int fd;

	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", name);
	*size = st.st_size;
	addr = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (addr == MAP_FAILED)
		err(1, "%s", name);
	close(fd);
	return addr;
}

static struct frag *read_frags(const char *name, size_t *num)
{
	struct frag *frags = NULL, frag;
	size_t room = 0;
	FILE *file;
	int got;

	file = fopen(name, "re");
	if (!file)
		err(1, "%s", name);
	*num = 0;
	while ((got = fscanf(file, "%" SCNu64 " %" SCNu64 " %" SCNu64,
			     &frag.stream, &frag.offset, &frag.length)) == 3) {
		if (*num == room) {
			room = room ? 2 * room : 4096;
			frags = reallocarray(frags, room, sizeof(*frags));
			if (!frags)
				err(1, NULL);
		}
		frags[(*num)++] = frag;
	}
	if (got != EOF)
		errx(1, "%s: line %zu is not a frag", name, *num + 1);
	fclose(file);
	return frags;
}

static void write_stream(const struct frag *frags, size_t num,
			 const uint8_t *memory, uint64_t size)
{
	const struct frag *f;
	uint64_t at = 0;

	for (f = frags; f < frags + num; f++) {
		if (f->stream != at || f->offset + f->length > size)
			errx(1, "stream byte %" PRIu64 " is not there", at);
		if (fwrite(memory + f->offset, 1, f->length, stdout) !=
		    f->length)
			err(1, "stdout");
		at += f->length;
	}
	if (fflush(stdout))
		err(1, "stdout");
}

/* The bytes of a frag that no later one has overwritten; @seen marks those.
 * Return: how many there are, or -1 if one of them is not what was sent.
 */
static int64_t frag_check(const struct frag *f, const uint8_t *memory,
			  const uint8_t *stream, uint8_t *seen)
{
	int64_t bytes = 0;
	bool same = true;
	uint64_t j;

	for (j = 0; j < f->length; j++) {
		if (seen[f->offset + j])
			continue;
		seen[f->offset + j] = 1;
		bytes++;
		same &= memory[f->offset + j] == stream[f->stream + j];
	}
	return same ? bytes : -1;
}

int main(int argc, char **argv)
{
	uint64_t memory_size, stream_size, compared = 0;
	unsigned long allowed = 0, wrong = 0;
	const uint8_t *memory, *stream;
	struct frag *frags, *f;
	int64_t bytes;
	uint8_t *seen;
	size_t i;

	if (argc < 3 || argc > 5)
		errx(2, "usage: window MAP DEVICE_MEMORY [STREAM [RETRANSMITTED]]");
	if (argc == 5)
		allowed = strtoul(argv[4], NULL, 10);
	frags = read_frags(argv[1], &i);
	memory = map_file(argv[2], &memory_size);
	if (argc == 3) {
		write_stream(frags, i, memory, memory_size);
		return 0;
	}
	stream = map_file(argv[3], &stream_size);
	seen = calloc(1, memory_size);
	if (!seen)
		err(1, NULL);

	while (i--) {
		f = &frags[i];
		if (f->offset + f->length > memory_size ||
		    f->stream + f->length > stream_size)
			errx(1, "frag %zu is out of range", i);
		bytes = frag_check(f, memory, stream, seen);
		if (bytes >= 0)
			compared += bytes;
		else if (++wrong > allowed)
			errx(1, "stream byte %" PRIu64 " and on is not at %#"
			     PRIx64, f->stream, f->offset);
	}
	printf("%" PRIu64 "\n", compared);
	return !compared;
}
