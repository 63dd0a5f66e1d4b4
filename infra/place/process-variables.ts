/**
 * Environment variables of the Lambda process, in addition to the functions' settings. They configure malloc of glibc, which
 * allocates the memory of all buffers. Source: mallopt(3), M_ARENA_MAX and M_MMAP_THRESHOLD.
 */
export const PROCESS_VARIABLES = {
  /**
   * Number of malloc arenas. By default, glibc gives each thread an arena and keeps freed memory there. Batches are decompressed in
   * libuv threads. In a function that reads large records, each of these threads would keep freed memory, and memory use would grow
   * for hours.
   */
  MALLOC_ARENA_MAX: '1',
  /**
   * Minimum size in bytes of blocks that glibc returns to the system when they are freed. This is glibc's initial value. If it is
   * not set explicitly, glibc raises it up to 32 MiB after large blocks are freed, and then keeps freed blocks in its fragmented
   * heap.
   */
  MALLOC_MMAP_THRESHOLD_: String(128 * 1024),
} as const
