/** Determines which parts of a live partition state can be compared with its log. Pure. */

import type { StateFacts } from '../replacing/replaceable-states.ts'

/** Reasons for which no difference of an entity indicates an error of its consumer. */
export type Incomparable =
  /** Its state comes from records that the log no longer has. */
  | 'not-comparable'
  /** Other code or other settings have decided some of the compared records. */
  | 'other-code'
  /** A part of the state was computed before the state was dropped or reprocessed. */
  | 'replaced'

export interface ComparableFrom {
  /** First offset to read, which is the first one that the log still has. */
  readonly offset: number
  /** First offset from which all records were decided by the running code. */
  readonly codeFrom: number
  /** Reason for the parts of the state that do not belong to a comparable entity; absent if everything is comparable. */
  readonly doubt?: Incomparable
  /** Last offset whose emissions may be of a state that was reprocessed since; -1 without one. */
  readonly replacedTo: number
}

/**
 * Returns the beginning of a comparison: the first record that the log still has. `codeFrom` is absent if the state was replaced and
 * no commit was made since.
 */
export function computeBeginning(
  {
    version,
    codeFrom = version.appliedOffset + 1,
    rebuild,
  }: Pick<StateFacts, 'version' | 'codeFrom' | 'rebuild'>,
  logStart: number,
): ComparableFrom {
  const beginning = { offset: logStart, codeFrom, replacedTo: rebuild?.replacedTo ?? -1 }
  if (codeFrom > logStart) return { ...beginning, doubt: version.epoch > 0 ? 'replaced' : 'other-code' }
  return logStart > 0 ? { ...beginning, doubt: 'not-comparable' } : beginning
}

/** Offsets from which an entity is known. */
export interface EntityOrigins {
  /** First record of its live state; undefined if it has none. */
  readonly live: number | undefined
  /** First record of the entity that the log still has, even if it did not change the state; undefined without such a record. */
  readonly again: number | undefined
  /** First offset from which the context of the partition and the ids of its window are known. */
  readonly knownFrom: number
}

/**
 * Returns why an entity cannot be compared; undefined if it can. An entity is comparable if its live state contains records after
 * the beginning alone, decided by the running code. If the log has earlier records of it, it may have had another state then, from
 * before the beginning.
 */
export function findDoubt(
  { offset, codeFrom, doubt }: ComparableFrom,
  { live, again, knownFrom }: EntityOrigins,
): Incomparable | undefined {
  if (doubt === undefined) return undefined
  const isFromBefore =
    live === undefined || live < Math.max(offset, knownFrom) || (again !== undefined && again < live)
  if (offset > 0 && isFromBefore) return 'not-comparable'
  return isFromBefore || live < codeFrom ? doubt : undefined
}
