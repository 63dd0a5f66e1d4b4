/** Plan of a redrive or a drop. Planning does not change anything. */
import { LEFT_OUT, type LeftOutReason } from '../../../lib/operations/dead-letters/decide.ts'
import type { DeadLetterOperations } from '../../../lib/operations/dead-letters/operations.ts'
import type { HandlingRequest } from '../../../lib/operations/dead-letters/request.ts'
import { consumersNow, type RedriveConsumer } from '../../../lib/operations/dead-letters/topics.ts'
import type { ConsoleEnvironment } from '../../environment.ts'

export interface LeftOut {
  readonly reason: LeftOutReason
  readonly count: number
  /** Reason why the dead letters are left out, as text for display. */
  readonly because: string
}

export interface Plan {
  /**
   * Request body that starts the planned operation. Its times are absolute, so that dead letters that arrive later are not
   * included.
   */
  readonly request: HandlingRequest
  readonly taken: number
  readonly leftOut: readonly LeftOut[]
  /** Reasons why the patch would produce invalid events; empty if the patched events are valid. */
  readonly refused: readonly string[]
  /** Number of selected dead letters by code. */
  readonly codes: Readonly<Record<string, number>>
  /** Failure codes of the selected dead letters that are permanent, so that a redrive would fail again. */
  readonly permanent: readonly string[]
  readonly consumers: Readonly<Record<string, number>>
  readonly topics: Readonly<Record<string, number>>
  /** Consumers that would receive the records, with their current state. */
  readonly consumersNow: readonly RedriveConsumer[]
  /** Positions in the request at which there is no dead letter. */
  readonly missing: readonly string[]
  /** True if all dead letters were examined. If false, further dead letters may match. */
  readonly isWhole: boolean
  /** Number of examined dead letters. */
  readonly looked: number
}

/** Time limit of planning in milliseconds, below the 30-second timeout of an HTTP API. */
const LOOK_MS = 15_000

/** Plans an operation. @throws Unavailable if Kafka or Redis does not respond */
export async function planOf(
  operations: DeadLetterOperations,
  { connections, consumers: readers }: ConsoleEnvironment,
  asked: HandlingRequest,
  by: string,
): Promise<Plan> {
  const { ats, filter } = asked
  const request =
    ats.length > 0 ? asked : { ...asked, filter: { ...filter, untilMs: filter.untilMs ?? Date.now() } }
  const time = AbortSignal.timeout(LOOK_MS)
  const refused: string[] = []
  const { tally, missing, decided } = await operations.survey(request, by, time, why => refused.push(why))
  const [consumers, topics] = [tally.consumers.byFrequency(), tally.topics.byFrequency()]
  const asksConsumers = request.command === 'redrive' && tally.taken > 0
  return {
    request,
    taken: tally.taken,
    leftOut: leftOutOf(Object.fromEntries(tally.leftOut)),
    refused,
    codes: tally.codes.byFrequency(),
    permanent: [...tally.permanent],
    consumers,
    topics,
    consumersNow: asksConsumers
      ? await consumersNow(connections, readers, Object.keys(consumers), Object.keys(topics))
      : [],
    missing: time.aborted ? [] : missing,
    isWhole: !time.aborted,
    looked: decided,
  }
}

export function leftOutOf(counts: Readonly<Partial<Record<LeftOutReason, number>>>): readonly LeftOut[] {
  return Object.entries(counts).map(([reason, count]) => {
    const known = reason as LeftOutReason
    return { reason: known, count, because: LEFT_OUT[known] }
  })
}
