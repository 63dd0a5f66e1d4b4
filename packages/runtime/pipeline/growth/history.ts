/**
 * History of the growth of a topic. Each partition state and each checkpoint has a copy, so that the history
 * survives a loss of Redis. Pure.
 */
import type { Growth, KeptGrowth } from '../model.ts'

/** Returns the name of the Redis value that contains the growths of a topic. */
export function growthsName(topic: string): string {
  return `growth:${topic}`
}

/** Part of that value that redrives need, the first growth first. */
export interface KnownGrowths {
  readonly growths: readonly Growth[]
}

/** Part of that value that partition states and checkpoints contain as well. */
export interface KeptGrowths {
  readonly growths: readonly KeptGrowth[]
}

/**
 * Returns the value with the longer history. A topic only grows, so a shorter history is always the beginning of the longer one.
 */
export function withGrowths<Value extends KeptGrowths>(
  known: Value | undefined,
  growths: readonly KeptGrowth[],
): Value | KeptGrowths {
  if (!known) return { growths }
  return growths.length > known.growths.length ? { ...known, growths } : known
}
