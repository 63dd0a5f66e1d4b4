/** Determines which ids and failures of the live state must be copied to the rebuilt state. Pure. */
import type { RememberedFailure } from '../model/failure-memory.ts'
import type { RememberedId } from '../model/partition-state.ts'

export interface Rebuilding {
  /** First offset that the rebuild has read. */
  readonly startOffset: number
  /** Difference between the live log clock and the rebuilt one, in milliseconds. It is constant after the start of the rebuild. */
  readonly clockLeadMs: number
}

/**
 * Returns the failure to add to the rebuilt state. For a record from before the start of the rebuild, the live state determines
 * whether a redrive is accepted, unless the last retry had another result in the rebuild. For a record from after the start, the
 * rebuild determines this. Such a record may have succeeded in the rebuild, for example because it had failed only at a temporary
 * limit. Its failure is then closed, because a redrive would apply the record a second time.
 *
 * @param rebuilt failures that the rebuilt state remembers, by id
 * @param isAwaited true if an entity that is left as it is waits for a retry of the failure
 * @returns the failure to add; undefined if the rebuilt state already contains the right one
 */
export function failureToKeep(
  live: RememberedFailure,
  rebuilt: ReadonlyMap<string, RememberedFailure>,
  { startOffset, clockLeadMs }: Rebuilding,
  isAwaited = false,
): RememberedFailure | undefined {
  const own = rebuilt.get(live.id)
  const failedAtMs = Math.max(0, live.failedAtMs - clockLeadMs)
  if (isAwaited) return { ...live, failedAtMs }
  if (live.offset < startOffset) {
    if (own && own.attempt === live.attempt && own.isOpen === live.isOpen) return undefined
    // The last retry had another result in the rebuild, and that result is valid: after a failure, another retry must be accepted;
    // after a success, none may be.
    if (own && own.attempt > 1 && own.attempt >= live.attempt) return undefined
    return { ...live, failedAtMs }
  }
  return own ? undefined : { ...live, failedAtMs, isOpen: false }
}

/**
 * Returns a failure for the start of the rebuild, so that later redriven records find it. Only failures of records from before the
 * start are needed. A closed failure is reset to its state before the attempt that has closed it.
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

/** Returns the live state's id, with its time converted to the rebuilt clock; undefined if the rebuilt state knows the id. */
export function idToKeep(
  live: RememberedId,
  rebuilt: ReadonlySet<string>,
  { clockLeadMs }: Pick<Rebuilding, 'clockLeadMs'>,
): RememberedId | undefined {
  return rebuilt.has(live.id)
    ? undefined
    : { ...live, appliedAtMs: Math.max(0, live.appliedAtMs - clockLeadMs) }
}
