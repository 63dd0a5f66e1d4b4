/**
 * An operation of a person, as one value: what it applies to, what it would do, and how it is carried out. The command, the route of
 * HTTP and the button of the console follow from it, and all have the same protocol: the plan is shown, then the question is asked,
 * then the operation is carried out and audited.
 */

import type { TopicPublisher } from '#runtime/operating/kafka'
import type { AnyKeyedProcess, Consumer } from '#runtime/pipeline'
import type { DeclaredFunction } from '../environment/functions.ts'
import type { Environment, ReadingFunction } from '../questions/environment.ts'
import type { Fields, Filter, Texts } from '../questions/field.ts'
import type { FieldRules } from '../questions/field-rules.ts'
import type { Audit } from './audit-event.ts'
import type { Counts } from './audited-operation.ts'

/** Environment that operations change. */
export type ChangedEnvironment = Environment<ReadingFunction & Pick<DeclaredFunction, 'forwards' | 'uses'>>

/** Project whose code and files operations use, as the program that starts them knows it. */
export interface Project {
  /** Returns the path of a file or folder that the person has named. */
  readonly resolvePath: (named: string) => string
  /** Loads a consumer from the sources of the project. */
  readonly loadConsumer: (name: string) => Promise<Consumer<AnyKeyedProcess>>
  /** Returns the versions that a function reports if it was built from the sources of the project. */
  readonly computeVersions: (name: string) => Promise<ReadonlySet<string>>
}

/** Arguments of an operation that is carried out. */
export interface Running {
  /** Person who carries it out. */
  readonly by: string
  readonly project: Project
  /** Id of the operation, as in its audit event. */
  readonly id: string
  /** Counts of what was done, for the audit event. They are incremented with each change. */
  readonly counts: Counts
  /** Signal after which no further change begins. */
  readonly stop: AbortSignal
  /** Opens the publisher for many records. */
  readonly openPublisher: () => Promise<TopicPublisher>
  /** Takes a function that returns a line about the progress. */
  readonly showProgress: (line: () => string) => void
}

/** Limits of a plan. */
export interface Planning {
  readonly project: Project
  /** Signal that ends the planning. */
  readonly stop: AbortSignal
  /** Current time, in milliseconds since the epoch. Later records are left out. */
  readonly nowMs: number
  /** True if people look at the plan. One that is carried out at once needs no counts. */
  readonly isCounted: boolean
  /** Present for a plan that is only shown, so that an operation may compute in full what would happen. */
  readonly trial?: Pick<Running, 'showProgress'>
}

interface DeclaredOperation<Of extends Fields, Plan, Result> {
  /** Description of the command, in paragraphs. */
  readonly about: string
  /** Further paragraphs and examples of the command. */
  readonly more: string
  readonly fields: Of
  readonly rules?: FieldRules<keyof Of & string>
  /** True for an operation that can be carried out before the environment exists. */
  readonly mayBeFirst?: true
  /** True for an operation that is carried out without an audit event where the environment has no topic for it. */
  readonly mayLackAudit?: true
  /** Question that a person must answer with yes. Null for an operation that does not ask. */
  readonly asks: ((plan: Plan) => string) | null
  /** Finds out what would happen. Changes nothing. @throws Failure if it is refused */
  plan(environment: ChangedEnvironment, request: Filter<Of>, planning: Planning): Promise<Plan>
  /** Returns lines that say what would happen, or that there is nothing to do. */
  describe(plan: Plan): readonly string[]
  /** Returns whether there is nothing to do. */
  isEmpty?(plan: Plan): boolean
  /** Returns the plan as a document. The plan itself by default. */
  toDocument?(plan: Plan): object
  /** Returns the request for the audit event. */
  toAudit(plan: Plan): Audit['filter']
  /** Returns what a person agrees to. If it has changed when the plan is carried out, the person is asked again. `toAudit` by default. */
  toAgreement?(plan: Plan): Audit['filter']
  /** Carries out the plan. @throws Failure, or `PartlyDone` with the result so far */
  carryOut(environment: ChangedEnvironment, plan: Plan, running: Running): Promise<Result>
  /** Returns lines that say what was done. */
  describeResult(result: Result, plan: Plan): readonly string[]
  /** Returns what was not done although it was wanted; undefined if all was. The command then ends with status 1. */
  describeRest?(plan: Plan, result: Result | null): string | undefined
  /** Returns what takes the result back; undefined if nothing does. */
  undo?(result: Result, plan: Plan): Undo | undefined
  /** Says how to go on after a stop. Only for operations that can be stopped between their parts. */
  afterStop?(plan: Plan): string
}

/** Operation that takes back another one. */
export interface Undo {
  /** Words of its command. */
  readonly action: string
  readonly request: Texts
}

/** Says how to go on with an operation that begins where it stopped. */
export function finishByRepeating(): string {
  return 'Run the command again to finish it.'
}

/** Operation whose types are not known. A visitor receives it with them. */
export interface AnyOperation {
  readonly fields: Fields
  readonly rules?: FieldRules<string>
  readonly asks: ((plan: never) => string) | null
  visit<R>(visitor: OperationVisitor<R>): R
}

type OperationVisitor<R> = <Of extends Fields, Plan, Result>(operation: Operation<Of, Plan, Result>) => R

export interface Operation<Of extends Fields, Plan, Result> extends DeclaredOperation<Of, Plan, Result> {
  visit<R>(visitor: OperationVisitor<R>): R
}

/** Declares an operation. */
export function operation<Of extends Fields, Plan, Result>(
  declared: DeclaredOperation<Of, Plan, Result>,
): Operation<Of, Plan, Result> {
  const operation: Operation<Of, Plan, Result> = { ...declared, visit: visitor => visitor(operation) }
  return operation
}

/** Error that ended an operation after a part of it, or after all of it if only its audit event is missing. */
export class PartlyDone<Result> extends Error {
  readonly result: Result
  /** True if a part is left to be done. */
  readonly isStopped: boolean

  constructor(result: Result, cause: unknown, { isStopped = true } = {}) {
    super((cause as Error).message, { cause })
    this.result = result
    this.isStopped = isStopped
  }
}
