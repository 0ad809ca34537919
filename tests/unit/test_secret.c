/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stored passwords: published vectors of every type, fresh hashes, and what must be refused. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/secret.h"
#include "suite.h"

static const struct vector {
	int type;
	const char *stored, *plain;
} vectors[] = {
    {0, "hashcat", "hashcat"},
    {0, "two words", "two words"},
    {5, "$1$28772684$iEwNOgGugqO9.bIz5sk8k/", "hashcat"},
    {7, "02050D480809", "cisco"},
    {7, "060506324F41", "cisco"},
    {8, "$8$TnGX/fE4KGHOVU$pEhnEvxrvaynpi8j4f.EMHr6M.FzU8xnZnBr/tJdFWk", "hashcat"},
    {9, "$9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6", "hashcat"},
};

START_TEST(published_vectors_match)
{
	const struct vector *v = &vectors[_i];

	ck_assert(secret_valid(v->type, v->stored));
	ck_assert_msg(secret_matches(v->type, v->stored, v->plain), "type %d", v->type);
	/* negative control: neither a longer, a shorter, nor a changed password */
	ck_assert(!secret_matches(v->type, v->stored, "hashcat "));
	ck_assert(!secret_matches(v->type, v->stored, "hashca"));
	ck_assert(!secret_matches(v->type, v->stored, ""));
	ck_assert(!secret_matches(v->type, v->stored, "Hashcat"));
}
END_TEST

START_TEST(made_is_type_nine_with_fresh_salt)
{
	char a[SECRET_SIZE], b[SECRET_SIZE];

	ck_assert(secret_make("s3cret", a));
	ck_assert(secret_make("s3cret", b));
	ck_assert(secret_valid(9, a));
	ck_assert_str_ne(a, b);
	ck_assert(secret_matches(9, a, "s3cret"));
	ck_assert(!secret_matches(9, a, "s3creT"));
	ck_assert(!secret_valid(8, a));
}
END_TEST

START_TEST(malformed_is_refused)
{
	char changed[SECRET_SIZE];

	ck_assert(!secret_valid(9, "plain"));
	ck_assert(!secret_valid(9, "$9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo"));
	ck_assert(
	    !secret_valid(9, "$9$2MJBozw/9R3Us $2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6"));
	ck_assert(!secret_valid(5, "$1$$iEwNOgGugqO9.bIz5sk8k/"));
	ck_assert(!secret_valid(5, "$1$123456789$iEwNOgGugqO9.bIz5sk8k/"));
	ck_assert(!secret_valid(5, "$6$28772684$iEwNOgGugqO9.bIz5sk8k/"));
	ck_assert(!secret_valid(7, "0205D"));
	ck_assert(!secret_valid(7, "xx050D480809"));
	ck_assert(!secret_valid(7, "99050D480809"));
	ck_assert(!secret_valid(7, "02050D4808zz"));
	ck_assert(!secret_valid(0, ""));
	ck_assert(!secret_valid(0, "a\033b"));
	ck_assert(!secret_valid(1, "x"));
	ck_assert(!secret_matches(3, "x", "x"));
	memset(changed, '0', sizeof(changed));
	changed[sizeof(changed) - 1] = '\0';
	ck_assert(!secret_matches(7, changed, "x"));
	ck_assert(!secret_matches(9, changed, "x"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("secret");
	TCase *tc = tcase_create("secret");

	tcase_add_loop_test(tc, published_vectors_match, 0, sizeof(vectors) / sizeof(vectors[0]));
	tcase_add_test(tc, made_is_type_nine_with_fresh_salt);
	tcase_add_test(tc, malformed_is_refused);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
