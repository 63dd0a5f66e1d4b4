/** Callers of the console and their roles. */
import type { Context, Next } from 'hono'
import { ProblemError } from './problem.ts'

/** A viewer can only read. An operator can also make changes, which are recorded in the audit log. */
export const ROLES = ['viewer', 'operator'] as const
export type Role = (typeof ROLES)[number]

export interface Person {
  /** Name in the audit log. */
  readonly name: string
  readonly role: Role
}

/** Variables that authentication sets in the context of each route. */
export interface ConsoleHono {
  readonly Variables: {
    person: Person
    /** Reports an unexpected error. */
    reportError: (error: unknown) => void
  }
}

/** Lets only operators pass. @throws ProblemError for a viewer */
export async function requireOperator(context: Context<ConsoleHono>, next: Next): Promise<void> {
  if (context.get('person').role !== 'operator')
    throw new ProblemError('forbidden', 'This requires the operator role. You are signed in as a viewer.')
  await next()
}
