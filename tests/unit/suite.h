/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a test's main ends with. */
#ifndef ALGATE_TEST_SUITE_H
#define ALGATE_TEST_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs it, as Check's environment variables say, and frees it. Main's return value. */
static inline int suite_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
