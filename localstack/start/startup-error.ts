/** Extracts from its log why `serverless offline` cannot start. */

/**
 * The framework prints this line before its message. It may keep running afterwards without having started anything.
 */
const FRAMEWORK_ERROR = /^Errors?:$/
const BUNDLER_ERROR = /^✘ \[ERROR\] (.*)$/
const PLACE = /^ {4}(\S+:\d+:\d+):$/
const STACK_FRAME = /^\s+at /
const MOST_ERRORS = 5
const MOST_LINES = 15

/** Whether the framework has failed to start; its message follows. */
export function isFrameworkError(line: string): boolean {
  return FRAMEWORK_ERROR.test(line)
}

/**
 * The error message in a log, without stacks: the bundler's, with file, line and column, or else the framework's.
 * Undefined if there is none.
 */
export function startupErrorIn(log: string): string | undefined {
  const lines = log.split('\n')
  const bundler = bundlerErrors(lines)
  return bundler.length > 0 ? bundler.slice(0, MOST_ERRORS).join('\n') : frameworkError(lines)
}

/** Each error starts with its position and shows the line of code. */
function bundlerErrors(lines: readonly string[]): string[] {
  return lines.flatMap((line, at) => {
    const [, message] = BUNDLER_ERROR.exec(line) ?? []
    if (message === undefined) return []
    const [, place] = PLACE.exec(lines[at + 2] ?? '') ?? []
    if (place === undefined) return [message]
    const code = lines.slice(at + 3, at + 5).filter(shown => /[│╵]/.test(shown))
    return [[`${place}: ${message}`, ...code].join('\n')]
  })
}

function frameworkError(lines: readonly string[]): string | undefined {
  const from = lines.findIndex(isFrameworkError)
  if (from < 0) return undefined
  const rest = lines.slice(from + 1)
  const end = rest.findIndex(line => STACK_FRAME.test(line) || line.startsWith('Learn more about'))
  const message = rest.slice(0, end < 0 ? MOST_LINES : Math.min(end, MOST_LINES)).join('\n')
  return message.replace(/^(?:Error: )+/, '').trim() || undefined
}
