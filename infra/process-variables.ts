/**
 * Variables of the process that Lambda starts, beside the functions' own settings. They are for glibc's malloc, which has the
 * bytes of all buffers. Source: mallopt(3), M_ARENA_MAX and M_MMAP_THRESHOLD.
 */
export const PROCESS_VARIABLES = {
  /**
   * glibc gives each thread a heap of its own, and keeps there what the thread has freed. Batches are inflated in threads of
   * libuv, so a function that reads large records holds the same megabytes several times over, and its memory grows for hours.
   */
  MALLOC_ARENA_MAX: '1',
  /**
   * Blocks from this size on (in bytes; glibc's initial value) go back to the system when they are freed. Unless it is set, glibc
   * raises it to 32 MiB with the first large blocks that it frees, and keeps all later ones in its heap, in pieces.
   */
  MALLOC_MMAP_THRESHOLD_: String(128 * 1024),
} as const
