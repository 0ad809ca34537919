/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/save.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"

#define FILE_MAX ((size_t)64 << 20)

static bool write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		length -= (size_t)n;
	}
	return true;
}

/* The rename is on disk only when the directory is. Some file systems cannot sync a directory: then
 * there is nothing more to be had. */
static bool sync_directory(const char *path)
{
	char *copy = mem_strdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL || errno == EROFS);

	if (fd >= 0)
		close(fd);
	free(copy);
	return good;
}

/* The temporary file holds the whole text, on disk, under its own name. */
static bool write_temporary(char *name, const char *text, size_t length)
{
	int fd = mkostemp(name, O_CLOEXEC), saved;
	bool good;

	if (fd < 0)
		return false;
	good = fchmod(fd, 0600) == 0 && write_all(fd, text, length) && fsync(fd) == 0;
	saved = errno;
	good = close(fd) == 0 && good;
	if (!good) {
		unlink(name);
		errno = saved;
	}
	return good;
}

bool save_file(const char *path, const char *text, size_t length, struct err *err)
{
	char *name = mem_printf("%s.XXXXXX", path);
	bool good = write_temporary(name, text, length);

	if (good && rename(name, path) != 0) {
		int saved = errno;

		unlink(name);
		errno = saved;
		good = false;
	}
	good = good && sync_directory(path);
	if (!good)
		err_set(err, "Cannot write %s: %s", path, strerror(errno));
	free(name);
	return good;
}

static char *read_all(int fd, size_t *length)
{
	size_t size = 1 << 16;
	char *text = mem_alloc(size);
	ssize_t n;

	*length = 0;
	while ((n = read(fd, text + *length, size - 1 - *length)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			goto bad;
		*length += (size_t)n;
		if (*length > FILE_MAX) {
			errno = EFBIG;
			goto bad;
		}
		if (*length == size - 1) {
			size *= 2;
			text = mem_grow(text, size, 1);
		}
	}
	text[*length] = '\0';
	return text;
bad:
	free(text);
	return NULL;
}

char *load_file(const char *path, size_t *length, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	char *text = NULL;

	if (fd < 0 && errno == ENOENT) {
		if (err)
			err->text[0] = '\0';
		return NULL;
	}
	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
		errno = EISDIR;
	else if (fd >= 0)
		text = read_all(fd, length);
	if (!text)
		err_set(err, "Cannot read %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return text;
}
