import type { PartitionOffset } from '../poll/member.ts'
import { describe, type Part } from '../support/parts.ts'

/** What is said to whoever stops the trigger while handlers run. */
export function waitsFor(parts: readonly Part[], graceMs: number): string[] {
  return parts.length === 0 ? [] : [`stops when ${describe(parts)} is done, or after ${graceMs / 1000} s`]
}

/** What is said of records that a restart will deliver again: open ones, and those that are `done` but could not be committed. */
export function abandoned(begun: readonly Part[], done: readonly PartitionOffset[]): string[] {
  const open =
    begun.length === 0 ? [] : [`abandoned ${describe(begun)}: not committed, so it will be delivered again`]
  const lost = done.map(
    ({ partition, offset }) =>
      `${partition}@${offset - 1} and records before it are done, but could not be committed: they will be delivered again`,
  )
  return [...open, ...lost]
}
