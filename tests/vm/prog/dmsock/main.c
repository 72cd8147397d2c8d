// SPDX-License-Identifier: GPL-2.0-only
/* dmsock [OPTION]... STEP...: receives the test stream of dmsend and checks
 * every byte where it is, in device memory or in the iovec, in the order of the
 * control messages. What it does with the socket is up to the steps.
 *
 *   -m PCI[:OFFSET[:SIZE]]	export this range of BAR 2 and map it; may be
 *				repeated. Without it: content is not checked
 *   -d IFNAME -q QUEUES	bind each -m range by devmemctl to QUEUES; one
 *				-q for each -m
 *   -l LIMIT, -z PAGE_SIZE	of these bindings: tokens of one socket, bytes
 *				of a net_iov
 *   -f FD			map this dma-buf, which somebody else binds
 *   -n			do not compare what is in device memory
 *   -w FILE			list stream offset, dma-buf offset, length of
 *				frags in FILE for somebody else to compare, and
 *				compare nothing, so any sender will do
 *   -p PORT (5000), -s SEED, -r SO_RCVBUF, -M by MPTCP
 *   -k ADDRESS			segments from there are signed (MD5)
 *
 *   accept		listen, take a connection; the one before is closed
 *   swap		keep this connection, go on with the one kept before
 *   many:N		N connections, each received to its end
 *   connect:ADDRESS	the socket, or a new one, to the port there
 *   disconnect		connect(AF_UNSPEC)
 *   close, shut:rd, shut:wr
 *   keep:FILE		fork a child that has the socket until FILE exists
 *   pass:FILE		send the socket to a child, which returns the tokens,
 *			receives, keeps it until FILE exists; we close ours
 *   set:OPTION:VALUE	timestamp, oobinline, rcvlowat, rcvbuf, peekoff, inq,
 *			flowinfo
 *   filter:OFFSET	a socket filter that loads this byte; 0: none
 *   prog:PATH		a socket filter that is pinned there
 *   ready:MS		poll() for that long
 *   epoll:et, epoll:lt, epwait:MS
 *   inq, atmark	the ioctls
 *
 *   recv:N[:CMSGS[:FLAGS]]	recvmsg(MSG_SOCK_DEVMEM), room for CMSGS control
 *			messages (1024); FLAGS: p MSG_PEEK, t MSG_TRUNC,
 *			w MSG_WAITALL, o MSG_OOB, e MSG_ERRQUEUE, b may block.
 *			Tokens are kept
 *   ctl:N:BYTES[:GOOD]	the same with a control buffer of BYTES, of which only
 *			the first GOOD are mapped
 *   nullctl:N:BYTES	and with one at NULL
 *   mmsg:N:MSGS:CMSGS	recvmmsg() of MSGS messages of N bytes each
 *   read:N		receive N bytes in all, returning tokens at once
 *   hold:N		receive N bytes in all, keeping the tokens
 *   dry:MS		receive until nothing comes for MS, keeping the tokens
 *   eof		receive until the peer is done, returning tokens
 *   race:N:THREADS	receive N bytes while THREADS return tokens
 *   faults:on, faults:off	see fault.c
 *   flood:CALLS:THREADS	garbage for SO_DEVMEM_DONTNEED, see flood.c
 *   uring...		see uring.c
 *   plain...		readers that know no device memory, see other.c,
 *			sockmap.c and kcm.c
 *
 *   free		return all tokens that are kept
 *   freesome:N		the oldest N of them
 *   forget		keep none, return none
 *   freetimed		all, then wait for buffers to go to the NIC again
 *   twice		return the last token that was returned, again
 *   overlap		all that are kept, by ranges that overlap and wrap
 *   dontneed:RANGES:START:COUNT	ask for that, from START on
 *   optlen:LEN		SO_DEVMEM_DONTNEED with this length
 *   fault, faultall	with memory that is not there, from the middle on or all
 *   udp, unix		SO_DEVMEM_DONTNEED on such a socket
 *   wait:FILE, touch:FILE, sleep:MS
 *
 * Only recv with b, read, hold, eof and race wait for data. A step can have a
 * name: NAME=STEP. Its results are lines NAME.KEY=VALUE; errno 0 is success.
 *
 * Exit status: 0, 1 a byte or a control message was wrong, or nothing came for
 * 60 s times the environment's STAGE_SLOW, 2 usage.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dmsock.h"

const char *step_name;
int patience = 60000;

void say(const char *key, const char *fmt, ...)
{
	va_list ap;

	printf("%s.%s=", step_name, key);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void say_errno(int e)
{
	say("errno", "%s", e ? strerrorname_np(e) ?: "unknown" : "0");
}

uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

/* Wrong content ends the test: there is no use in going on. */
void wrong(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say("wrong", "%s", text);
	exit(1);
}

static void run_step(char *s)
{
	char *equals = strchr(s, '=');
	unsigned int a;

	step_name = s;
	if (equals) {
		*equals = '\0';
		s = equals + 1;
	}
	if (step_rx(s) || step_tokens(s) || step_conn(s) || step_other(s) ||
	    step_sockmap(s) || step_kcm(s) || step_race(s) || step_flood(s) ||
	    step_fault(s) || step_uring(s))
		return;
	if (sscanf(s, "sleep:%u", &a) == 1) {
		usleep(a * 1000);
	} else if (!strncmp(s, "wait:", 5)) {
		while (access(s + 5, F_OK))
			usleep(2000);
	} else if (!strncmp(s, "touch:", 6)) {
		fflush(NULL);
		close(open(s + 6, O_CREAT | O_WRONLY, 0600));
	} else {
		errx(2, "unknown step %s", s);
	}
}

int main(int argc, char **argv)
{
	static struct in6_addr peer;
	const char *slow = getenv("STAGE_SLOW");
	struct bind_how how = {};
	unsigned int i, queues = 0;
	int c;

	if (slow)
		patience *= atoi(slow);
	while ((c = getopt(argc, argv, "+m:f:d:q:l:z:nw:p:s:r:Mk:")) != -1) {
		if (c == 'm' && nr_ranges < MAX_RANGES)
			ranges[nr_ranges++].spec = optarg;
		else if (c == 'f' && !nr_ranges)
			ranges[nr_ranges++].fd = atoi(optarg);
		else if (c == 'q' && queues < MAX_RANGES)
			ranges[queues++].queues = optarg;
		else if (c == 'l')
			how.sock_limit = strtoul(optarg, NULL, 0);
		else if (c == 'z')
			how.page_size = strtoul(optarg, NULL, 0);
		else if (c == 'w')
			frag_list = fopen(optarg, "we");
		else if (c == 'n')
			blind = true;
		else if (c == 'd')
			how.ifname = optarg;
		else if (c == 'p')
			port = atoi(optarg);
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (c == 'k' && inet_pton(AF_INET6, optarg, &peer) == 1)
			signer = &peer;
		else if (c == 'M')
			protocol = IPPROTO_MPTCP;
		else if (c == 'r')
			rcvbuf = atoi(optarg);
		else
			return 2;
	}
	for (i = 0; i < nr_ranges; i++) {
		if (!ranges[i].spec != !ranges[i].queues)
			errx(2, "one -q for each -m");
		range_open(&ranges[i], &how);
	}
	for (argv += optind; *argv; argv++)
		run_step(*argv);
	return 0;
}
