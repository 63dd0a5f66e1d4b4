/** Which ids and failures of the live state the rebuilt one must remember as well. Pure. */
import type { RememberedFailure, RememberedId } from '../model.ts'

export interface Rebuilding {
  /** The first offset that the rebuild has read. */
  readonly startOffset: number
  /** How far the live log clock is ahead of the rebuilt one: both have advanced alike since the start. */
  readonly clockLeadMs: number
}

/**
 * A failure of a record from before the start is as the live state says (a redrive is still accepted, or was already), unless the
 * rebuild has decided its last retry otherwise. One from after the start is as the rebuild found it. If the rebuild did not fail there
 * (the receiver or a limit of that moment was the reason), it has applied the record, and a redrive would apply it a second time: so
 * the failure is closed.
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
    // The rebuild has decided that retry otherwise: if it failed, another one must be accepted; if it was applied, none may be.
    if (own && own.attempt > 1 && own.attempt >= live.attempt) return undefined
    return { ...live, failedAtMs }
  }
  return own ? undefined : { ...live, failedAtMs, isOpen: false }
}

/**
 * Initial memory of the rebuild, so that redriven records from after the start find their failures: those of earlier records,
 * open as they are, and closed ones before the attempt that closed them.
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

/** An id that the live state has seen before the start. @returns undefined if the rebuilt state knows it */
export function idToKeep(
  live: RememberedId,
  rebuilt: ReadonlySet<string>,
  { clockLeadMs }: Pick<Rebuilding, 'clockLeadMs'>,
): RememberedId | undefined {
  return rebuilt.has(live.id)
    ? undefined
    : { ...live, appliedAtMs: Math.max(0, live.appliedAtMs - clockLeadMs) }
}
