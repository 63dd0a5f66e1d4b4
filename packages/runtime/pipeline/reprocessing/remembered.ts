/** Decides which ids and failures of the live state the rebuilt state must remember as well. Pure. */
import type { RememberedFailure, RememberedId } from '../model.ts'

export interface Rebuilding {
  /** First offset that the rebuild has read. */
  readonly startOffset: number
  /** Time by which the live log clock is ahead of the rebuilt one, in milliseconds. Both have advanced equally since the start. */
  readonly clockLeadMs: number
}

/**
 * Returns the failure that the rebuilt state must remember. The live state determines whether a redrive is accepted for a record
 * from before the start, unless the rebuild has decided the last retry of that record differently. The rebuild determines it for a
 * record from after the start. If such a record did not fail in the rebuild, because the receiver or a temporary limit had been the
 * cause, the rebuild has applied it; its failure is closed, since a redrive would apply it a second time.
 *
 * @param rebuilt failures that the rebuilt state remembers, by id
 * @returns the failure to remember; undefined if the rebuilt state already has the right one
 */
export function failureToKeep(
  live: RememberedFailure,
  rebuilt: ReadonlyMap<string, RememberedFailure>,
  { startOffset, clockLeadMs }: Rebuilding,
): RememberedFailure | undefined {
  const own = rebuilt.get(live.id)
  const failedAtMs = Math.max(0, live.failedAtMs - clockLeadMs)
  if (live.offset < startOffset) {
    if (own && own.attempt === live.attempt && own.isOpen === live.isOpen) return undefined
    // The rebuild has decided that retry differently: if it failed, another retry must be accepted; if it was applied, none may be.
    if (own && own.attempt > 1 && own.attempt >= live.attempt) return undefined
    return { ...live, failedAtMs }
  }
  return own ? undefined : { ...live, failedAtMs, isOpen: false }
}

/**
 * Returns the failure with which the rebuild starts, so that redriven records from after the start find their failures. Failures of
 * earlier records keep their state; closed ones are in the state before the attempt that closed them.
 */
export function failureBefore(
  live: RememberedFailure,
  { startOffset, clockLeadMs }: Rebuilding,
): RememberedFailure | undefined {
  if (live.offset >= startOffset) return undefined
  const failedAtMs = Math.max(0, live.failedAtMs - clockLeadMs)
  return live.isOpen
    ? { ...live, failedAtMs }
    : { ...live, failedAtMs, isOpen: true, isReopened: true, attempt: Math.max(1, live.attempt - 1) }
}

/** Returns an id that the live state has seen before the start; undefined if the rebuilt state knows it. */
export function idToKeep(
  live: RememberedId,
  rebuilt: ReadonlySet<string>,
  { clockLeadMs }: Pick<Rebuilding, 'clockLeadMs'>,
): RememberedId | undefined {
  return rebuilt.has(live.id)
    ? undefined
    : { ...live, appliedAtMs: Math.max(0, live.appliedAtMs - clockLeadMs) }
}
