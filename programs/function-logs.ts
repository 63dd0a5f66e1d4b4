/** Where the functions of a stack write their logs: a file each, and one for the framework that runs them. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The name under which the framework's own log is asked for. */
export const FRAMEWORK = 'serverless'

/** The variable that names the folder for the logs of functions to `serverless offline`. */
export const FUNCTION_LOGS = 'SLUICE_FUNCTION_LOGS'

const SUFFIX = '.log'

/** Returns the log of `serverless offline` itself. */
export function frameworkLog(logsDir: string): string {
  return join(logsDir, `${FRAMEWORK}${SUFFIX}`)
}

/** The folder with a file for each function that has written anything. */
export function functionLogsDir(logsDir: string): string {
  return join(logsDir, 'functions')
}

export function functionLog(functionLogsDir: string, name: string): string {
  return join(functionLogsDir, `${name}${SUFFIX}`)
}

/** The names of the functions that have written anything; none where the folder is not there. */
export function loggedFunctions(functionLogsDir: string): string[] {
  try {
    return readdirSync(functionLogsDir)
      .filter(file => file.endsWith(SUFFIX))
      .map(file => file.slice(0, -SUFFIX.length))
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
