/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stored passwords: one row per type. OpenSSL does the hashing of types 8 and 9, libcrypt that of
 * type 5.
 *
 * Promises: comparison does not tell by its time where two texts differ; clear text copies are
 * wiped. It may not log.
 */
#include "lib/secret.h"

#include <crypt.h>
#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SALT_LENGTH   14
#define HASH_BYTES    32
#define HASH_TEXT     43 /* 32 bytes, six bits a character, no padding */
#define PBKDF2_ROUNDS 20000
#define SCRYPT_N      16384

static const char alphabet[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* The key of the published obfuscation of type 7: the text is exclusive-ored with it from a seed
 * on. */
static const char vigenere[] = "dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87";

struct kind {
	int type;
	bool (*valid)(const char *text);
	bool (*matches)(const char *stored, const char *plain);
};

static bool same_text(const char *a, const char *b)
{
	size_t length = strlen(a);

	return strlen(b) == length && CRYPTO_memcmp(a, b, length) == 0;
}

static bool in_alphabet(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] == '\0' || strchr(alphabet, text[i]) == NULL)
			return false;
	return true;
}

/* Base64 bit order, this alphabet, no padding. */
static void encode(const uint8_t *bytes, size_t count, char *out)
{
	uint32_t bits = 0;
	unsigned held = 0;

	for (size_t i = 0; i < count; i++) {
		bits = bits << 8 | bytes[i];
		held += 8;
		while (held >= 6) {
			held -= 6;
			*out++ = alphabet[bits >> held & 63];
		}
	}
	if (held > 0)
		*out++ = alphabet[bits << (6 - held) & 63];
	*out = '\0';
}

static bool derive(char type, const char *salt, const char *plain, uint8_t hash[HASH_BYTES])
{
	const unsigned char *s = (const unsigned char *)salt;

	if (type == '8')
		return PKCS5_PBKDF2_HMAC(plain, (int)strlen(plain), s, SALT_LENGTH, PBKDF2_ROUNDS,
					 EVP_sha256(), HASH_BYTES, hash) == 1;
	return EVP_PBE_scrypt(plain, strlen(plain), s, SALT_LENGTH, SCRYPT_N, 1, 1, 0, hash,
			      HASH_BYTES) == 1;
}

/* $T$salt$hash */
static bool render(char type, const char *salt, const char *plain, char out[SECRET_SIZE])
{
	uint8_t hash[HASH_BYTES];
	char text[HASH_TEXT + 2];

	if (!derive(type, salt, plain, hash))
		return false;
	encode(hash, sizeof(hash), text);
	snprintf(out, SECRET_SIZE, "$%c$%.*s$%s", type, SALT_LENGTH, salt, text);
	OPENSSL_cleanse(hash, sizeof(hash));
	return true;
}

static bool hashed_valid(const char *text, char type)
{
	return strlen(text) == 3 + SALT_LENGTH + 1 + HASH_TEXT && text[0] == '$' &&
	       text[1] == type && text[2] == '$' && in_alphabet(text + 3, SALT_LENGTH) &&
	       text[3 + SALT_LENGTH] == '$' && in_alphabet(text + 4 + SALT_LENGTH, HASH_TEXT);
}

static bool hashed_matches(const char *stored, const char *plain, char type)
{
	char text[SECRET_SIZE];

	return hashed_valid(stored, type) && render(type, stored + 3, plain, text) &&
	       same_text(text, stored);
}

static bool valid0(const char *text)
{
	if (*text == '\0' || strlen(text) >= SECRET_SIZE)
		return false;
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			return false;
	return true;
}

static bool matches0(const char *stored, const char *plain)
{
	return same_text(stored, plain);
}

/* $1$, up to 8 characters of salt, $, 22 characters */
static bool valid5(const char *text)
{
	const char *end;

	if (strncmp(text, "$1$", 3) != 0)
		return false;
	text += 3;
	end = strchr(text, '$');
	if (end == NULL || end == text || end - text > 8)
		return false;
	return in_alphabet(text, (size_t)(end - text)) && strlen(end + 1) == 22 &&
	       in_alphabet(end + 1, 22);
}

static bool matches5(const char *stored, const char *plain)
{
	struct crypt_data data;
	const char *text;
	bool same;

	if (!valid5(stored))
		return false;
	memset(&data, 0, sizeof(data));
	text = crypt_r(plain, stored, &data);
	same = text != NULL && same_text(text, stored);
	OPENSSL_cleanse(&data, sizeof(data));
	return same;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Two decimal digits of seed, then two hexadecimal digits a character. */
static bool decode7(const char *text, char out[SECRET_SIZE])
{
	const unsigned period = sizeof(vigenere) - 1;
	size_t length = strlen(text), n = 0;
	unsigned seed;

	if (length < 4 || length % 2 != 0 || length / 2 > SECRET_SIZE ||
	    !isdigit((unsigned char)text[0]) || !isdigit((unsigned char)text[1]))
		return false;
	seed = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
	if (seed >= period)
		return false;
	for (size_t i = 2; i < length; i += 2, n++) {
		int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[n] = (char)((high << 4 | low) ^ vigenere[(seed + n) % period]);
	}
	out[n] = '\0';
	return strlen(out) == n;
}

static bool valid7(const char *text)
{
	char plain[SECRET_SIZE];
	bool ok = decode7(text, plain);

	OPENSSL_cleanse(plain, sizeof(plain));
	return ok;
}

static bool matches7(const char *stored, const char *plain)
{
	char text[SECRET_SIZE];
	bool same = decode7(stored, text) && same_text(text, plain);

	OPENSSL_cleanse(text, sizeof(text));
	return same;
}

static bool valid8(const char *text)
{
	return hashed_valid(text, '8');
}

static bool matches8(const char *stored, const char *plain)
{
	return hashed_matches(stored, plain, '8');
}

static bool valid9(const char *text)
{
	return hashed_valid(text, '9');
}

static bool matches9(const char *stored, const char *plain)
{
	return hashed_matches(stored, plain, '9');
}

static const struct kind kinds[] = {
    {0, valid0, matches0}, {5, valid5, matches5}, {7, valid7, matches7},
    {8, valid8, matches8}, {9, valid9, matches9},
};

static const struct kind *kind_of(int type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

bool secret_make(const char *plain, char out[SECRET_SIZE])
{
	unsigned char random[SALT_LENGTH];
	char salt[SALT_LENGTH + 1];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return false;
	for (size_t i = 0; i < SALT_LENGTH; i++)
		salt[i] = alphabet[random[i] & 63];
	salt[SALT_LENGTH] = '\0';
	return render('9', salt, plain, out);
}

bool secret_valid(int type, const char *text)
{
	const struct kind *kind = kind_of(type);

	return kind != NULL && kind->valid(text);
}

bool secret_matches(int type, const char *stored, const char *plain)
{
	const struct kind *kind = kind_of(type);

	return kind != NULL && kind->matches(stored, plain);
}
