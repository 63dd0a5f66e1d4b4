import type { Note } from './noting.ts'

/** Records per second from the end of the warm-up to the last record. */
export function rateAfter(warmUp: number, notes: readonly Note[]): number {
  let seen = 0
  let from: { readonly count: number; readonly atMs: number } | undefined
  let lastMs = Number.NaN
  for (const { count, atMs } of notes.toSorted((a, b) => a.atMs - b.atMs)) {
    seen += count
    if (seen >= warmUp) from ??= { count: seen, atMs }
    lastMs = atMs
  }
  return Math.round(((seen - (from?.count ?? 0)) * 1000) / (lastMs - (from?.atMs ?? Number.NaN)))
}
