/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>

#include <openssl/evp.h>

#define DIGEST_HEX	(2 * EVP_MAX_MD_SIZE + 1)

EVP_MD_CTX *digest_new(void);
int digest_update(EVP_MD_CTX *digest, const void *data, size_t len);
void digest_hex(EVP_MD_CTX *digest, char *hex);

#endif /* DIGEST_H */
