/** Routes that show what a redrive or a drop of dead letters would do, and that carry it out. */
import * as v from 'valibot'
import {
  excludeLater,
  formatRequest,
  type Handling,
  type HandlingRequest,
  prepareHandling,
} from '../../../lib/operations/dead-letters/operation.ts'
import { previewHandling } from '../../../lib/operations/dead-letters/preview.ts'
import {
  ACTIONS,
  describeResult,
  type HandlingResult,
  Tally,
} from '../../../lib/operations/dead-letters/result.ts'
import { runHandling } from '../../../lib/operations/dead-letters/run.ts'
import { formatFilter } from '../../../lib/operations/dead-letters/selection.ts'
import {
  DEAD_LETTER_FIELDS,
  describeMissing,
  toDeadLetterFilter,
} from '../../../lib/questions/dead-letters.ts'
import { count } from '../../../lib/support/count.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { makeAuditedChange } from '../../http/audited-change.ts'
import { declareChange, declarePostQuery } from '../../http/declare-route.ts'
import { ProblemError, toProblem } from '../../http/problem.ts'
import { parseFilter } from '../../http/request-input.ts'

/** Duration of one request in milliseconds, below the 30-second timeout of an HTTP API. */
const STEP_MS = 15_000

const REQUEST = v.pipe(
  v.strictObject({
    command: v.picklist(['redrive', 'drop'], 'must be redrive or drop'),
    /** Position or id of one dead letter; none if conditions select dead letters. */
    ats: v.optional(v.pipe(v.array(v.string()), v.maxLength(1, 'names more than one dead letter')), []),
    conditions: v.optional(v.record(v.picklist(Object.keys(DEAD_LETTER_FIELDS)), v.string()), {}),
  }),
  v.check(
    ({ ats, conditions }) => ats.length === 0 || Object.keys(conditions).length === 0,
    'select dead letters either by position or by conditions, not both',
  ),
)

type RequestBody = v.InferOutput<typeof REQUEST>

export function declareRedriveAndDropRoutes(environment: ConsoleEnvironment) {
  return {
    'POST /failures/plan': declarePostQuery(REQUEST, body =>
      planHandling(environment, excludeLater(toRequest(body))),
    ),
    'POST /failures/handle': declareChange(REQUEST, (body, { name }) =>
      handleDeadLetters(environment, toRequest(body), name),
    ),
  }
}

function toRequest({ command, ats, conditions }: RequestBody): HandlingRequest {
  const { filter } = parseFilter(DEAD_LETTER_FIELDS, conditions)
  return { command, ats, filter: toDeadLetterFilter(filter) }
}

export interface Plan extends HandlingResult {
  /**
   * Request body that carries out the plan. Its times are absolute, so that dead letters that arrive later are not included.
   */
  readonly request: RequestBody
  /** True if all dead letters were examined. If false, further dead letters may match. */
  readonly isWhole: boolean
  /** Sentences about what is left out, or needs attention. */
  readonly notes: readonly string[]
}

/** Plans a request. @throws Unavailable if Kafka or Redis does not respond */
async function planHandling(environment: ConsoleEnvironment, request: HandlingRequest): Promise<Plan> {
  const { command, ats, filter } = request
  const handling = await prepare(environment, request)
  const tally = await previewHandling(handling)
  const result = tally.toResult(command)
  const { missing, stop } = handling
  const isWhole = !stop.aborted
  const part = `Only ${count(tally.decided, 'dead letter')} could be examined in time. All that match will be ${ACTIONS[command]}.`
  return {
    request: { command, ats: [...ats], conditions: formatFilter(filter) },
    ...result,
    isWhole,
    notes: [
      ...describeResult(result),
      ...(isWhole ? [] : [part]),
      ...(isWhole && missing.length > 0 ? [describeMissing(environment, missing)] : []),
    ],
  }
}

export interface HandledAnswer {
  /** Number of dead letters that were redriven or dropped. */
  readonly taken: number
  /** Sentences about what was left out, or needs attention. */
  readonly notes: readonly string[]
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
      notes: describeResult(tally.toResult(request.command)),
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
  return prepareHandling(environment, request, stop).catch((error: unknown) => {
    if (error !== stop.reason) throw error
    throw new ProblemError(
      'unavailable',
      'The dead letters could not be searched in time: limit the time range, or use `sluice dlq`.',
    )
  })
}
