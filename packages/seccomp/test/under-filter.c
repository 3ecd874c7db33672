/*
 * Makes system calls under a filter.
 *
 *   under-filter FILTER calls          reads {uint32 is_i386, uint32 number, uint64 args[6]}, writes int64 answers
 *   under-filter FILTER loop N A COUNT makes call N with first argument A, prints nanoseconds per call
 *
 * FILTER is a file of struct sock_filter, or - for none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct call {
	uint32_t is_i386;
	uint32_t number;
	uint64_t args[6];
};

#define MOST 4096
static struct call calls[MOST];
static int64_t answers[MOST];
static struct sock_filter filter[BPF_MAXINSNS];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void load(const char *path)
{
	if (strcmp(path, "-") == 0)
		return;
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = file < 0 ? -1 : read(file, filter, sizeof(filter));
	if (size < 0)
		fail(path);
	close(file);
	struct sock_fprog program = { .len = size / sizeof(filter[0]), .filter = filter };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		fail("no_new_privs");
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		fail("seccomp");
}

/* The kernel clears r8 to r11 on this way in; the sixth argument goes by way of rbp. */
static int64_t call_i386(const struct call *call)
{
	int32_t answer;
	__asm__ volatile("push %%rbp\n\t"
			 "mov %[last], %%ebp\n\t"
			 "int $0x80\n\t"
			 "pop %%rbp"
			 : "=a"(answer)
			 : "a"(call->number), "b"((uint32_t)call->args[0]), "c"((uint32_t)call->args[1]),
			   "d"((uint32_t)call->args[2]), "S"((uint32_t)call->args[3]), "D"((uint32_t)call->args[4]),
			   [last] "r"((uint32_t)call->args[5])
			 : "memory", "r8", "r9", "r10", "r11");
	return answer;
}

static int64_t call_native(const struct call *call)
{
	int64_t answer;
	register uint64_t r10 __asm__("r10") = call->args[3];
	register uint64_t r8 __asm__("r8") = call->args[4];
	register uint64_t r9 __asm__("r9") = call->args[5];
	__asm__ volatile("syscall"
			 : "=a"(answer)
			 : "a"((uint64_t)call->number), "D"(call->args[0]), "S"(call->args[1]), "d"(call->args[2]), "r"(r10),
			   "r"(r8), "r"(r9)
			 : "memory", "rcx", "r11");
	return answer;
}

static int make_calls(const char *path)
{
	size_t size = 0;
	ssize_t got;
	while ((got = read(0, (char *)calls + size, sizeof(calls) - size)) > 0)
		size += got;
	load(path);
	size_t count = size / sizeof(calls[0]);
	for (size_t i = 0; i < count; i++)
		answers[i] = calls[i].is_i386 ? call_i386(&calls[i]) : call_native(&calls[i]);
	return write(1, answers, count * sizeof(answers[0])) < 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[2], "calls") == 0)
		return make_calls(argv[1]);
	if (argc != 6)
		return 2;
	struct call one = { .number = atoi(argv[3]), .args = { strtoull(argv[4], NULL, 0) } };
	long count = atol(argv[5]);
	struct timespec start, end;
	load(argv[1]);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (long i = 0; i < count; i++)
		call_native(&one);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.2f\n", ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / count);
	return 0;
}
