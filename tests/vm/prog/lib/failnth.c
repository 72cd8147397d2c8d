// SPDX-License-Identifier: GPL-2.0-only
/* Fault injection, see failnth.h. Between arm and disarm: as little as possible
 * of our own, for that counts too.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failnth.h"

#define MAX_WORKERS	64

static int fd = -1;
static int workers[MAX_WORKERS], nr_workers;

bool failnth_there(void)
{
	return !access("/proc/self/fail-nth", F_OK);
}

static void put(int to, unsigned int n)
{
	char text[16];
	int len = sprintf(text, "%u", n);

	/* What is left of a count may hit this very copy, which ends it. */
	if (pwrite(to, text, len, 0) != len && pwrite(to, text, len, 0) != len)
		err(1, "fail-nth");
}

/* Return: was it used up? */
static bool get(int from)
{
	char text[16] = "";
	ssize_t ret = pread(from, text, sizeof(text) - 1, 0);

	/* It was not, before this read. */
	if (ret < 0)
		return false;
	return !atoi(text);
}

/**
 * failnth_arm() - let something fail in this thread
 * @n: the Nth from now, from 1 on
 */
void failnth_arm(unsigned int n)
{
	if (fd < 0)
		fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "/proc/thread-self/fail-nth");
	put(fd, n);
}

/**
 * failnth_disarm() - let nothing fail any more
 *
 * Return: has anything?
 */
bool failnth_disarm(void)
{
	int old = errno;
	bool used = get(fd);

	put(fd, 0);
	errno = old;
	return used;
}

static bool is_worker(const char *pid)
{
	char path[300], comm[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(comm, sizeof(comm), f))
		comm[0] = '\0';
	fclose(f);
	return !strncmp(comm, "kworker/u", 9);
}

/**
 * failnth_arm_workers() - let something fail in each unbound worker there is
 * @n: the Nth from now, from 1 on
 *
 * There may be new ones before the work is done; then nothing fails.
 */
void failnth_arm_workers(unsigned int n)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	char path[300];

	if (!dir)
		err(1, "/proc");
	nr_workers = 0;
	while ((entry = readdir(dir)) && nr_workers < MAX_WORKERS) {
		if (!is_worker(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/fail-nth",
			 entry->d_name);
		workers[nr_workers] = open(path, O_RDWR | O_CLOEXEC);
		if (workers[nr_workers] >= 0)
			put(workers[nr_workers++], n);
	}
	closedir(dir);
}

/* As failnth_disarm(). A worker that has gone has nothing to tell. */
bool failnth_disarm_workers(void)
{
	bool used = false;

	while (nr_workers) {
		char text[16] = "";
		int worker = workers[--nr_workers];

		if (pread(worker, text, sizeof(text) - 1, 0) > 0) {
			used |= !atoi(text);
			if (pwrite(worker, "0", 1, 0) != 1)
				warn("fail-nth of a worker");
		}
		close(worker);
	}
	return used;
}
