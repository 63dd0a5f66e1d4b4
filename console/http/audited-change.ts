/** Audited changes that are made from the console. */
import { randomUUID } from 'node:crypto'
import type { Audit } from '../../lib/operations/audit-event.ts'
import {
  NotAudited,
  type Operation,
  runAudited as runOperation,
  type Trail,
} from '../../lib/operations/audited-operation.ts'
import { ProblemError } from './problem.ts'

interface Changed<T> {
  readonly result: T
  readonly counts: Audit['counts']
  /** Error to throw after the audit event has been written, for a change that was made but has not taken effect. */
  readonly problem?: ProblemError
}

/**
 * Makes a change and records it in the audit log.
 *
 * @param change makes the change, with the id of the operation. If it throws an error, it must not have changed anything, and no audit event is written.
 * @throws ProblemError if the change has not taken effect, or if its audit event could not be written
 */
export async function makeAuditedChange<T>(
  { connections }: { readonly connections: Trail['connections'] },
  { by, action, filter }: Pick<Operation, 'action' | 'filter'> & Pick<Audit, 'by'>,
  change: (operation: string) => Promise<Changed<T>>,
): Promise<T> {
  const operation = `console-${randomUUID().slice(0, 8)}`
  try {
    return await runOperation({ by, connections }, { action, filter, operation }, async counts => {
      const { result, counts: changed, problem } = await change(operation)
      Object.assign(counts, changed)
      if (problem) throw problem
      return result
    })
  } catch (error) {
    throw error instanceof NotAudited ? new ProblemError('unavailable', error.message) : error
  }
}
