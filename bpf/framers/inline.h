/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The one word that every pure header needs. */
#ifndef FANFARE_INLINE_H
#define FANFARE_INLINE_H

#include "bpf/abi.h"

#define FANFARE_INLINE	 static inline __attribute__((always_inline))
/* Where a body is long and stands in a loop: verified once a call instead of once a copy. */
#define FANFARE_NOINLINE static inline __attribute__((noinline))

#endif
