/** Changes something, and leaves the audit event of it. */
import { randomUUID } from 'node:crypto'
import type { Audit } from '../../lib/audit.ts'
import { leaveAudit } from '../../lib/operations/audit.ts'
import { instant } from '../../lib/runtime/consumer/instant.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { ProblemError, problemOf } from './problem.ts'

interface Changed<T> {
  readonly result: T
  readonly counts: Audit['counts']
  /** Why it has no effect yet, although the change was made: this is thrown once it is audited. */
  readonly problem?: ProblemError
}

/**
 * @param change what it throws is thrown, and leaves no audit event: nothing was changed
 * @throws ProblemError if the change was made, and has no effect yet, or its audit event could not be written
 */
export async function audited<T>(
  environment: ConsoleEnvironment,
  about: Pick<Audit, 'by' | 'action' | 'filter'>,
  change: () => Promise<Changed<T>>,
): Promise<T> {
  const startedAt = instant(Date.now())
  const { result, counts, problem } = await change()
  const endedAt = instant(Date.now())
  const audit = { ...about, startedAt, endedAt, operation: `console-${randomUUID().slice(0, 8)}`, counts }
  try {
    await leaveAudit(await environment.publisher(), environment.config, audit)
  } catch (error) {
    throw new ProblemError(
      'unavailable',
      `${problem?.message ?? 'It is done.'} Its audit event could not be written: ${problemOf(error).message}`,
    )
  }
  if (problem) throw problem
  return result
}
