/** Routes that show what a redrive or a drop of dead letters would do, and that carry it out. */
import * as v from 'valibot'
import { LEFT_OUT, type LeftOutReason } from '../../../lib/operations/dead-letters/decision.ts'
import {
  formatRequest,
  type Handling,
  type HandlingRequest,
  prepareHandling,
} from '../../../lib/operations/dead-letters/operation.ts'
import { previewHandling } from '../../../lib/operations/dead-letters/preview.ts'
import { type HandlingResult, Tally } from '../../../lib/operations/dead-letters/result.ts'
import { runHandling } from '../../../lib/operations/dead-letters/run.ts'
import { DEAD_LETTER_FIELDS, toDeadLetterFilter } from '../../../lib/questions/dead-letters.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { makeAuditedChange } from '../../http/audited-change.ts'
import { declareChange, declarePostQuery } from '../../http/declare-route.ts'
import { ProblemError, toProblem } from '../../http/problem.ts'
import { parseFilter } from '../../http/request-input.ts'
import { FILTER, PLACE } from './dead-letter-conditions.ts'

/** Duration of one request in milliseconds, below the 30-second timeout of an HTTP API. */
const STEP_MS = 15_000

const COMMAND = v.picklist(['redrive', 'drop'], 'must be redrive or drop')
/** One dead letter by its position; none if conditions select dead letters. */
const ATS = v.optional(v.pipe(v.array(PLACE), v.maxLength(1, 'names more than one dead letter')), [])

const PLAN_FIELDS = v.strictObject({
  command: COMMAND,
  ats: ATS,
  conditions: v.optional(v.record(v.string(), v.string()), {}),
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
      planHandling(environment, {
        command,
        ats,
        filter: toDeadLetterFilter(parseFilter(DEAD_LETTER_FIELDS, conditions).filter),
      }),
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

export interface Plan extends Omit<HandlingResult, 'leftOut'> {
  /**
   * Request body that carries out the plan. Its times are absolute, so that dead letters that arrive later are not included.
   */
  readonly request: HandlingRequest
  readonly leftOut: readonly LeftOut[]
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
  const handling = await prepare(environment, request)
  const tally = await previewHandling(handling)
  const isWhole = !handling.stop.aborted
  return {
    request,
    ...tally.toResult(),
    leftOut: describeLeftOut(tally),
    missing: isWhole ? handling.missing : [],
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
  const handling = await prepare(environment, request)
  const tally = new Tally()
  const audited = { by, action: `dlq ${request.command}`, filter: formatRequest(request) } as const
  return makeAuditedChange(environment, audited, async operation => {
    const context = {
      by,
      operation,
      config: environment.config,
      publisher: await environment.connections.publisher(),
    }
    const error = await runHandling(handling, tally, context).then(
      () => undefined,
      (error: unknown) => error,
    )
    // If nothing was handled, nothing is to be audited.
    if (error !== undefined && tally.handledCount === 0) throw error
    const result = {
      taken: tally.handledCount,
      leftOut: describeLeftOut(tally),
      isOver: !handling.stop.aborted,
    }
    const { code, message } = toProblem(error)
    return {
      result,
      counts: tally.toAuditCounts(request.command),
      ...(error === undefined ? {} : { problem: new ProblemError(code, message) }),
    }
  })
}

async function prepare(environment: ConsoleEnvironment, request: HandlingRequest): Promise<Handling> {
  const stop = AbortSignal.timeout(STEP_MS)
  const { config, connections, consumers: readers } = environment
  const source = { connections, config, letters: await environment.letters(), readers }
  return prepareHandling(source, request, stop).catch((error: unknown) => {
    if (error !== stop.reason) throw error
    throw new ProblemError(
      'unavailable',
      'The dead letters could not be searched in time: limit the time range, or use `sluice dlq`.',
    )
  })
}

function describeLeftOut({ leftOut }: Tally): readonly LeftOut[] {
  return [...leftOut].map(([reason, count]) => ({ reason, count, because: LEFT_OUT[reason] }))
}
