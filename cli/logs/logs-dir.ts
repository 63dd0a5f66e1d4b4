import { join, resolve } from 'node:path'
import { onlyOne, StackNotFound } from '../../programs/addresses.ts'
import { DEFAULT_STACK, runningStack, runningStacks, STACKS_DIR } from '../../programs/stack.ts'
import { CliFailure } from '../failure.ts'
import type { Terminal } from '../terminal.ts'

/**
 * Returns the folder with the logs of the selected stack. If it is specified by name, it need not be running,
 * because logs are kept.
 *
 * @throws CliFailure if several stacks run and none is selected
 */
export function logsDirOf({ environment, stack, stacksDir = STACKS_DIR }: Terminal): string {
  const name = stack ?? (environment.SLUICE_STACK || undefined)
  try {
    const running = name === undefined ? onlyOne(runningStacks(stacksDir)) : runningStack(name, stacksDir)
    if (running) return running.logsDir
  } catch (error) {
    throw error instanceof StackNotFound ? new CliFailure(error.message) : error
  }
  const dataDir = environment.SLUICE_DATA_DIR?.trim()
  if (dataDir) return resolve(dataDir, 'logs')
  return name === undefined || name === DEFAULT_STACK
    ? join(stacksDir, '..', 'logs')
    : join(stacksDir, name, 'logs')
}
