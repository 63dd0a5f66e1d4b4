/** Routes that show what a redrive or a drop of dead letters would do, and that carry it out. */
import * as v from 'valibot'
import { LEFT_OUT, type LeftOutReason } from '../../../lib/operations/dead-letters/decision.ts'
import { formatRequest, type HandlingRequest } from '../../../lib/operations/dead-letters/operation.ts'
import { previewHandling, runHandling, toCounts, type Work } from '../../../lib/operations/dead-letters/run.ts'
import { type Selected, selectDeadLetters, Tally } from '../../../lib/operations/dead-letters/selection.ts'
import { readRedriveTopics } from '../../../lib/operations/dead-letters/redrive-topics.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { makeAuditedChange } from '../../http/audited-change.ts'
import { declareChange, declarePostQuery } from '../../http/declare-route.ts'
import { ProblemError, toProblem } from '../../http/problem.ts'
import { CONDITIONS, FILTER, PLACE, toFilter } from './dead-letter-conditions.ts'

/** Duration of one request in milliseconds, below the 30-second timeout of an HTTP API. */
const STEP_MS = 15_000

const COMMAND = v.picklist(['redrive', 'drop'], 'must be redrive or drop')
/** One dead letter by its position; none if conditions select dead letters. */
const ATS = v.optional(v.pipe(v.array(PLACE), v.maxLength(1, 'names more than one dead letter')), [])

const PLAN_FIELDS = v.strictObject({
  command: COMMAND,
  ats: ATS,
  conditions: v.optional(v.strictObject(CONDITIONS), {}),
})
const REQUEST = v.pipe(
  v.strictObject({ command: COMMAND, ats: ATS, filter: v.optional(FILTER, {}) }),
  v.check(
    ({ ats, filter }) => ats.length === 0 || Object.values(filter).every(value => value === undefined),
    'select dead letters either by position or by conditions, not both',
  ),
)

export function declareRedriveAndDropRoutes(environment: ConsoleEnvironment) {
  return {
    'POST /failures/plan': declarePostQuery(PLAN_FIELDS, ({ command, ats, conditions }) =>
      planHandling(environment, { command, ats, filter: toFilter(conditions, Date.now()) }),
    ),
    'POST /failures/handle': declareChange(REQUEST, (request, { name }) =>
      handleDeadLetters(environment, request, name),
    ),
  }
}

export interface LeftOut {
  readonly reason: LeftOutReason
  readonly count: number
  /** Reason why the dead letters are left out, as text for display. */
  readonly because: string
}

export interface Plan {
  /**
   * Request body that carries out the plan. Its times are absolute, so that dead letters that arrive later are not included.
   */
  readonly request: HandlingRequest
  readonly taken: number
  readonly leftOut: readonly LeftOut[]
  /** Number of selected dead letters by code. */
  readonly codes: Readonly<Record<string, number>>
  /** Failure codes of the selected dead letters that are permanent, so that a redrive would fail again. */
  readonly permanent: readonly string[]
  readonly consumers: Readonly<Record<string, number>>
  readonly topics: Readonly<Record<string, number>>
  /** Positions in the request at which there is no dead letter. */
  readonly missing: readonly string[]
  /** True if all dead letters were examined. If false, further dead letters may match. */
  readonly isWhole: boolean
  /** Number of examined dead letters. */
  readonly looked: number
}

/** Plans a request. @throws Unavailable if Kafka or Redis does not respond */
async function planHandling(environment: ConsoleEnvironment, selection: HandlingRequest): Promise<Plan> {
  const { ats, filter } = selection
  const request =
    ats.length > 0
      ? { ...selection, filter: {} }
      : { ...selection, filter: { ...filter, untilMs: Date.now() } }
  const { work, missing } = await prepareWork(environment, request)
  const tally = new Tally()
  await previewHandling(work, tally)
  const isWhole = !work.stop.aborted
  return {
    request,
    taken: tally.handledCount,
    leftOut: describeLeftOut(tally),
    codes: tally.codes.byFrequency(),
    permanent: [...tally.permanent],
    consumers: tally.consumers.byFrequency(),
    topics: tally.topics.byFrequency(),
    missing: isWhole ? missing : [],
    isWhole,
    looked: tally.decided,
  }
}

export interface HandledAnswer {
  /** Number of dead letters that were redriven or dropped. */
  readonly taken: number
  readonly leftOut: readonly LeftOut[]
  /** False if the time was too short. The same request handles the rest, because handled dead letters are no longer selected. */
  readonly isOver: boolean
}

/** Carries out a request, as far as the time of one HTTP request allows. */
async function handleDeadLetters(
  environment: ConsoleEnvironment,
  request: HandlingRequest,
  by: string,
): Promise<HandledAnswer> {
  const { work } = await prepareWork(environment, request)
  const tally = new Tally()
  const audited = { by, action: `dlq ${request.command}`, filter: formatRequest(request) } as const
  return makeAuditedChange(environment, audited, async operation => {
    const doing = {
      by,
      operation,
      config: environment.config,
      publisher: await environment.connections.publisher(),
    }
    const error = await runHandling(work, tally, doing).then(
      () => undefined,
      (error: unknown) => error,
    )
    // If nothing was handled, nothing is to be audited.
    if (error !== undefined && tally.handledCount === 0) throw error
    const result = { taken: tally.handledCount, leftOut: describeLeftOut(tally), isOver: !work.stop.aborted }
    const { code, message } = toProblem(error)
    return {
      result,
      counts: toCounts(request, tally),
      ...(error === undefined ? {} : { problem: new ProblemError(code, message) }),
    }
  })
}

async function prepareWork(
  environment: ConsoleEnvironment,
  request: HandlingRequest,
): Promise<Pick<Selected, 'missing'> & { readonly work: Work }> {
  const stop = AbortSignal.timeout(STEP_MS)
  const { config, connections, consumers } = environment
  const source = await environment.letters()
  const topics = await readRedriveTopics(connections, config, consumers, request.command === 'redrive')
  const { rows, missing } = await selectDeadLetters(source, request, stop).catch((error: unknown) => {
    if (error !== stop.reason) throw error
    throw new ProblemError(
      'unavailable',
      'The dead letters could not be searched in time: limit the time range, or use `sluice dlq`.',
    )
  })
  return { work: { request, rows, letters: source, topics, connections, stop }, missing }
}

function describeLeftOut({ leftOut }: Tally): readonly LeftOut[] {
  return [...leftOut].map(([reason, count]) => ({ reason, count, because: LEFT_OUT[reason] }))
}
