/** How a topic has grown. Each partition state and each checkpoint has a copy, so that it outlives a loss of Redis. Pure. */
import type { Growth, KeptGrowth } from '../model.ts'

/** Name of the value in Redis with the growths of a topic. */
export function growthsName(topic: string): string {
  return `growth:${topic}`
}

/** The part of that value which redrives need; the first growth comes first. */
export interface KnownGrowths {
  readonly growths: readonly Growth[]
}

/** The part of that value which partition states and checkpoints have, too. */
export interface KeptGrowths {
  readonly growths: readonly KeptGrowth[]
}

/** Returns the value with the longer history. A topic only grows, so the shorter one is the beginning of the longer. */
export function withGrowths<Value extends KeptGrowths>(
  known: Value | undefined,
  growths: readonly KeptGrowth[],
): Value | KeptGrowths {
  if (!known) return { growths }
  return growths.length > known.growths.length ? { ...known, growths } : known
}
