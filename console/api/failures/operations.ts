/** Routes that plan, start and list redrives and drops of dead letters. */
import * as v from 'valibot'
import { readPatch } from '../../../lib/operations/dead-letters/patch.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { audited } from '../audited.ts'
import { ProblemError } from '../problem.ts'
import { askedByBody, changed, watched } from '../route.ts'
import { FILTER, PLACE } from './conditions.ts'
import { type OperationAnswer, operationAnswer } from './operation-answer.ts'
import { planOf } from './plan.ts'
import { OperationRunner } from './runner.ts'

/** Maximum number of dead letters selected by position. Use conditions to select more. */
const MAX_NAMED = 500
/** Maximum size of a patch, which is stored with its operation. */
const MAX_PATCH_LENGTH = 64 * 1024
const LEAST_RATE = 1
const MAX_RATE = 100_000

const rate = v.pipe(
  v.number('must be a number'),
  v.integer('must be a whole number'),
  v.minValue(LEAST_RATE, 'must be 1 or more'),
  v.maxValue(MAX_RATE, `must be at most ${MAX_RATE}`),
)

const PATCH = v.pipe(
  v.string(),
  v.maxLength(
    MAX_PATCH_LENGTH,
    `is longer than ${MAX_PATCH_LENGTH} characters. Use the command line instead`,
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const patch = readPatch(dataset.value)
    if (typeof patch === 'string') addIssue({ message: patch })
  }),
)

const REQUEST = v.pipe(
  v.strictObject({
    command: v.picklist(['redrive', 'drop'], 'must be redrive or drop'),
    ats: v.optional(v.pipe(v.array(PLACE), v.maxLength(MAX_NAMED, `names more than ${MAX_NAMED}`)), []),
    filter: v.optional(FILTER, {}),
    perSecond: v.optional(rate),
    again: v.optional(v.boolean()),
    patch: v.optional(PATCH),
  }),
  v.check(
    ({ command, ats, patch }) => patch === undefined || (command === 'redrive' && ats.length === 1),
    'a patch requires a redrive of exactly one dead letter, selected by its position',
  ),
  v.check(
    ({ ats, filter }) => ats.length === 0 || Object.values(filter).every(value => value === undefined),
    'select dead letters either by position or by conditions, not both',
  ),
  v.check(
    ({ ats, again }) => !again || ats.length > 0,
    '"again" requires positions: with conditions, it would redrive all records that ever failed',
  ),
)

const ONE = { id: v.pipe(v.string(), v.maxLength(100)) }

export function operationRoutes(environment: ConsoleEnvironment) {
  const runner = new OperationRunner(environment)
  const answer = (one: Parameters<typeof operationAnswer>[0]): OperationAnswer =>
    operationAnswer(one, environment.config.env, Date.now())

  return {
    'POST /failures/plan': askedByBody(REQUEST, (asked, request) =>
      planOf(runner.operations, environment, asked, request.get('person').name),
    ),
    '/failures/operations': watched({}, 1_000, async () => (await runner.operations.list()).map(answer)),
    '/failures/operation': watched(ONE, 500, async ({ id }) => {
      const found = (await runner.operations.list()).find(one => one.id === id)
      if (!found)
        throw new ProblemError(
          'not-found',
          `Operation ${id} was not found. Only the latest operations are kept.`,
        )
      return answer(found)
    }),
    'POST /failures/operations': changed(REQUEST, async (request, { name }) =>
      answer(await runner.begin(request, name)),
    ),
    'POST /failures/operation/resume': changed(ONE, async ({ id }, { name }) =>
      answer(await runner.goOn(id, name)),
    ),
    // If the process is suspended between requests, the page requests the steps one after another. A step must not resume a stopped
    // operation.
    'POST /failures/operation/step': changed(ONE, async ({ id }, { name }) =>
      answer(await runner.goOn(id, name, 'running')),
    ),
    'POST /failures/operation/stop': changed(ONE, async ({ id }, { name: by }) => {
      const about = { by, action: 'dlq stop', filter: { operation: id } } as const
      const stopped = await audited(environment, about, async () => {
        return { result: await runner.stop(id), counts: { stopped: 1 } }
      })
      return answer(stopped)
    }),
  }
}
