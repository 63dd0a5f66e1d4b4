/** Ids are stored in generations of log time: a generation that has become too old is removed as a whole. */

export const GENERATION_MS = 60 * 60_000

export function generationOf(clockMs: number, lengthMs: number): number {
  return Math.floor(clockMs / lengthMs)
}
