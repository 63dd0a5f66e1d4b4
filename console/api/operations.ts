/** Routes of operations: one plans, the other carries a plan out, as far as the time of a request allows. */
import { isDeepStrictEqual } from 'node:util'
import { type InferOutput, optional, record, strictObject, string } from 'valibot'
import { instant } from '#runtime/settings'
import { CONSOLE_OPERATIONS, OPERATIONS } from '../../control/operations/all.ts'
import { carryOutPlan, toAgreement } from '../../control/operations/carry-out.ts'
import {
  type AnyOperation,
  type Operation,
  PartlyDone,
  type Project,
  type Undo,
} from '../../control/operations/operation.ts'
import type { Fields, Filter, ReadFilter, Texts } from '../../control/questions/field.ts'
import { OperationFailure } from '../../lib/support/operation-failure.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { declareChange, declarePostQuery, declareQuery } from '../http/declare-route.ts'
import { ProblemError, toProblem } from '../http/problem.ts'
import { parseFilter, TEXTS } from '../http/request-input.ts'
import { describeFields } from './questions.ts'

/** Time for a plan, and for carrying out a part, in milliseconds: together below the time limit of a request. */
const PLAN_MS = 12_000
const STEP_MS = 12_000

/** Plan of an operation, as the page shows it. */
export interface ShownPlan {
  /** Lines that say it. */
  readonly lines: readonly string[]
  /** Document that the command prints with `--json`. */
  readonly plan: unknown
  /** Question to confirm; null for an operation that does not ask in the terminal. */
  readonly question: string | null
  /** True if there is nothing to do. */
  readonly isEmpty: boolean
  /** Request that carries out the plan. Its times are absolute. */
  readonly request: Texts
  /** Time of the plan, RFC 3339. Later records are left out. */
  readonly at: string
  /** What a person agrees to. If it has changed when the plan is carried out, nothing is done. Absent if it does not ask. */
  readonly expects?: Readonly<Record<string, string>>
}

/** Result of one request, which can be a part of the operation. */
export interface ShownResult {
  /** Lines that say it. */
  readonly lines: readonly string[]
  readonly result: unknown
  /** False if the time was too short. The same request then does the rest. */
  readonly isOver: boolean
  /** Why it stopped early; null if it did not. */
  readonly problem: string | null
  /** Line about the wanted part that was left out; null without one. */
  readonly rest: string | null
  /** Operation that takes it back; null if none does. */
  readonly undo: Undo | null
}

const PLAN = strictObject({ action: string(), request: TEXTS })
const CARRY_OUT = strictObject({
  ...PLAN.entries,
  at: optional(instant().schema),
  expects: optional(record(string(), string())),
})

type Desk = Pick<OperationDesk<Fields, unknown, unknown>, 'plan' | 'carryOut'>

export function declareOperations(environment: ConsoleEnvironment) {
  const open = async (words: string) =>
    (await loadOperation(words)).visit<Desk>(operation => new OperationDesk(words, operation, environment))
  return {
    '/operations': declareQuery({}, async () => {
      const all = Object.entries(CONSOLE_OPERATIONS).map(async ([action, { load }]) => {
        const { fields, rules } = await load()
        return [action, describeFields(fields, rules)] as const
      })
      return Object.fromEntries(await Promise.all(all))
    }),
    'POST /operations/plan': declarePostQuery(PLAN, async request =>
      (await open(request.action)).plan(request),
    ),
    'POST /operations/carry-out': declareChange(CARRY_OUT, async (request, { name: by }, context) =>
      (await open(request.action)).carryOut(request, by, context.get('reportError')),
    ),
  }
}

/** Loads an operation. @throws ProblemError for one that this console does not have */
async function loadOperation(words: string): Promise<AnyOperation> {
  const listed = Object.hasOwn(CONSOLE_OPERATIONS, words) ? CONSOLE_OPERATIONS[words] : undefined
  if (listed) return listed.load()
  throw new ProblemError(
    'not-found',
    Object.hasOwn(OPERATIONS, words)
      ? `This console has no operation ${words}: use \`sluice ${words}\`.`
      : 'There is no such operation.',
  )
}

/** Plans an operation that a page asks for, and carries it out. */
class OperationDesk<Of extends Fields, Plan, Result> {
  readonly #words: string
  readonly #operation: Operation<Of, Plan, Result>
  readonly #environment: ConsoleEnvironment

  constructor(words: string, operation: Operation<Of, Plan, Result>, environment: ConsoleEnvironment) {
    this.#words = words
    this.#operation = operation
    this.#environment = environment
  }

