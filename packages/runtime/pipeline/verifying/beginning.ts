/** Determines where the comparison of a live partition state with its log begins. Pure. */

import type { StateFacts } from '../generations/generations.ts'
import type { KeptCheckpoint } from '../recovery/checkpoints.ts'
import type { Beginning } from './partition-again.ts'

/** Reasons why differences of a whole partition do not indicate an error of its consumer. */
export type Doubt =
  /** Other code or settings have decided a part of the compared records. */
  | 'other-code'
  /** The state was restored, imported, reprocessed or moved by a growth of the topic in the meantime. */
  | 'replaced'

export interface ChosenBeginning extends Beginning {
  readonly doubt?: Doubt
}

export interface BeginningWanted {
  /**
   * Time to begin at: the comparison begins at the newest checkpoint of that time or earlier; undefined for the start of the log.
   */
  readonly sinceMs: number | undefined
  readonly logStart: number
}

/**
 * Returns where the comparison begins: at the newest checkpoint of that time or earlier, or else at the start of the log. It is a
 * later checkpoint if only that one is certain, or if the log does not reach back. Returns undefined if no position is certain.
 *
 * @param kept checkpoints of the partition state
 */
export function beginningOf(
  live: Pick<StateFacts, 'version' | 'codeFrom'>,
  kept: readonly KeptCheckpoint[],
  { sinceMs, logStart }: BeginningWanted,
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

/** @param codeFrom unknown for a state that was replaced and has had no commit since */
function chosen(
  { version, codeFrom = version.appliedOffset + 1 }: Pick<StateFacts, 'version' | 'codeFrom'>,
  beginning: Beginning,
): ChosenBeginning {
  const { epoch } = beginning.checkpoint?.version ?? { epoch: 0 }
  if (epoch !== version.epoch) return { ...beginning, doubt: 'replaced' }
  return codeFrom > beginning.offset ? { ...beginning, doubt: 'other-code' } : beginning
}
