/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IFACE_H
#define IFACE_H

#include <stdbool.h>
#include <stdint.h>

#include <net/if.h>

/**
 * struct iface - a network interface of our network namespace
 * @name: name
 * @index: ifindex
 * @up: administratively up
 * @driver: driver, "" if it tells none
 * @bus: address on its bus, "" if it has none
 */
struct iface {
	char name[IF_NAMESIZE];
	unsigned int index;
	bool up;
	char driver[32];
	char bus[32];
};

int iface_get(struct iface *iface, const char *name);
int iface_find(struct iface *iface, const char *name);
int iface_ethtool(const struct iface *iface, void *cmd);
int iface_rx_checksum(const struct iface *iface);
int iface_xdp(const struct iface *iface);
int iface_data_split(const struct iface *iface);
const char *iface_name(char *buf, uint32_t index);

#endif /* IFACE_H */
