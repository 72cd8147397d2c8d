// SPDX-License-Identifier: GPL-2.0-only
/* States, and the ways from one to the next. */

#include <stdarg.h>
#include <time.h>
#include <ucontext.h>
#include "engine.h"

#define DEPTH		4096

struct world world;
char heap[HEAP] __aligned(64);
char stacks[MODEL_ACTORS][STACK] __aligned(64);
struct ghost *const ghost = &world.ghost;

struct actor *me;
bool exploring, weak;
jmp_buf engine, again;

static u64 states, steps;
static u32 deepest;

static struct {
	const struct actor *actor;
	const char	*doing;
	const volatile void *to;
} path[DEPTH];
static u32 path_len;

void model_fail(const char *format, ...)
{
	va_list args;
	u32 i;

	va_start(args, format);
	printf("VIOLATION in state %llu: ", (unsigned long long)states);
	vprintf(format, args);
	printf("\n");
	va_end(args);
	for (i = 0; i < path_len; i++) {
		printf("  %-8s %s %s\n", path[i].actor->name, path[i].doing,
		       name_of(path[i].to));
	}
	if (me)
		printf("  %-8s does it, after %s %s\n", me->name, me->doing,
		       name_of(me->doing_to));
	fflush(stdout);
	_Exit(1);
}

#define MIX	0x9fb21c651e98df25ULL

/* In four lanes, for speed. */
static u64 hash_bytes(u64 h, const void *mem, size_t size)
{
	u64 a = h, b = h + 1, c = h + 2, d = h + 3;
	const u64 *w = mem;

	for (; size >= 32; size -= 32, w += 4) {
		a = (a ^ w[0]) * MIX;
		b = (b ^ w[1]) * MIX;
		c = (c ^ w[2]) * MIX;
		d = (d ^ w[3]) * MIX;
		a ^= a >> 32;
		b ^= b >> 29;
		c ^= c >> 31;
		d ^= d >> 33;
	}
	for (; size >= 8; size -= 8)
		a = (a ^ *w++) * MIX ^ a >> 32;
	h = a;
	h = (h ^ h >> 32 ^ b) * MIX;
	h = (h ^ h >> 32 ^ c) * MIX;
	h = (h ^ h >> 32 ^ d) * MIX;
	return h ^ h >> 32;
}

static size_t live(const struct actor *actor)
{
	char *end = stacks[actor - world.actors] + STACK;

	return actor->done ? 0 : (end - actor->sp) & ~7UL;
}

static u64 hash_state(void)
{
	u64 h = 1;
	u32 i;

	h = hash_bytes(h, &world, offsetof(struct world, actors));
	h = hash_bytes(h, heap, world.heap_used);
	h = hash_bytes(h, __start_moddata, MODDATA);
	h = hash_bytes(h, __start_kerndata, KERNDATA);
	for (i = 0; i < world.nr_actors; i++) {
		const struct actor *actor = &world.actors[i];

		if (actor->done) {
			h = hash_bytes(h, actor->buffer,
				       sizeof(actor->buffer));
			h = (h ^ 77) * MIX;
			continue;
		}
		h = hash_bytes(h, actor->at, 64);	/* the registers */
		h = hash_bytes(h, &actor->rcu_nest,
			       (weak ? sizeof(*actor) :
				offsetof(struct actor, access)) -
			       offsetof(struct actor, rcu_nest));
		h = (h ^ actor->blocked) * MIX;
		h = hash_bytes(h, stacks[i] + STACK - live(actor), live(actor));
	}
	return h ?: 1;
}

static char *copy_part(char *image, void *part, size_t size, bool out)
{
	memcpy(out ? image : part, out ? part : image, size);
	return image + size;
}

