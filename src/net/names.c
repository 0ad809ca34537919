/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interface names. Promises one canonical spelling for each interface: the mapped IOS name, else the Linux name as it
 * is. May not ask the kernel.
 */
#include "net/names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/mem.h"
#include "net/net.h"

#define LINUX_NAME_MAX 15

struct name_map {
	char ios[MIRROR_NAME_SIZE];
	char linux_name[LINUX_NAME_MAX + 1];
};

/* gram_ifname_canonical has no argument for a context, so this is the process's. */
static struct name_map *maps_list;
static unsigned maps_count;
static const struct mirror *maps_mirror;

/* Types that a name with a slash can have without a map: `gi0/1` in a configuration read before its card is there. */
static const char *const types[] = {"Ethernet", "FastEthernet", "GigabitEthernet", "TenGigabitEthernet", "Serial"};

static bool is_linux_name(const char *text, size_t length)
{
	if (length == 0 || length > LINUX_NAME_MAX || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return false;
	for (size_t i = 0; i < length; i++)
		if (text[i] == '/' || text[i] == ':' || !isgraph((unsigned char)text[i]))
			return false;
	return true;
}

static bool map_parse(const char *text, struct name_map *map)
{
	const char *equals = strchr(text, '=');
	size_t size = equals != NULL ? (size_t)(equals - text) : 0, length;

	if (size == 0 || size >= sizeof(map->ios) || !isalpha((unsigned char)text[0]))
		return false;
	length = strcspn(equals + 1, " \t\r\n");
	if (length > LINUX_NAME_MAX || equals[1 + length + strspn(equals + 1 + length, " \t\r\n")] != '\0')
		return false;
	memset(map, 0, sizeof(*map));
	memcpy(map->ios, text, size);
	memcpy(map->linux_name, equals + 1, length);
	return is_linux_name(map->linux_name, length) && strpbrk(map->ios, " \t") == NULL;
}

static bool map_clashes(const struct name_map *maps, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (strcasecmp(maps[i].ios, maps[n].ios) == 0 || strcmp(maps[i].linux_name, maps[n].linux_name) == 0)
			return true;
	return false;
}

bool names_set(const char *const *maps, unsigned n, struct err *err)
{
	struct name_map *list = mem_alloc(n * sizeof(*list) + 1);

	for (unsigned i = 0; i < n; i++) {
		if (!map_parse(maps[i], &list[i])) {
			free(list);
			return err_set(err, "bad interface map: %s (IOSNAME=LINUXNAME)", maps[i]);
		}
		if (map_clashes(list, i)) {
			free(list);
			return err_set(err, "interface map: %s: one of the names is mapped already", maps[i]);
		}
	}
	free(maps_list);
	maps_list = list;
	maps_count = n;
	return true;
}

bool net_names(const char *const *maps, unsigned n_maps, struct err *err)
{
	return names_set(maps, n_maps, err);
}

const char *names_of(const char *linux_name)
{
	for (unsigned i = 0; i < maps_count; i++)
		if (strcmp(maps_list[i].linux_name, linux_name) == 0)
			return maps_list[i].ios;
	return linux_name;
}

void names_mirror(const struct mirror *mirror)
{
	maps_mirror = mirror;
}

/* Letters (and dashes), then the number with its slashes and dots. Blanks between them are dropped. */
static bool split(const char *text, size_t *letters, const char **number)
{
	size_t n = 0;

	while (isalpha((unsigned char)text[n]) || text[n] == '-')
		n++;
	*letters = n;
	*number = text + n + strspn(text + n, " ");
	return n > 0 && isdigit((unsigned char)**number) &&
	       (*number)[strspn(*number, "0123456789/.:")] == '\0';
}

/* Does the typed abbreviation (letters, number) mean this full name? */
static bool abbreviates(const char *text, size_t letters, const char *number, const char *full)
{
	size_t full_letters;
	const char *full_number;

	return split(full, &full_letters, &full_number) && letters <= full_letters &&
	       strncasecmp(text, full, letters) == 0 && strcmp(number, full_number) == 0;
}

static bool put(char out[64], const char *name)
{
	memset(out, 0, 64);
	memcpy(out, name, strnlen(name, 63));
	return true;
}

/* A name as it stands: of a map, or of an interface that is there. */
static const char *exact(const char *text)
{
	for (unsigned i = 0; i < maps_count; i++)
		if (strcasecmp(maps_list[i].ios, text) == 0)
			return maps_list[i].ios;
	for (uint32_t i = 0; maps_mirror != NULL && i < maps_mirror->n_interfaces; i++)
		if (strcmp(maps_mirror->interfaces[i].linux_name, text) == 0 ||
		    strcmp(maps_mirror->interfaces[i].name, text) == 0)
			return maps_mirror->interfaces[i].name;
	for (unsigned i = 0; i < maps_count; i++)
		if (strcmp(maps_list[i].linux_name, text) == 0)
			return maps_list[i].ios;
	return NULL;
}

/* The shortest of several that fit: `e0/0` is Ethernet0/0 and nothing longer. NULL: none, or two of one length. */
static const char *shortest(const char *text, size_t letters, const char *number)
{
	const char *best = NULL;
	bool tied = false;

	for (unsigned i = 0; i < maps_count; i++) {
		const char *name = maps_list[i].ios;

		if (!abbreviates(text, letters, number, name))
			continue;
		tied = best != NULL && strlen(name) == strlen(best);
		if (best == NULL || strlen(name) < strlen(best))
			best = name;
	}
	return tied ? NULL : best;
}

static bool expand_type(const char *text, size_t letters, const char *number, char out[64])
{
	const char *found = NULL;

	for (unsigned i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (letters <= strlen(types[i]) && strncasecmp(text, types[i], letters) == 0) {
			if (found != NULL)
				return false;
			found = types[i];
		}
	if (found == NULL || strlen(found) + strlen(number) > 63)
		return false;
	put(out, found);
	memcpy(out + strlen(found), number, strlen(number));
	return true;
}

bool net_ifname_canonical(const char *text, char out[64])
{
	const char *name = exact(text), *number;
	size_t letters;

	if (name != NULL)
		return put(out, name);
	if (split(text, &letters, &number)) {
		name = shortest(text, letters, number);
		if (name != NULL)
			return put(out, name);
		if (strchr(number, '/') != NULL)
			return expand_type(text, letters, number, out);
	}
	return is_linux_name(text, strlen(text)) && put(out, text);
}
