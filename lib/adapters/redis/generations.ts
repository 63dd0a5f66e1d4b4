/** Ids and failures lie in generations of log time: whole ones leave at once when they have become too old. */

/** Of ids. */
export const GENERATION_MS = 60 * 60_000
/** Of failures, which are fewer and kept for longer. */
export const FAILURE_GENERATION_MS = 24 * 60 * 60_000
export function generationOf(clockMs: number, lengthMs: number): number {
  return Math.floor(clockMs / lengthMs)
}
