/** Log files of a stack: one for each function, and one for the Serverless Framework that runs them. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Environment variable with the folder for the logs of functions in `serverless offline`. */
export const FUNCTION_LOGS = 'SLUICE_FUNCTION_LOGS'

const SUFFIX = '.log'

/** Returns the log file of `serverless offline` itself. */
export function frameworkLog(logsDir: string): string {
  return join(logsDir, `serverless${SUFFIX}`)
}

/** Returns the folder with a file for each function that has logged anything. */
export function functionLogsDir(logsDir: string): string {
  return join(logsDir, 'functions')
}

export function functionLog(functionLogsDir: string, name: string): string {
  return join(functionLogsDir, `${name}${SUFFIX}`)
}

/** Returns the names of the functions that have logged anything; empty if the folder does not exist. */
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
