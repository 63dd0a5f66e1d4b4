/** Determines where the comparison of a live partition state with its log begins. Pure. */

import type { KeptCheckpoint } from '../recovery/checkpoints.ts'
import type { StateFacts } from '../replacing/replaceable-states.ts'
import type { Beginning } from './partition-again.ts'

/** Reasons for which no difference of a partition indicates an error of its consumer. */
export type Doubt =
  /** Other code or other settings have decided some of the compared records. */
  | 'other-code'
  /** After the start of the comparison, the state was restored, imported or reprocessed. */
  | 'replaced'

export interface ChosenBeginning extends Beginning {
  readonly doubt?: Doubt
}

export interface BeginningOptions {
  /**
   * Requested start time, in milliseconds since the epoch. The comparison starts at the newest checkpoint that is not later. If
   * undefined, it starts at the beginning of the log.
   */
  readonly sinceMs: number | undefined
  readonly logStart: number
}

/**
 * Returns the position at which the comparison starts. This is the newest checkpoint that is not later than the requested time, or
 * the beginning of the log if none exists. If the comparison from that position would be in doubt, or if the log no longer
 * contains that position, a later checkpoint is chosen. Returns undefined if there is no usable position.
 *
 * @param kept checkpoints of the partition state
 */
export function beginningOf(
  live: Pick<StateFacts, 'version' | 'codeFrom'>,
  kept: readonly KeptCheckpoint[],
  { sinceMs, logStart }: BeginningOptions,
): ChosenBeginning | undefined {
  const fromStart = logStart === 0 ? [chosen(live, { offset: 0 })] : []
  if (sinceMs === undefined) return fromStart[0]
  const usable = kept
    .filter(
      one =>
        one.version.appliedOffset + 1 >= logStart &&
        one.version.appliedOffset <= live.version.appliedOffset &&
        one.version.fired === 0,
    )
    .sort((a, b) => b.takenAtMs - a.takenAtMs)
    .map(checkpoint => chosen(live, { offset: checkpoint.version.appliedOffset + 1, checkpoint }))
  const isOldEnough = ({ checkpoint }: Beginning) => (checkpoint?.takenAtMs ?? 0) <= sinceMs
  const inOrder = [...usable.filter(isOldEnough), ...fromStart]
  const later = usable.filter(one => !isOldEnough(one)).reverse()
  const wanted = inOrder[0]
  if (wanted && wanted.doubt === undefined) return wanted
  return later.find(({ doubt }) => doubt === undefined) ?? wanted ?? later[0]
}

/** @param codeFrom absent if the state was replaced and no commit was made since */
function chosen(
  { version, codeFrom = version.appliedOffset + 1 }: Pick<StateFacts, 'version' | 'codeFrom'>,
  beginning: Beginning,
): ChosenBeginning {
  const { epoch } = beginning.checkpoint?.version ?? { epoch: 0 }
  if (epoch !== version.epoch) return { ...beginning, doubt: 'replaced' }
  return codeFrom > beginning.offset ? { ...beginning, doubt: 'other-code' } : beginning
}