/* The state is at @image, or goes there. Return: what is behind that. */
static char *copy_state(char *image, bool out)
{
	char *at = image;
	u32 i;

	at = copy_part(at, &world, sizeof(world), out);
	at = copy_part(at, heap, world.heap_used, out);
	at = copy_part(at, __start_moddata, MODDATA, out);
	at = copy_part(at, __start_kerndata, KERNDATA, out);
	for (i = 0; i < world.nr_actors; i++) {
		size_t size = live(&world.actors[i]);

		at = copy_part(at, stacks[i] + STACK - size, size, out);
	}
	return at;
}

static size_t save(char *to)
{
	return copy_state(to, true) - to;
}

static void restore(char *from)
{
	copy_state(from, false);
}

/* Known states, and how many ways lead on from each: -1 while it is explored. */
struct known { u64 hash; double ways; };

static struct known *known;
static u64 known_size;

static struct known *find_in(struct known *table, u64 size, u64 hash)
{
	u64 i;

	for (i = hash & (size - 1); table[i].hash && table[i].hash != hash;)
		i = (i + 1) & (size - 1);
	return &table[i];
}

static struct known *find(u64 hash)
{
	struct known *new;
	u64 i;

	if (states * 2 > known_size) {
		new = calloc(2 * known_size, sizeof(*new));
		if (!new)
			model_fail("no memory");
		for (i = 0; i < known_size; i++)
			if (known[i].hash)
				*find_in(new, 2 * known_size, known[i].hash) =
					known[i];
		free(known);
		known = new;
		known_size *= 2;
	}
	return find_in(known, known_size, hash);
}

/* Exploration */

static bool is_started(void *arg)
{
	u32 i, after = ((struct actor *)arg)->after;

	for (i = 0; i < world.nr_actors; i++)
		if (after & BIT(i) &&
		    (!world.actors[i].done || world.actors[i].delayed))
			return false;
	return true;
}

static void actor_main(void)
{
	me->ends_step = true;
	model_wait(is_started, me, "starts");
	me->main(me->arg);
	finish();
	me->done = true;
	me->sp = NULL;
	me->ready_arg = NULL;
	_longjmp(engine, 1);
}

u32 model_actor(const char *name, void (*main)(u32 arg), u32 arg, u32 flags,
		u32 after)
{
	struct actor *actor = &world.actors[world.nr_actors];

	if (world.nr_actors == MODEL_ACTORS)
		model_fail("too many actors");
	actor->name = name;
	actor->main = main;
	actor->arg = arg;
	actor->flags = flags;
	actor->after = after;
	actor->doing = "starts";
	return world.nr_actors++;
}

/* Up to the first switch_out(), on its own stack. */
static void start_actor(struct actor *actor)
{
	static ucontext_t here, there;

	getcontext(&there);
	there.uc_stack.ss_sp = stacks[actor - world.actors];
	there.uc_stack.ss_size = STACK;
	memset(there.uc_stack.ss_sp, 0, STACK);
	makecontext(&there, actor_main, 0);
	me = actor;
	if (!_setjmp(engine))
		swapcontext(&here, &there);
	me = NULL;
}

static void run(struct actor *actor)
{
	me = actor;
	if (!_setjmp(engine))
		_longjmp(actor->at, 1);
	me = NULL;
	steps++;
}

/* A choice: an actor's step, or the store at @store of its buffer. */
struct choice { int actor, store; };

static u32 choices(struct choice *out)
{
	u32 i, j, num = 0, last;

	for (last = 0; last < 2 && !num; last++) {
		for (i = 0; i < world.nr_actors; i++) {
			struct actor *actor = &world.actors[i];

			for (j = 0; !last && j < actor->delayed; j++)
				if (can_drain(actor, j))
					out[num++] = (struct choice){ i, j };
			if (actor->done || !(actor->flags & ACTOR_LAST) != !last ||
			    (actor->blocked && !actor->ready(actor->ready_arg)))
				continue;
			out[num++] = (struct choice){ i, -1 };
		}
	}
	return num;
}

