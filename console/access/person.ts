/** The caller and its rights. */
import type { Context } from 'hono'
import { ProblemError } from '../api/problem.ts'

/** A viewer looks; an operator also changes things, and every change is audited. */
export const ROLES = ['viewer', 'operator'] as const
export type Role = (typeof ROLES)[number]

export interface Person {
  /** Name for the audit. */
  readonly name: string
  readonly role: Role
}

/** Context of every route after the guard has admitted the request. */
export interface ConsoleHono {
  readonly Variables: {
    person: Person
    /** Asks again, for answers that last: whether the session or token of the request is still valid. */
    isStillSignedIn: () => Promise<boolean>
    /** Called with unexpected errors. */
    told: (error: unknown) => void
  }
}

/** @throws ProblemError if the person may only look */
export function requireOperator(context: Context<ConsoleHono>): Person {
  const person = context.get('person')
  if (person.role !== 'operator')
    throw new ProblemError('forbidden', 'Only an operator may do this; you are signed in as a viewer.')
  return person
}
