/**
 * History of the growth of a topic. Every partition state and every checkpoint contains a copy, so that the history survives a loss
 * of Redis. Pure.
 */
import type { Growth, KeptGrowth } from '../model.ts'

/** Returns the name of the Redis value in which the growths of a topic are stored. */
export function growthsName(topic: string): string {
  return `growth:${topic}`
}

/** Part of the stored growths that redrives need, oldest growth first. */
export interface KnownGrowths {
  readonly growths: readonly Growth[]
}

/** Part of the stored growths that is also copied to partition states and checkpoints. */
export interface KeptGrowths {
  readonly growths: readonly KeptGrowth[]
}

/**
 * Returns the value with the longer history. Growths are only appended, so the shorter history is always the beginning of the
 * longer one.
 */
export function withGrowths<Value extends KeptGrowths>(
  known: Value | undefined,
  growths: readonly KeptGrowth[],
): Value | KeptGrowths {
  if (!known) return { growths }
  return growths.length > known.growths.length ? { ...known, growths } : known
}
