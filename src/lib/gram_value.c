/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The argument types of the grammar: one row each, with how to read, print and measure a value. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/addr.h"
#include "lib/gram.h"
#include "lib/gram_names.h"

bool (*gram_ifname_canonical)(const char *text, char out[GRAM_WORD_SIZE]);

static bool parse_decimal(const char *text, uint32_t lo, uint32_t hi, uint32_t *out)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
		if (value > UINT32_MAX)
			return false;
	}
	if (value < lo || value > hi)
		return false;
	*out = (uint32_t)value;
	return true;
}

/* ---- number ---- */

static bool parse_number(const struct gram_leaf *leaf, const char *word, void *out)
{
	uint32_t value;

	if (!parse_decimal(word, leaf->lo, leaf->hi, &value))
		return false;
	memcpy(out, &value, sizeof(value));
	return true;
}

static void print_number(const struct gram_leaf *leaf, const void *in, char *buf)
{
	uint32_t value;

	(void)leaf;
	memcpy(&value, in, sizeof(value));
	snprintf(buf, GRAM_LINE_SIZE, "%u", value);
}

static bool parse_number_text(const struct gram_leaf *leaf, const char *word, void *out)
{
	uint32_t value;

	if (!parse_decimal(word, leaf->lo, leaf->hi, &value))
		return false;
	memset(out, 0, GRAM_WORD_SIZE);
	snprintf(out, GRAM_WORD_SIZE, "%u", value);
	return true;
}

/* ---- addresses ---- */

static bool parse_ip4(const struct gram_leaf *leaf, const char *word, void *out)
{
	ip4 addr;

	(void)leaf;
	if (!ip4_parse(word, &addr))
		return false;
	memcpy(out, &addr, sizeof(addr));
	return true;
}

static bool parse_mask(const struct gram_leaf *leaf, const char *word, void *out)
{
	uint8_t length;
	ip4 mask;

	(void)leaf;
	if (!ip4_parse(word, &mask) || !ip4_mask_len(mask, &length))
		return false;
	memcpy(out, &mask, sizeof(mask));
	return true;
}

static void print_ip4(const struct gram_leaf *leaf, const void *in, char *buf)
{
	ip4 addr;

	(void)leaf;
	memcpy(&addr, in, sizeof(addr));
	ip4_text(addr, buf);
}

static bool parse_prefix_len(const struct gram_leaf *leaf, const char *word, void *out)
{
	uint32_t value;

	(void)leaf;
	if (!parse_decimal(word + (*word == '/'), 0, 32, &value))
		return false;
	*(uint8_t *)out = (uint8_t)value;
	return true;
}

static void print_prefix_len(const struct gram_leaf *leaf, const void *in, char *buf)
{
	(void)leaf;
	snprintf(buf, GRAM_LINE_SIZE, "/%u", *(const uint8_t *)in);
}

/* ---- text ---- */

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static bool only_digits(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0';
}

/* The whole field is written: entries are compared by their bytes. */
static void keep_text(const char *text, void *out, size_t size)
{
	size_t length = strlen(text);

	memset(out, 0, size);
	memcpy(out, text, length);
}

static bool parse_word(const struct gram_leaf *leaf, const char *word, void *out)
{
	if (!*word || strlen(word) >= GRAM_WORD_SIZE || !is_printable(word) || strpbrk(word, " ") ||
	    (leaf->lo && only_digits(word)))
		return false;
	keep_text(word, out, GRAM_WORD_SIZE);
	return true;
}

static bool parse_line(const struct gram_leaf *leaf, const char *word, void *out)
{
	(void)leaf;
	if (!*word || strlen(word) >= GRAM_LINE_SIZE || !is_printable(word))
		return false;
	keep_text(word, out, GRAM_LINE_SIZE);
	return true;
}

/* Neither a number nor an address, whatever is known of the interfaces. */
static bool well_formed_name(const char *word)
{
	bool letter = false;

	if (!*word || strlen(word) >= GRAM_WORD_SIZE)
		return false;
	for (const char *p = word; *p; p++) {
		letter |= isalpha((unsigned char)*p) != 0;
		if (!isalnum((unsigned char)*p) && !strchr("/.:-_@", *p))
			return false;
	}
	return letter;
}

static bool parse_ifname(const struct gram_leaf *leaf, const char *word, void *out)
{
	char name[GRAM_WORD_SIZE];

	(void)leaf;
	if (!well_formed_name(word))
		return false;
	if (!gram_ifname_canonical) {
		keep_text(word, out, GRAM_WORD_SIZE);
		return true;
	}
	if (!gram_ifname_canonical(word, name))
		return false;
	name[GRAM_WORD_SIZE - 1] = '\0';
	keep_text(name, out, GRAM_WORD_SIZE);
	return true;
}

