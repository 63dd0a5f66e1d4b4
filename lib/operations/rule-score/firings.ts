/** Determines which alerts would fire for a recording. The code of `alerting` processes the recording in an in-memory log. */
import { type Firing, firingsOf } from '../../alerting/firings.ts'
import type { AnyRule } from '../../alerting/patterns/pattern.ts'
import { OperationFailure } from '../failure.ts'
import { RefusedByAlerting } from '../rule-log/refused.ts'
import { RuleLog } from '../rule-log/rule-log.ts'
import type { RecordedReading } from './recording.ts'

interface Fired {
  readonly firings: readonly Firing[]
  /** Number of repeated readings, which `alerting` has dropped. */
  readonly duplicates: number
}

/**
 * Returns the alerts that would fire for a recording.
 *
 * @param readings readings in the order of arrival; must not be empty
 * @param file name of the recording in messages
 * @param stop signal that ends the evaluation with an AbortError
 * @throws OperationFailure with the line of a reading that `alerting` rejects
 */
export async function firingsIn(
  readings: readonly RecordedReading[],
  rules: readonly AnyRule[],
  file: string,
  stop: AbortSignal,
): Promise<Fired> {
  const [first] = readings
  const log = new RuleLog(first && { startMs: first.arrivedMs })
  await log.activate(0, rules)
  try {
    const duplicates = await log.replay(readings, stop)
    return { firings: firingsOf(log.notifications.map(({ alert }) => alert)), duplicates }
  } catch (error) {
    if (!(error instanceof RefusedByAlerting)) throw error
    const line = readings.find(({ event: { id, source } }) => isNamed(error, id, source))?.line
    throw new OperationFailure(`${file}${line === undefined ? '' : `:${line}`}: refused: ${error.message}`)
  }
}

function isNamed({ event }: RefusedByAlerting, id: string, source: string): boolean {
  return event?.id === id && event.source === source
}
