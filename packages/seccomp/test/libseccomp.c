/*
 * Makes a filter with libseccomp. Reads lines:
 *
 *   filter DEFAULT OPTIMIZE     default action in hexadecimal, value of SCMP_FLTATR_CTL_OPTIMIZE
 *   arch TOKEN                  SCMP_ARCH_* in hexadecimal, the first instead of the machine's own
 *   rule ACTION NAME COUNT {INDEX OP VALUE VALUE2}...
 *
 * Writes the BPF program to standard output, and to standard error the names that libseccomp does not know.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, int error)
{
	fprintf(stderr, "%s: %s\n", what, strerror(-error));
	exit(1);
}

static void add_rule(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned count)
{
	struct scmp_arg_cmp args[6];
	int number = seccomp_syscall_resolve_name(name);
	for (unsigned i = 0; i < count; i++) {
		unsigned index, op;
		unsigned long long a, b;
		if (scanf("%u %u %llx %llx", &index, &op, &a, &b) != 4)
			fail("argument", -EINVAL);
		args[i] = SCMP_CMP64(index, op, a, b);
	}
	if (number == __NR_SCMP_ERROR) {
		fprintf(stderr, "%s\n", name);
		return;
	}
	int error = seccomp_rule_add_array(filter, action, number, count, args);
	/* Of two equal rules the second is no error. */
	if (error != 0 && error != -EEXIST)
		fail(name, error);
}

int main(void)
{
	char word[16], name[64];
	scmp_filter_ctx filter = NULL;
	int is_first = 1;
	while (scanf("%15s", word) == 1) {
		uint32_t action;
		unsigned count;
		int error = 0;
		if (strcmp(word, "filter") == 0 && scanf("%x %u", &action, &count) == 2) {
			filter = seccomp_init(action);
			error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
			if (error == 0)
				error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, count);
		} else if (strcmp(word, "arch") == 0 && scanf("%x", &action) == 1) {
			if (is_first && action != seccomp_arch_native()) {
				error = seccomp_arch_remove(filter, SCMP_ARCH_NATIVE);
				if (error != 0)
					fail("arch", error);
			}
			is_first = 0;
			error = seccomp_arch_add(filter, action);
			if (error == -EEXIST)
				error = 0;
		} else if (strcmp(word, "rule") == 0 && scanf("%x %63s %u", &action, name, &count) == 3) {
			add_rule(filter, action, name, count);
		} else {
			error = -EINVAL;
		}
		if (error != 0)
			fail(word, error);
	}
	int error = seccomp_export_bpf(filter, 1);
	if (error != 0)
		fail("export", error);
	return 0;
}
