/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An intrusive ordered set (a treap with parent links): O(log n) insert and remove, next in O(1)
 * amortised, so that the store can be walked in running-config order while it grows by 100 000
 * lines.
 */
#ifndef ALGATE_CONFIG_ORDERED_H
#define ALGATE_CONFIG_ORDERED_H

#include <stdint.h>

struct ordered_node {
	struct ordered_node *left, *right, *parent;
	uint32_t priority;
};

struct ordered {
	struct ordered_node *root;
	uint32_t seed; /* of the priorities; any start value will do */
	/* <0, 0, >0; 0 only for the same element */
	int (*compare)(const struct ordered_node *a, const struct ordered_node *b);
};

void ordered_add(struct ordered *set, struct ordered_node *node);
void ordered_remove(struct ordered *set, struct ordered_node *node);
struct ordered_node *ordered_first(const struct ordered *set);
struct ordered_node *ordered_last(const struct ordered *set);
struct ordered_node *ordered_next(const struct ordered_node *node);
/* The first node that is not before the place that `place` describes (<0: the node is before it).
 */
struct ordered_node *ordered_from(const struct ordered *set,
				  int (*place)(const struct ordered_node *, const void *),
				  const void *arg);

#endif
