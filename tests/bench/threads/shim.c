// SPDX-License-Identifier: GPL-2.0-only
/* What is a function in the kernel, too. */

#include "shim.h"

static __thread int shim_readers;

void rcu_read_lock(void)
{
	shim_readers++;
	barrier();
}

void rcu_read_unlock(void)
{
	barrier();
	shim_readers--;
}

void spin_lock(spinlock_t *lock)
{
	while (!__sync_bool_compare_and_swap(&lock->locked, 0, 1))
		cpu_relax();
}

void spin_unlock(spinlock_t *lock)
{
	__atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
}

bool llist_add_batch(struct llist_node *first, struct llist_node *last,
		     struct llist_head *head)
{
	struct llist_node *old = READ_ONCE(head->first);

	do {
		last->next = old;
	} while (!__atomic_compare_exchange_n(&head->first, &old, first, false,
					      __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	return !old;
}

/* A word at a time, as lib/find_bit.c */
static inline unsigned long shim_find(const unsigned long *map,
				      unsigned long size, unsigned long start,
				      unsigned long invert)
{
	unsigned long bits, word = start / BITS_PER_LONG;

	if (start >= size)
		return size;
	bits = (map[word] ^ invert) & BITMAP_FIRST_WORD_MASK(start);
	while (!bits) {
		if ((word + 1) * BITS_PER_LONG >= size)
			return size;
		bits = map[++word] ^ invert;
	}
	start = word * BITS_PER_LONG + __builtin_ctzl(bits);
	return min(start, size);
}

unsigned long find_next_bit(const unsigned long *map, unsigned long size,
			    unsigned long start)
{
	return shim_find(map, size, start, 0);
}

unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size,
				 unsigned long start)
{
	return shim_find(map, size, start, ~0UL);
}

unsigned long bitmap_find_next_zero_area_off(unsigned long *map,
					     unsigned long size,
					     unsigned long start,
					     unsigned int num,
					     unsigned long align,
					     unsigned long offset)
{
	unsigned long first, used;

	for (;;) {
		first = find_next_zero_bit(map, size, start);
		first = ((first + offset + align) & ~align) - offset;
		if (first + num > size)
			return first + num;
		used = find_next_bit(map, first + num, first);
		if (used >= first + num)
			return first;
		start = used + 1;
	}
}

void *shim_zalloc(size_t size)
{
	void *mem = NULL;

	if (posix_memalign(&mem, size < PAGE_SIZE ? 64 : PAGE_SIZE, size))
		return NULL;
	return memset(mem, 0, size);
}

int sg_alloc_table(struct sg_table *sgt, u32 num, gfp_t gfp)
{
	(void)gfp;
	sgt->sgl = shim_zalloc(num * sizeof(*sgt->sgl));
	sgt->nents = num;
	return sgt->sgl ? 0 : -ENOMEM;
}
