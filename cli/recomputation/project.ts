import type { Project } from '../../control/operations/operation.ts'
import { isRecomputingError } from '../../control/operations/recomputing/job.ts'
import { CliFailure, StoppedByUser } from '../failure.ts'
import { resolveEnvironment } from '../servers/settings.ts'
import { resolvePath, type Terminal } from '../terminal.ts'

/** Returns the project of this folder. @param env environment whose settings its consumers have */
export function createProject(terminal: Terminal, env: string | undefined): Project {
  return {
    resolvePath: named => resolvePath(terminal, named),
    loadConsumer: async name => {
      const { loadConsumer } = await import('./consumer.ts')
      return loadConsumer(name, resolveEnvironment(terminal, env))
    },
    computeVersions: async name => {
      const { computeVersions } = await import('./consumer.ts')
      return computeVersions(name)
    },
  }
}

/** Converts an error about the log or the states to an error with a message for users. Other errors are returned unchanged. */
export function toComparisonFailure(error: unknown, { stop }: Terminal): unknown {
  if (stop.aborted) return new StoppedByUser()
  return isRecomputingError(error)
    ? new CliFailure(`Nothing was compared: ${error.message}.`, 1, { cause: error })
    : error
}
