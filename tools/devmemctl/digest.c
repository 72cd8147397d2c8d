// SPDX-License-Identifier: GPL-2.0-only
/* The SHA-256 of a stream. */
#include <stdio.h>

#include "digest.h"
#include "out.h"

/* Return: a hash of nothing yet, for EVP_MD_CTX_free(); NULL with the reason
 * printed.
 */
EVP_MD_CTX *digest_new(void)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();

	if (digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL))
		return digest;
	EVP_MD_CTX_free(digest);
	out_error("libcrypto has no sha256");
	return NULL;
}

/* Return: 0, or -1 with the reason printed. */
int digest_update(EVP_MD_CTX *digest, const void *data, size_t len)
{
	if (EVP_DigestUpdate(digest, data, len))
		return 0;
	out_error("sha256 failed");
	return -1;
}

/**
 * digest_hex() - finish a hash
 * @digest: takes nothing more
 * @hex: DIGEST_HEX bytes
 */
void digest_hex(EVP_MD_CTX *digest, char *hex)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int i, len = 0;

	EVP_DigestFinal_ex(digest, md, &len);
	*hex = '\0';
	for (i = 0; i < len; i++)
		sprintf(hex + 2 * i, "%02x", md[i]);
}
