// SPDX-License-Identifier: GPL-2.0-only
/* phcread DEVICE FILE: reads the PTP hardware clock DEVICE as fast as it can
 * until FILE exists, then prints reads=.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* A descriptor as a clock: see clock_getres(2), dynamic clocks. */
#define CLOCK_OF_FD(fd)	((clockid_t)(~(unsigned int)(fd) << 3 | 3))

int main(int argc, char **argv)
{
	unsigned long reads = 0;
	struct timespec ts;
	int fd;

	if (argc != 3)
		errx(2, "usage: phcread DEVICE FILE");
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		err(1, "%s", argv[1]);
	while (access(argv[2], F_OK)) {
		if (clock_gettime(CLOCK_OF_FD(fd), &ts))
			err(1, "clock_gettime");
		reads++;
	}
	printf("reads=%lu\n", reads);
	return 0;
}
