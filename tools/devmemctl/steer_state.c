// SPDX-License-Identifier: GPL-2.0-only
/* What is to be restored, one file for each NIC. Its name is the NIC's address
 * on the bus: that stays when the interface is renamed or changes its network
 * namespace, and so does the table. A reboot forgets both.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "out.h"
#include "steer_state.h"

#define STEER_DIR	"/run/devmemctl"
#define STEER_PATH	64

static void steer_path(char *path, const struct iface *iface)
{
	snprintf(path, STEER_PATH, STEER_DIR "/steer-%s",
		 *iface->bus ? iface->bus : iface->name);
}

/**
 * steer_lock() - wait until no other devmemctl changes a table
 *
 * Return: the lock for steer_unlock(), or -1 with the reason printed.
 */
int steer_lock(void)
{
	int fd;

	if (mkdir(STEER_DIR, 0755) && errno != EEXIST)
		goto print;
	fd = open(STEER_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		goto print;
	while (flock(fd, LOCK_EX)) {
		if (errno == EINTR)
			continue;
		close(fd);
		goto print;
	}
	return fd;

print:
	out_errno(errno, STEER_DIR);
	out_fix("run as root, with a /run that can be written");
	return -1;
}

void steer_unlock(int lock)
{
	close(lock);
}

static int steer_get_list(struct json_object *root, const char *key,
			  uint32_t *value, unsigned int max, unsigned int *n)
{
	struct json_object *array, *item;
	unsigned int i;

	if (!json_object_object_get_ex(root, key, &array) ||
	    !json_object_is_type(array, json_type_array) ||
	    json_object_array_length(array) > max)
		return -1;
	*n = json_object_array_length(array);
	for (i = 0; i < *n; i++) {
		item = json_object_array_get_idx(array, i);
		value[i] = json_object_get_int64(item);
	}
	return 0;
}

/**
 * steer_load() - what is to be restored on a NIC
 * @iface: its interface
 * @state: result
 *
 * Return: 1 if there is something, 0 if not, -1 with the reason printed.
 */
int steer_load(const struct iface *iface, struct steer_state *state)
{
	struct json_object *root;
	char path[STEER_PATH];
	int ret = -1;

	steer_path(path, iface);
	if (access(path, F_OK))
		return 0;
	root = json_object_from_file(path);
	if (root &&
	    !steer_get_list(root, "queues", state->queues.queue,
			    DEVMEM_TCP_MAX_QUEUES, &state->queues.n) &&
	    !steer_get_list(root, "saved", state->saved.queue, RETA_MAX,
			    &state->saved.size) &&
	    !steer_get_list(root, "set", state->set.queue, RETA_MAX,
			    &state->set.size) &&
	    state->saved.size && state->saved.size == state->set.size)
		ret = 1;
	json_object_put(root);
	if (ret < 0) {
		out_error("%s: cannot be understood", path);
		out_fix("rm %s; ethtool -X %s default", path, iface->name);
	}
	return ret;
}

static void steer_put_list(struct json_object *root, const char *key,
			   const uint32_t *value, unsigned int n)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < n; i++)
		json_object_array_add(array, json_object_new_int64(value[i]));
	json_object_object_add(root, key, array);
}

/* Return: 0, or -1 with the reason printed and the old state there. */
int steer_store(const struct iface *iface, const struct steer_state *state)
{
	char path[STEER_PATH], tmp[STEER_PATH + 4];
	struct json_object *root;
	int err;

	steer_path(path, iface);
	snprintf(tmp, sizeof(tmp), "%s.new", path);

	root = json_object_new_object();
	steer_put_list(root, "queues", state->queues.queue, state->queues.n);
	steer_put_list(root, "saved", state->saved.queue, state->saved.size);
	steer_put_list(root, "set", state->set.queue, state->set.size);
	errno = EIO;
	err = json_object_to_file(tmp, root) || rename(tmp, path) ? errno : 0;
	json_object_put(root);
	if (!err)
		return 0;

	unlink(tmp);
	out_errno(err, "write %s", path);
	return -1;
}

/* Nothing is to be restored any more. Return: 0, or -1 with it printed. */
int steer_drop(const struct iface *iface)
{
	char path[STEER_PATH];

	steer_path(path, iface);
	if (!unlink(path) || errno == ENOENT)
		return 0;
	out_errno(errno, "remove %s", path);
	return -1;
}
