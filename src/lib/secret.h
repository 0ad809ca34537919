/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passwords as configuration keeps them. Types: 0 clear text, 5 MD5-crypt, 7 obfuscated (reversible, protects nothing),
 * 8 PBKDF2-SHA256 (20 000 rounds), 9 scrypt (N 16384, r 1, p 1), both in the router's own base64 alphabet.
 */
#ifndef ALGATE_LIB_SECRET_H
#define ALGATE_LIB_SECRET_H

#include <stdbool.h>

#define SECRET_SIZE 128

/* Hashes clear text as type 9 with a fresh salt. */
bool secret_make(const char *plain, char out[SECRET_SIZE]);
/* Could `text` be a stored password of this type? */
bool secret_valid(int type, const char *text);
/* Constant time for equal lengths; 5 to 10 ms for types 8 and 9. False for an unknown type. */
bool secret_matches(int type, const char *stored, const char *plain);

#endif
