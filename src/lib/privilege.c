/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/privilege.h"

#include <cap-ng.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Only plain names directly inside: the directory is ours and has no others. */
static bool give_directory(const char *path, uid_t uid, gid_t gid, struct err *err)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (dir == NULL || fchown(dirfd(dir), uid, gid) != 0) {
		err_set(err, "%s: %s", path, strerror(errno));
		if (dir != NULL)
			closedir(dir);
		return false;
	}
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    fchownat(dirfd(dir), entry->d_name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
			err_set(err, "%s/%s: %s", path, entry->d_name, strerror(errno));
	closedir(dir);
	return true;
}

bool privilege_drop(const char *user, const char *state_dir, struct err *err)
{
	const struct passwd *who = getpwnam(user);

	if (who == NULL)
		return err_set(err, "no such user: %s", user);
	if (!give_directory(state_dir, who->pw_uid, who->pw_gid, err))
		return false;
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN, CAP_NET_RAW,
			  CAP_NET_BIND_SERVICE, -1) != 0 ||
	    capng_change_id((int)who->pw_uid, (int)who->pw_gid, CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING) != 0)
		return err_set(err, "cannot become %s: %s", user, strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_set(err, "no_new_privs: %s", strerror(errno));
	return true;
}
