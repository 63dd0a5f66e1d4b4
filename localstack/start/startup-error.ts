/** Extracts from its log why `serverless offline` cannot start. */

/**
 * The framework prints this line before its message. It may keep running afterwards without having started anything.
 */
const FRAMEWORK_ERROR = /^Errors?:$/
const STACK_FRAME = /^\s+at /
const MOST_LINES = 15

/** Whether the framework has failed to start; its message follows. */
export function isFrameworkError(line: string): boolean {
  return FRAMEWORK_ERROR.test(line)
}

/** The framework's error message in a log, without a stack. Undefined if there is none. */
export function startupErrorIn(log: string): string | undefined {
  const lines = log.split('\n')
  const from = lines.findIndex(isFrameworkError)
  if (from < 0) return undefined
  const rest = lines.slice(from + 1)
  const end = rest.findIndex(line => STACK_FRAME.test(line) || line.startsWith('Learn more about'))
  const message = rest.slice(0, end < 0 ? MOST_LINES : Math.min(end, MOST_LINES)).join('\n')
  return message.replace(/^(?:Error: )+/, '').trim() || undefined
}
