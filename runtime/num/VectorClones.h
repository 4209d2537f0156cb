//===- VectorClones.h - one loop, several instruction sets ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// SLP_NUM_VECTOR_CLONES before a function has the compiler build it for newer x86 vector units too
// and choose at load time. All clones give the same bits: the loops use integers and single IEEE
// operations. Only runtime/num uses it.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_NUM_VECTORCLONES_H
#define RUNTIME_NUM_VECTORCLONES_H

// Sanitizers instrument the function that chooses, which runs before they are ready.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define SLP_NUM_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLP_NUM_SANITIZED 1
#endif

#if defined(__x86_64__) && defined(__linux__) && !defined(SLP_NUM_SANITIZED)
#define SLP_NUM_VECTOR_CLONES __attribute__((target_clones("default", "avx2", "arch=x86-64-v4")))
#else
#define SLP_NUM_VECTOR_CLONES
#endif

#endif // RUNTIME_NUM_VECTORCLONES_H
