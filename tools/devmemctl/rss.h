/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RSS_H
#define RSS_H

#include <stdbool.h>
#include <stdint.h>

#include "iface.h"
#include "reta.h"

/* What netdev_rss_key_fill() gives a driver at most */
#define RSS_KEY_MAX	52

/**
 * struct rss - receive side scaling of an interface
 * @rings: RX queues it has now
 * @reta: its redirection table
 * @toeplitz: the hash is Toeplitz
 * @key: Toeplitz key, first byte first
 * @key_len: bytes of @key, 0 if it is not known
 */
struct rss {
	unsigned int rings;
	struct reta reta;
	bool toeplitz;
	uint8_t key[RSS_KEY_MAX];
	unsigned int key_len;
};

int rss_get(struct rss *rss, const struct iface *iface);
int rss_find_key(struct rss *rss, const struct iface *iface);
int rss_set(const struct iface *iface, const struct reta *reta);
int rss_set_default(const struct iface *iface);

#endif /* RSS_H */
