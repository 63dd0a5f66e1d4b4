/** Plan of a redrive or a drop, made by reading alone. */
import { LEFT_OUT, type LeftOutReason } from '../../../lib/operations/dead-letters/decide.ts'
import type { DeadLetterOperations } from '../../../lib/operations/dead-letters/operations.ts'
import type { HandlingRequest } from '../../../lib/operations/dead-letters/request.ts'
import { consumersNow, type RedriveConsumer } from '../../../lib/operations/dead-letters/topics.ts'
import type { ConsoleEnvironment } from '../../environment.ts'

export interface LeftOut {
  readonly reason: LeftOutReason
  readonly count: number
  /** Text for people. */
  readonly because: string
}

export interface Plan {
  /** Request body for exactly this operation: its times are fixed, so that dead letters that arrive meanwhile are not part of it. */
  readonly request: HandlingRequest
  readonly taken: number
  readonly leftOut: readonly LeftOut[]
  /** Why the patch would break an event; empty if it does not. */
  readonly refused: readonly string[]
  /** Number of selected dead letters by code. */
  readonly codes: Readonly<Record<string, number>>
  /** Permanent codes among them. */
  readonly permanent: readonly string[]
  readonly consumers: Readonly<Record<string, number>>
  readonly topics: Readonly<Record<string, number>>
  /** The consumers that get them, in their present state. */
  readonly consumersNow: readonly RedriveConsumer[]
  /** Named dead letters that do not exist. */
  readonly missing: readonly string[]
  /** Whether all was looked at; if not, there may be more. */
  readonly isWhole: boolean
  /** How many dead letters were looked at. */
  readonly looked: number
}

/** Behind an HTTP API, an answer has to come before 30 seconds are over. */
const LOOK_MS = 15_000

/** @throws Unavailable if Kafka or Redis does not answer */
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

/** Pure. */
export function leftOutOf(counts: Readonly<Partial<Record<LeftOutReason, number>>>): readonly LeftOut[] {
  return Object.entries(counts).map(([reason, count]) => {
    const known = reason as LeftOutReason
    return { reason: known, count, because: LEFT_OUT[known] }
  })
}
