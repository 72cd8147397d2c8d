// SPDX-License-Identifier: GPL-2.0-only
/* xdpquery LIBRARY IFNAME...: what libbpf's bpf_xdp_query() says of interfaces.
 * From version 1.2 on that asks the genl family "netdev" too, if there is one.
 * The library is loaded by hand, so that several can be tried and none is needed
 * to build this.
 *
 * Prints a line "IFNAME ret=N prog=ID mode=N" for each; with -f also the
 * features, which libraries before 1.2 leave at 0.
 */
#include <dlfcn.h>
#include <err.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* libbpf's struct bpf_xdp_query_opts, of which older ones know the beginning. */
struct query_opts {
	size_t		sz;
	uint32_t	prog_id;
	uint32_t	drv_prog_id;
	uint32_t	hw_prog_id;
	uint32_t	skb_prog_id;
	uint8_t		attach_mode;
	uint64_t	feature_flags;
	uint32_t	xdp_zc_max_segs;
	uint32_t	end;
};

int main(int argc, char **argv)
{
	int (*query)(int ifindex, int flags, struct query_opts *opts);
	int features, ret, i;
	void *lib;

	features = argc > 1 && !strcmp(argv[1], "-f");
	argv += features;
	argc -= features;
	if (argc < 3)
		return 2;
	lib = dlopen(argv[1], RTLD_NOW);
	if (!lib)
		errx(1, "%s", dlerror());
	query = dlsym(lib, "bpf_xdp_query");
	if (!query)
		errx(1, "%s", dlerror());
	for (i = 2; i < argc; i++) {
		struct query_opts opts = { .sz = sizeof(opts) };

		ret = query(if_nametoindex(argv[i]), 0, &opts);
		printf("%s ret=%d prog=%u mode=%u", argv[i], ret, opts.prog_id,
		       opts.attach_mode);
		if (features)
			printf(" features=%llu segs=%u",
			       (unsigned long long)opts.feature_flags,
			       opts.xdp_zc_max_segs);
		putchar('\n');
	}
	return 0;
}
