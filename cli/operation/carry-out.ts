/** Carries out commands that change an environment, in the name of the operator. */
import type { Counts, Operation } from '../../lib/operations/audited-operation.ts'
import { carryOut as carryOutFor } from '../../lib/operations/carry-out.ts'
import type { GuardedConnections } from '../../lib/questions/guarded-connections.ts'
import { resolveOperator } from './operator.ts'

/**
 * Carries out a change. If the operator cannot be identified, or the topic for the audit event is missing, nothing is changed.
 *
 * @param change makes the change, and increments the counts with each part of it. It receives the name of the operator.
 * @throws CliFailure if the operator cannot be identified
 * @throws the errors of `carryOut`
 */
export async function carryOut<T>(
  connections: GuardedConnections,
  about: Operation,
  change: (counts: Counts, by: string) => Promise<T>,
): Promise<T> {
  const by = await resolveOperator(connections.config)
  // A topic can be created before the topic for audit events exists.
  const mayBeFirst = about.action.startsWith('topics ')
  return carryOutFor(connections, { ...about, by, mayBeFirst }, counts => change(counts, by))
}
