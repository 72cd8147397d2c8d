/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel runs to load a module gets no environment of ours, and no C
 * library starts on User-Mode Linux without it, see boot() in run.sh: execve()
 * of kmod's modprobe with the variable.
 */
	.globl	_start
_start:
	lea	path(%rip), %rdi
	lea	8(%rsp), %rsi
	lea	env(%rip), %rdx
	mov	$59, %eax
	syscall
	mov	$127, %edi
	mov	$60, %eax
	syscall

	.data
path:	.asciz	"/kmod/modprobe"
tune:	.ascii	"GLIBC_TUNABLES="
	.asciz	TUNABLES
	.balign	8
env:	.quad	tune
	.quad	0

	.section .note.GNU-stack, "", @progbits
