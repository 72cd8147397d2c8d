// SPDX-License-Identifier: GPL-2.0-only
/* netdevbind [OPTION]... STEP...: a client of bind-rx of the family "netdev",
 * whose bindings live as long as the socket.
 *
 *   -m PCI[:OFFSET[:SIZE]]	the dma-buf: this range of BAR 2
 *   -d IFNAME -q QUEUE[,QUEUE]...
 *
 *   bind		prints NAME.errno, NAME.text, NAME.id
 *   close		the netlink socket
 *   again:N		N times: close the socket, open one, bind; prints how
 *			many failed
 *   fork:FILE		a child keeps the socket until FILE is there; we close
 *			ours
 *   send:FILE		the socket travels in a message that nobody reads, and
 *			is thrown away when FILE is there; we close ours
 *   flood		requests until no reply fits in the receive buffer
 *   untold		bind, and do not wait for an answer; prints NAME.errno
 *   drain		read what is there
 *   run		the words behind "--" as a command, with "@" for the
 *			descriptor of the dma-buf; its exit status is ours
 *   touch:FILE, wait:FILE, sleep:MS, pause (until killed)
 *
 * A step can have a name: NAME=STEP; "step" otherwise. Exit status 0, 1 something
 * is missing here, 2 usage.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bar.h"
#include "netdev.h"

static struct genl g = { .fd = -1 };
static uint32_t ifindex;
static const char *queues;
static int dmabuf = -1;
static const char *step_name;
static char **command;
static int status;

static void open_socket(void)
{
	if (g.fd < 0)
		genl_need(&g, NETDEV_FAMILY);
}

static void close_socket(void)
{
	if (g.fd >= 0)
		close(g.fd);
	g.fd = -1;
}

/* Return: 0 or a positive errno. */
static int do_bind(void)
{
	const char *s = queues;
	uint32_t id;
	char *end;

	open_socket();
	netdev_begin_bind(&g, ifindex, dmabuf);
	for (; *s; s = *end ? end + 1 : end) {
		id = strtoul(s, &end, 0);
		netdev_put_queue(&g, NETDEV_A_BIND_QUEUES, id, 0);
	}
	return genl_call(&g);
}

static void say_bind(void)
{
	int ret = do_bind();
	const struct nlattr *id = genl_reply(&g, NETDEV_A_BIND_ID, 0);

	printf("%s.errno=%s\n%s.text=%s\n", step_name,
	       ret ? strerrorname_np(ret) ?: "unknown" : "0", step_name,
	       g.text);
	if (id)
		printf("%s.id=%u\n", step_name,
		       *(const uint32_t *)nla_payload(id));
}

static void again(int num)
{
	int failed = 0, ret, i;

	for (i = 0; i < num; i++) {
		close_socket();
		ret = do_bind();
		if (!ret)
			continue;
		if (!failed++)
			printf("%s.first=%d: %s: %s\n", step_name, i,
			       strerror(ret), g.text);
	}
	printf("%s.failed=%d\n", step_name, failed);
}

static void wait_file(const char *file)
{
	while (access(file, F_OK))
		usleep(20000);
}

static void keep_in_child(const char *file)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		wait_file(file);
		_exit(0);
	}
	close_socket();
}

static void keep_in_message(const char *file)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		err(1, "socketpair");
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &g.fd, sizeof(int));
	if (sendmsg(pair[0], &msg, 0) < 0)
		err(1, "sendmsg");
	close_socket();
	if (!fork()) {
		wait_file(file);
		_exit(0);
	}
	close(pair[0]);
	close(pair[1]);
}

/* Until a reply does not fit. Nobody reads, and acks are not asked for. */
static void flood(void)
{
	int small = 1, i;

	open_socket();
	setsockopt(g.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (i = 0; i < 1000; i++) {
		genl_begin(&g, NETDEV_DEV_GET);
		genl_put_u32(&g, NETDEV_A_DEV_IFINDEX, ifindex);
		genl_send(&g, NLM_F_REQUEST);
	}
}

/* A bind that nobody can be told about. */
static void bind_untold(void)
{
	int flags = fcntl(g.fd, F_GETFL), ret;

	fcntl(g.fd, F_SETFL, flags | O_NONBLOCK);
	ret = do_bind();
	fcntl(g.fd, F_SETFL, flags);
	printf("%s.errno=%s\n", step_name, ret ? strerrorname_np(ret) : "0");
}

static void drain(void)
{
	char buf[GENL_SIZE];
	int num = 0;

	while (recv(g.fd, buf, sizeof(buf), MSG_DONTWAIT) > 0 ||
	       errno == ENOBUFS) {
		num++;
		errno = 0;
	}
	printf("%s.messages=%d\n", step_name, num);
}

static void run(void)
{
	char fd[16];
	int i;
	pid_t pid;

	snprintf(fd, sizeof(fd), "%d", dmabuf);
	for (i = 0; command[i]; i++)
		if (!strcmp(command[i], "@"))
			command[i] = fd;
	fcntl(dmabuf, F_SETFD, 0);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		execvp(command[0], command);
		err(127, "%s", command[0]);
	}
	waitpid(pid, &status, 0);
}

static void do_step(char *s)
{
	char *eq = strchr(s, '='), *colon = strchr(s, ':');
	const char *arg;

	step_name = "step";
	if (eq && (!colon || eq < colon)) {
		*eq = '\0';
		step_name = s;
		s = eq + 1;
	}
	arg = colon ? colon + 1 : "";
	if (colon)
		*colon = '\0';
	if (!strcmp(s, "bind"))
		say_bind();
	else if (!strcmp(s, "close"))
		close_socket();
	else if (!strcmp(s, "again"))
		again(atoi(arg));
	else if (!strcmp(s, "fork"))
		keep_in_child(arg);
	else if (!strcmp(s, "send"))
		keep_in_message(arg);
	else if (!strcmp(s, "flood"))
		flood();
	else if (!strcmp(s, "untold"))
		bind_untold();
	else if (!strcmp(s, "drain"))
		drain();
	else if (!strcmp(s, "run") && command)
		run();
	else if (!strcmp(s, "touch"))
		close(open(arg, O_CREAT | O_WRONLY, 0644));
	else if (!strcmp(s, "wait"))
		wait_file(arg);
	else if (!strcmp(s, "sleep"))
		usleep(atoi(arg) * 1000);
	else if (!strcmp(s, "pause"))
		pause();
	else
		errx(2, "unknown step %s", s);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	uint64_t size;
	int c;

	while ((c = getopt(argc, argv, "+m:d:q:")) != -1) {
		if (c == 'm')
			dmabuf = bar_export(optarg, &size);
		else if (c == 'd')
			ifindex = if_nametoindex(optarg);
		else if (c == 'q')
			queues = optarg;
		else
			return 2;
	}
	for (c = optind; argv[c]; c++)
		if (!strcmp(argv[c], "--")) {
			argv[c] = NULL;
			command = &argv[c + 1];
			break;
		}
	for (c = optind; argv[c]; c++)
		do_step(argv[c]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
