/**
 * Environment variables of the Lambda process, in addition to the functions' settings. They configure glibc's malloc, which allocates all
 * buffers. Source: mallopt(3), M_ARENA_MAX and M_MMAP_THRESHOLD.
 */
export const PROCESS_VARIABLES = {
  /**
   * Number of malloc arenas. By default, glibc gives each thread an arena and keeps freed memory there. Batches are decompressed in libuv
   * threads, so a function that reads large records would hold the same memory several times, and its memory would grow for hours.
   */
  MALLOC_ARENA_MAX: '1',
  /**
   * Size in bytes from which blocks are returned to the system when they are freed; this is glibc's initial value. Unless it is set, glibc
   * raises it to 32 MiB after freeing the first large blocks, and keeps later ones in its fragmented heap.
   */
  MALLOC_MMAP_THRESHOLD_: String(128 * 1024),
} as const
