/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Password dialogues. Promises: no check runs on the loop's thread, what was typed is wiped when it
 * is judged, and a session may end at any moment of the dialogue.
 */
#include "cli/auth.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "cli/session_internal.h"
#include "lib/mem.h"
#include "lib/secret.h"

/* Each wrong try over the network waits this much longer (ms). */
#define AUTH_DELAY 1000

struct auth {
	struct session *session; /* NULL: it died */
	int type;
	char stored[SECRET_SIZE];
	char *typed;
	bool ok;
	unsigned tries;
	struct loop_timer *delay;
	void (*done)(struct session *session, bool ok);
};

static void ask(struct auth *auth);

static void auth_free(struct auth *auth)
{
	loop_timer_free(auth->delay);
	if (auth->typed != NULL) {
		OPENSSL_cleanse(auth->typed, strlen(auth->typed));
		free(auth->typed);
	}
	OPENSSL_cleanse(auth->stored, sizeof(auth->stored));
	free(auth);
}

static void finish(struct auth *auth, bool ok)
{
	struct session *session = auth->session;
	void (*done)(struct session * session, bool ok) = auth->done;

	session->auth = NULL;
	auth_free(auth);
	done(session, ok);
}

static void judge(struct auth *auth)
{
	if (auth->ok || ++auth->tries >= AUTH_TRIES)
		finish(auth, auth->ok);
	else
		ask(auth);
}

static void delayed(void *arg)
{
	struct auth *auth = arg;
	struct session *session = auth->session;

	judge(auth);
	session_release(session);
}

static void check(void *arg)
{
	struct auth *auth = arg;

	auth->ok = secret_matches(auth->type, auth->stored, auth->typed);
	OPENSSL_cleanse(auth->typed, strlen(auth->typed));
}

static void checked(void *arg)
{
	struct auth *auth = arg;
	struct session *session = auth->session;

	if (session == NULL) {
		auth_free(auth);
		return;
	}
	free(auth->typed);
	auth->typed = NULL;
	if (!auth->ok && session->origin == ORIGIN_VTY) {
		if (auth->delay == NULL)
			auth->delay = loop_timer_new(session->loop, delayed, auth);
		loop_timer_set(auth->delay, (uint64_t)AUTH_DELAY * (auth->tries + 1));
		return;
	}
	delayed(auth);
}

static void answered(struct session *session, const char *text, void *arg)
{
	struct auth *auth = arg;

	if (text == NULL) {
		finish(auth, false);
		return;
	}
	auth->typed = mem_strdup(text);
	session_hold(session);
	loop_work(session->loop, check, checked, auth);
}

static void ask(struct auth *auth)
{
	session_ask(auth->session, QUESTION_SECRET, "Password: ", answered, auth);
}

void auth_ask(struct session *session, int type, const char *stored,
	      void (*done)(struct session *session, bool ok))
{
	struct auth *auth = mem_alloc(sizeof(*auth));

	auth->session = session;
	auth->type = type;
	strncpy(auth->stored, stored, sizeof(auth->stored) - 1);
	auth->done = done;
	session->auth = auth;
	ask(auth);
}

void auth_forget(struct session *session)
{
	struct auth *auth = session->auth;

	if (auth == NULL)
		return;
	session->auth = NULL;
	/* With the worker or on its way back: checked() frees it. Otherwise nobody else will. */
	if (auth->typed != NULL)
		auth->session = NULL;
	else
		auth_free(auth);
}