static void take(struct choice choice)
{
	struct actor *actor = &world.actors[choice.actor];

	if (path_len == DEPTH)
		model_fail("no end in sight");
	path[path_len].actor = actor;
	if (choice.store >= 0) {
		path[path_len].doing = "'s store arrives:";
		path[path_len++].to = actor->buffer[choice.store].ptr;
		drain_one(actor, choice.store);
	} else {
		path[path_len].doing = "fails";
		path[path_len].to = NULL;
		run(actor);
		path[path_len].doing = actor->doing;
		path[path_len++].to = actor->doing_to;
	}
	deepest = path_len > deepest ? path_len : deepest;
}

static const struct scenario *scenario;

static void check_end(void)
{
	u32 i;

	for (i = 0; i < world.nr_actors; i++)
		if (!world.actors[i].done &&
		    !(world.actors[i].flags & ACTOR_IDLES))
			model_fail("%s never goes on: %s",
				   world.actors[i].name, world.actors[i].doing);
	scenario->check();
}

#define SNAPSHOTS	(256UL << 20)
static char *snapshots;
static size_t snapshots_used;

/* Returns how many interleavings there are from here on. */
static double explore(void)
{
	struct choice out[MODEL_ACTORS * (BUFFER + 1)];
	u32 i, num, len = path_len;
	double ways = 0;
	char *snapshot;
	u64 hash;

	while ((num = choices(out)) == 1)
		take(out[0]);
	if (!num) {
		check_end();
		path_len = len;
		return 1;
	}
	hash = hash_state();
	if (find(hash)->hash) {
		ways = find(hash)->ways;
		if (ways < 0)
			model_fail("goes round in circles");
		path_len = len;
		return ways;
	}
	*find(hash) = (struct known){ hash, -1 };
	states++;
	snapshot = snapshots + snapshots_used;
	snapshots_used += save(snapshot);
	if (snapshots_used > SNAPSHOTS - 2 * sizeof(stacks))
		model_fail("no memory for snapshots");
	for (i = 0; i < num; i++) {
		u32 here = path_len;

		if (i)
			restore(snapshot);
		take(out[i]);
		ways += explore();
		path_len = here;
	}
	snapshots_used = snapshot - snapshots;
	find(hash)->ways = ways;
	path_len = len;
	return ways;
}

static double explore_all(void)
{
	static char *module, *kernel;
	u32 i;

	if (!module) {
		module = memcpy(malloc(MODDATA), __start_moddata, MODDATA);
		kernel = memcpy(malloc(KERNDATA), __start_kerndata, KERNDATA);
	}
	_setjmp(again);
	me = NULL;
	exploring = false;
	free(known);
	known_size = 1 << 12;
	known = calloc(known_size, sizeof(*known));
	states = 0;
	steps = 0;
	deepest = 0;
	path_len = 0;
	snapshots_used = 0;
	memset(&world, 0, sizeof(world));
	memcpy(__start_moddata, module, MODDATA);
	memcpy(__start_kerndata, kernel, KERNDATA);
	scenario->setup(scenario->arg);
	for (i = 0; i < world.nr_actors; i++)
		start_actor(&world.actors[i]);
	exploring = true;
	return explore();
}

int main(int argc, char **argv)
{
	struct timespec from, to;
	double ways;

	for (scenario = scenarios; scenario->name; scenario++)
		if (argc == 2 && !strcmp(scenario->name, argv[1]))
			break;
	if (argc != 2 || !scenario->name) {
		for (scenario = scenarios; scenario->name; scenario++)
			printf("%s\n", scenario->name);
		return argc == 1 ? 0 : 2;
	}
	snapshots = malloc(SNAPSHOTS);
	weak = scenario->weak;
	clock_gettime(CLOCK_MONOTONIC, &from);
	ways = explore_all();
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%.3g interleavings: %llu states, %llu steps, %u at most in one run; %u words shared; %.1f s\n",
	       ways, (unsigned long long)states, (unsigned long long)steps,
	       deepest, nr_shared, to.tv_sec - from.tv_sec +
	       (to.tv_nsec - from.tv_nsec) / 1e9);
	return 0;
}
