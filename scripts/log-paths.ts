/** Log files of a stack: one for each function, and one for the Serverless Framework that runs them. */
import { join } from 'node:path'

/** Environment variable with the folder for the logs of functions in `serverless offline`. */
export const FUNCTION_LOGS = 'SLUICE_FUNCTION_LOGS'

/** End of the names of log files. */
export const LOG_SUFFIX = '.log'

/** Returns the log file of `serverless offline` itself. */
export function frameworkLog(logsDir: string): string {
  return join(logsDir, `serverless${LOG_SUFFIX}`)
}

/** Returns the folder with a file for each function that has logged anything. */
export function functionLogsDir(logsDir: string): string {
  return join(logsDir, 'functions')
}

export function functionLog(functionLogsDir: string, name: string): string {
  return join(functionLogsDir, `${name}${LOG_SUFFIX}`)
}
