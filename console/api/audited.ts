/** Operations of the console. */
import { randomUUID } from 'node:crypto'
import type { Audit } from '../../lib/audit.ts'
import { audited as carriedOut, NotAudited, type Operation } from '../../lib/operations/audit.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { ProblemError } from './problem.ts'

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
  { by, action, filter }: Pick<Operation, 'action' | 'filter'> & Pick<Audit, 'by'>,
  change: () => Promise<Changed<T>>,
): Promise<T> {
  const trail = { by, config: environment.config, publisher: () => environment.publisher() }
  const operation = `console-${randomUUID().slice(0, 8)}`
  try {
    return await carriedOut(trail, { action, filter, operation }, async counts => {
      const { result, counts: changed, problem } = await change()
      Object.assign(counts, changed)
      if (problem) throw problem
      return result
    })
  } catch (error) {
    throw error instanceof NotAudited ? new ProblemError('unavailable', error.message) : error
  }
}