static void print_text(const struct gram_leaf *leaf, const void *in, char *buf)
{
	size_t size = gram_value_size((enum gram_type)leaf->type);
	size_t length = strnlen(in, size - 1);

	memcpy(buf, in, length);
	buf[length] = '\0';
}

/* ---- named numbers ---- */

static bool parse_named(const struct gram_leaf *leaf, const char *word, uint32_t lo, uint32_t hi, uint32_t *out)
{
	const struct gram_name *name;

	if (parse_decimal(word, lo, hi, out))
		return true;
	name = gram_name_find((enum gram_type)leaf->type, word);
	if (name)
		*out = name->value;
	return name != NULL;
}

static bool parse_port(const struct gram_leaf *leaf, const char *word, void *out)
{
	uint32_t value;
	uint16_t port;

	if (!parse_named(leaf, word, 0, 65535, &value))
		return false;
	port = (uint16_t)value;
	memcpy(out, &port, sizeof(port));
	return true;
}

static bool parse_protocol(const struct gram_leaf *leaf, const char *word, void *out)
{
	uint32_t value;

	if (!parse_named(leaf, word, 0, 255, &value))
		return false;
	*(uint8_t *)out = (uint8_t)value;
	return true;
}

static bool parse_icmp_type(const struct gram_leaf *leaf, const char *word, void *out)
{
	const struct gram_name *name = gram_name_find(GRAM_ICMP_TYPE, word);
	uint32_t type;
	uint16_t value;

	(void)leaf;
	if (parse_decimal(word, 0, 255, &type))
		value = (uint16_t)(type << 8 | 255);
	else if (name)
		value = name->value;
	else
		return false;
	memcpy(out, &value, sizeof(value));
	return true;
}

static void print_named(const struct gram_leaf *leaf, uint16_t value, unsigned number, char *buf)
{
	const struct gram_name *name = gram_name_of((enum gram_type)leaf->type, value);

	if (name)
		snprintf(buf, GRAM_LINE_SIZE, "%s", name->name);
	else
		snprintf(buf, GRAM_LINE_SIZE, "%u", number);
}

static void print_port(const struct gram_leaf *leaf, const void *in, char *buf)
{
	uint16_t value;

	memcpy(&value, in, sizeof(value));
	print_named(leaf, value, leaf->type == GRAM_ICMP_TYPE ? value >> 8 : value, buf);
}

static void print_protocol(const struct gram_leaf *leaf, const void *in, char *buf)
{
	print_named(leaf, *(const uint8_t *)in, *(const uint8_t *)in, buf);
}

static const struct row {
	size_t size;
	bool (*parse)(const struct gram_leaf *leaf, const char *word, void *out);
	void (*print)(const struct gram_leaf *leaf, const void *in, char *buf);
} rows[GRAM_TYPES] = {
	[GRAM_NUMBER] = {sizeof(uint32_t), parse_number, print_number},
	[GRAM_IP4] = {sizeof(ip4), parse_ip4, print_ip4},
	[GRAM_MASK] = {sizeof(ip4), parse_mask, print_ip4},
	[GRAM_PREFIX_LEN] = {sizeof(uint8_t), parse_prefix_len, print_prefix_len},
	[GRAM_WORD] = {GRAM_WORD_SIZE, parse_word, print_text},
	[GRAM_LINE] = {GRAM_LINE_SIZE, parse_line, print_text},
	[GRAM_IFNAME] = {GRAM_WORD_SIZE, parse_ifname, print_text},
	[GRAM_TCP_PORT] = {sizeof(uint16_t), parse_port, print_port},
	[GRAM_UDP_PORT] = {sizeof(uint16_t), parse_port, print_port},
	[GRAM_PROTOCOL] = {sizeof(uint8_t), parse_protocol, print_protocol},
	[GRAM_ICMP_TYPE] = {sizeof(uint16_t), parse_icmp_type, print_port},
	[GRAM_NUMBER_TEXT] = {GRAM_WORD_SIZE, parse_number_text, print_text},
};

bool gram_value_parse(const struct gram_leaf *leaf, const char *word, void *out)
{
	return leaf->type < GRAM_TYPES && rows[leaf->type].parse && rows[leaf->type].parse(leaf, word, out);
}

const char *gram_value_text(const struct gram_leaf *leaf, const void *in, char buf[GRAM_LINE_SIZE])
{
	buf[0] = '\0';
	if (leaf->type < GRAM_TYPES && rows[leaf->type].print)
		rows[leaf->type].print(leaf, in, buf);
	return buf;
}

size_t gram_value_size(enum gram_type type)
{
	return type < GRAM_TYPES ? rows[type].size : 0;
}
