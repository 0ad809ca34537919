/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/ordered.h"

#include <stddef.h>

/* xorshift: the priorities need to be unrelated to the order of the keys, not to be secret. */
static uint32_t next_priority(struct ordered *set)
{
	uint32_t x = set->seed ? set->seed : 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return set->seed = x;
}

/* Puts `to` where `from` hangs. */
static void replace_child(struct ordered *set, struct ordered_node *from, struct ordered_node *to)
{
	struct ordered_node *parent = from->parent;

	if (!parent)
		set->root = to;
	else if (parent->left == from)
		parent->left = to;
	else
		parent->right = to;
	if (to)
		to->parent = parent;
}

/* Lifts a node above its parent, keeping the order. */
static void lift(struct ordered *set, struct ordered_node *node)
{
	struct ordered_node *parent = node->parent, *moved;

	replace_child(set, parent, node);
	if (parent->left == node) {
		moved = node->right;
		node->right = parent;
		parent->left = moved;
	} else {
		moved = node->left;
		node->left = parent;
		parent->right = moved;
	}
	if (moved)
		moved->parent = parent;
	parent->parent = node;
}

void ordered_add(struct ordered *set, struct ordered_node *node)
{
	struct ordered_node **link = &set->root, *parent = NULL;

	while (*link) {
		parent = *link;
		link = set->compare(node, parent) < 0 ? &parent->left : &parent->right;
	}
	node->left = node->right = NULL;
	node->parent = parent;
	node->priority = next_priority(set);
	*link = node;
	while (node->parent && node->parent->priority < node->priority)
		lift(set, node);
}

void ordered_remove(struct ordered *set, struct ordered_node *node)
{
	while (node->left || node->right) {
		struct ordered_node *up = node->left;

		if (!up || (node->right && node->right->priority > up->priority))
			up = node->right;
		lift(set, up);
	}
	replace_child(set, node, NULL);
	node->parent = NULL;
}

static struct ordered_node *leftmost(struct ordered_node *node)
{
	while (node && node->left)
		node = node->left;
	return node;
}

struct ordered_node *ordered_first(const struct ordered *set)
{
	return leftmost(set->root);
}

struct ordered_node *ordered_last(const struct ordered *set)
{
	struct ordered_node *node = set->root;

	while (node && node->right)
		node = node->right;
	return node;
}

struct ordered_node *ordered_next(const struct ordered_node *node)
{
	if (node->right)
		return leftmost(node->right);
	while (node->parent && node->parent->right == node)
		node = node->parent;
	return node->parent;
}

struct ordered_node *ordered_from(const struct ordered *set,
				  int (*place)(const struct ordered_node *, const void *),
				  const void *arg)
{
	struct ordered_node *node = set->root, *found = NULL;

	while (node) {
		if (place(node, arg) < 0) {
			node = node->right;
		} else {
			found = node;
			node = node->left;
		}
	}
	return found;
}
