/**
 * Variables of the process that Lambda starts, beside the functions' own settings.
 *
 * glibc gives each thread a heap of its own, and keeps there what the thread has freed. Batches are inflated in threads of libuv,
 * so a function that reads large records holds the same megabytes several times over, and its memory grows for hours. With one
 * heap it stays where it was after the first records. Source: mallopt(3), M_ARENA_MAX.
 */
export const PROCESS_VARIABLES = { MALLOC_ARENA_MAX: '1' } as const
