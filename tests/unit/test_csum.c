/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checksums against a second, naive implementation; incremental updates against full ones; and SipHash-1-3 against
 * values that other implementations (CPython 3.11 with a zero key, OpenSSL's SIPHASH MAC) gave.
 */
#include "lib/csum.h"
#include "lib/siphash.h"
#include "suite.h"
#include "tables.h"

/* RFC 1071, word by big-endian word. */
static uint16_t naive(const uint8_t *data, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i++) {
		sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)~sum;
}

static uint16_t big_endian(uint16_t stored)
{
	uint8_t bytes[2];

	memcpy(bytes, &stored, 2);
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, (uint16_t)(value >> 16));
	put16(at + 2, (uint16_t)value);
}

START_TEST(rfc1071_example)
{
	static const uint8_t data[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	ck_assert_uint_eq(big_endian(csum_finish(csum_add(0, data, 8))), 0x220d);
	ck_assert_uint_ne(big_endian(csum_finish(csum_add(0, data, 7))), 0x220d);
}
END_TEST

START_TEST(equals_the_naive_sum)
{
	static uint8_t data[70000];
	uint64_t seed = test_seed();

	for (int round = 0; round < 3000; round++) {
		size_t offset = test_random(&seed) % 9;
		size_t length = round < 300 ? (size_t)round : test_random(&seed) % 3000;
		size_t cut = length > 0 ? test_random(&seed) % length / 2 * 2 : 0;
		uint64_t sum;

		if (round % 500 == 7)
			length = 65535 - offset;
		for (size_t i = 0; i < length; i++)
			data[offset + i] = round % 3 == 0 ? 0xff : (uint8_t)test_random(&seed);
		sum = csum_add(0, data + offset, length);
		ck_assert_uint_eq(big_endian(csum_finish(sum)), naive(data + offset, length));
		sum = csum_add(csum_add(0, data + offset, cut), data + offset + cut, length - cut);
		ck_assert_uint_eq(big_endian(csum_finish(sum)), naive(data + offset, length));
	}
}
END_TEST

START_TEST(pseudo_header)
{
	uint8_t data[12 + 9] = { 0 };
	uint64_t sum;

	put32(data, 0xc0a80101);
	put32(data + 4, 0xcb007105);
	data[9] = 17;
	put16(data + 10, 9);
	memcpy(data + 12, "ninebytes", 9);
	sum = csum_pseudo(0xc0a80101, 0xcb007105, 17, 9);
	ck_assert_uint_eq(big_endian(csum_finish(csum_add(sum, data + 12, 9))), naive(data, 21));
}
END_TEST

/* A packet of 40 bytes: its checksum at 16, an address at 20, a port at 24. */
START_TEST(update_equals_recomputation)
{
	uint64_t seed = test_seed();
	uint8_t data[40];

	for (int round = 0; round < 20000; round++) {
		uint32_t address = test_random(&seed), old_address;
		uint16_t port = (uint16_t)test_random(&seed), old_port, damage;
		uint32_t delta;

		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = (uint8_t)test_random(&seed);
		damage = round % 4 == 3 ? (uint16_t)(1 + test_random(&seed) % 0xfffe) : 0;
		put16(data + 16, 0);
		put16(data + 16, naive(data, sizeof(data)));
		old_address = (uint32_t)data[20] << 24 | (uint32_t)data[21] << 16 | (uint32_t)data[22] << 8 | data[23];
		old_port = (uint16_t)(data[24] << 8 | data[25]);
		data[30] ^= (uint8_t)(damage >> 8);
		data[31] ^= (uint8_t)damage;
		delta = csum_delta32(old_address, address) + csum_delta16(old_port, port);
		put32(data + 20, address);
		put16(data + 24, port);
		csum_apply(data + 16, round % 2 ? delta : csum_fold(delta));
		/* Right stays right, and damage stays visible. */
		ck_assert_int_eq(naive(data, sizeof(data)) == 0, damage == 0);
	}
}
END_TEST

START_TEST(nothing_changes_nothing)
{
	uint64_t seed = test_seed();

	for (int round = 0; round < 1000; round++) {
		uint32_t address = test_random(&seed), other = test_random(&seed);
		uint8_t field[2] = { 0xff, 0xff }, before[2];

		if (round > 0)
			put16(field, (uint16_t)test_random(&seed));
		memcpy(before, field, 2);
		csum_apply(field, csum_delta32(address, address) + csum_delta16(0, 0));
		ck_assert_mem_eq(field, before, 2);
		csum_apply(field, 0);
		ck_assert_mem_eq(field, before, 2);
		csum_apply(field, csum_delta32(address, other) + csum_delta32(other, address));
		ck_assert_mem_eq(field, before, 2);
		csum_apply(field, csum_delta16(1, 2));
		ck_assert_mem_ne(field, before, 2);
	}
}
END_TEST

START_TEST(siphash_zero_key)
{
	static const struct siphash_key key = { 0, 0 };
	uint8_t data[63];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	ck_assert_uint_eq(siphash13(&key, "a", 1), UINT64_C(0x407448d2b89b1813));
	ck_assert_uint_eq(siphash13(&key, "abcdefg", 7), UINT64_C(0x6db12aae9070f506));
	ck_assert_uint_eq(siphash13(&key, "abcdefgh", 8), UINT64_C(0x3f7b849c0b8e35ea));
	ck_assert_uint_eq(siphash13(&key, data, 16), UINT64_C(0x8972188433a5c5b7));
	ck_assert_uint_eq(siphash13(&key, data, 63), UINT64_C(0x385d3e39e5f37359));
}
END_TEST

START_TEST(siphash_key)
{
	/* Bytes 00 01 .. 0f as the key. */
	struct siphash_key key = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };
	uint8_t data[15];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	ck_assert_uint_eq(siphash13(&key, data, 0), UINT64_C(0xabac0158050fc4dc));
	ck_assert_uint_eq(siphash13(&key, "a", 1), UINT64_C(0x1c2697ab786a6237));
	ck_assert_uint_eq(siphash13(&key, data, 15), UINT64_C(0xd320d86d2a519956));
	key.k1 ^= 1;
	ck_assert_uint_ne(siphash13(&key, data, 15), UINT64_C(0xd320d86d2a519956));
}
END_TEST

/* RFC 3720 B.4, and the check value that catalogues of CRCs give. */
START_TEST(crc32c)
{
	static const uint8_t zeros[32];

	ck_assert_uint_eq(csum_crc32c(zeros, sizeof(zeros)), 0x8a9136aa);
	ck_assert_uint_eq(csum_crc32c("123456789", 9), 0xe3069283);
	ck_assert_uint_eq(csum_crc32c(zeros, 0), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("csum");
	TCase *tests = tcase_create("sums");

	tcase_add_test(tests, rfc1071_example);
	tcase_add_test(tests, equals_the_naive_sum);
	tcase_add_test(tests, pseudo_header);
	tcase_add_test(tests, update_equals_recomputation);
	tcase_add_test(tests, nothing_changes_nothing);
	tcase_add_test(tests, siphash_zero_key);
	tcase_add_test(tests, siphash_key);
	tcase_add_test(tests, crc32c);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