  async plan({ request }: InferOutput<typeof PLAN>): Promise<ShownPlan> {
    const operation = this.#operation
    const nowMs = this.#environment.nowMs()
    const { filter, texts } = this.#read(request)
    const plan = await this.#plan(filter, nowMs, true)
    const isEmpty = operation.isEmpty?.(plan) ?? false
    return {
      lines: operation.describe(plan),
      plan: operation.toDocument?.(plan) ?? plan,
      question: isEmpty ? null : (operation.asks?.(plan) ?? null),
      isEmpty,
      request: toAbsolute(operation.fields, filter, texts),
      at: new Date(nowMs).toISOString(),
      ...(operation.asks && { expects: toAgreement(operation, plan) }),
    }
  }

  /** Carries out a plan, or a part of it. @param reportError receives a fault of the console */
  async carryOut(
    { request, at, expects }: InferOutput<typeof CARRY_OUT>,
    by: string,
    reportError: (error: unknown) => void,
  ): Promise<ShownResult> {
    const operation = this.#operation
    const nowMs = Math.min(at ?? Number.POSITIVE_INFINITY, this.#environment.nowMs())
    const plan = await this.#plan(this.#read(request).filter, nowMs, false)
    if (expects && !isDeepStrictEqual(expects, toAgreement(operation, plan)))
      throw new ProblemError(
        'conflict',
        'Nothing was done: the plan has changed meanwhile. Confirm the new plan.',
      )
    const stop = AbortSignal.timeout(STEP_MS)
    const { result, error } = await this.#carryOutUntil(stop, plan, by)
    const problem = error === undefined ? undefined : toProblem(error)
    if (problem?.code === 'fault') reportError(error)
    return {
      lines: operation.describeResult(result, plan),
      result,
      isOver: !(stop.aborted && operation.afterStop),
      problem: problem?.message ?? null,
      rest: operation.describeRest?.(plan, result) ?? null,
      undo: operation.undo?.(result, plan) ?? null,
    }
  }

  /** Reads a request. @throws ProblemError for unknown fields, and for invalid texts */
  #read(request: Texts): Pick<ReadFilter<Of>, 'filter' | 'texts'> {
    const { fields, rules } = this.#operation
    const unknown = Object.keys(request).filter(
      name => !Object.hasOwn(fields, name) || fields[name]?.only === 'terminal',
    )
    if (unknown.length > 0)
      throw new ProblemError('bad-request', `${this.#words} has no field ${unknown.join(', ')}.`)
    return parseFilter(fields, request, rules)
  }

  async #plan(filter: Filter<Of>, nowMs: number, isCounted: boolean): Promise<Plan> {
    const stop = AbortSignal.timeout(PLAN_MS)
    const planning = { project: NO_PROJECT, stop, nowMs, isCounted }
    try {
      return await this.#operation.plan(this.#environment, filter, planning)
    } catch (error) {
      if (error !== stop.reason) throw error
      throw new ProblemError(
        'unavailable',
        `It could not be planned in time: narrow the request, or use \`sluice ${this.#words}\`.`,
      )
    }
  }

  /** Carries out a plan until it must stop. Returns the result so far, and the error that ended it early. */
  async #carryOutUntil(
    stop: AbortSignal,
    plan: Plan,
    by: string,
  ): Promise<{ readonly result: Result; readonly error?: unknown }> {
    const id = `console-${this.#environment.newId().slice(0, 8)}`
    const openPublisher = () => this.#environment.connections.publisher()
    const running = { project: NO_PROJECT, stop, by, id, openPublisher, showProgress: () => {} }
    try {
      return { result: await carryOutPlan(this.#words, this.#operation, this.#environment, plan, running) }
    } catch (error) {
      if (!(error instanceof PartlyDone)) throw error
      return { result: error.result, error: error.cause === stop.reason ? undefined : error.cause }
    }
  }
}

/** Returns the request with absolute times, so that it means the same when it is sent again. Pure. */
function toAbsolute(fields: Fields, filter: Filter<Fields>, texts: Texts): Texts {
  const values = filter as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [
      name,
      fields[name]?.form.type === 'time' ? new Date(values[name] as number).toISOString() : text,
    ]),
  )
}

/** The console knows no code and no folders of a project. */
const NO_PROJECT: Project = {
  resolvePath: refuseProject,
  loadConsumer: refuseProject,
  computeVersions: refuseProject,
}

function refuseProject(): never {
  throw new OperationFailure('This needs the code of the project: use the command.')
}
