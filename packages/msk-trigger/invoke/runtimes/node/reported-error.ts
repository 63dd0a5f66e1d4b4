import { fileURLToPath } from 'node:url'
import { types } from 'node:util'
import type { ReportedError } from '../runtime.ts'

/** Error that Lambda's runtime raises itself, such as `Runtime.HandlerNotFound`. It has no stack frames. */
export class RuntimeFailure extends Error {
  /** @param details additional lines for the report, such as the stack of the cause */
  constructor(name: string, message: string, details: readonly string[] = []) {
    super(message)
    this.name = name
    this.stack = [`${name}: ${message}`, ...details].join('\n')
  }
}

/**
 * Describes a thrown value in the same way as Lambda. The value can have any type.
 *
 * @param plugin URL of the code whose frames are omitted from the stack
 */
export function reportedError(thrown: unknown, plugin?: string): ReportedError {
  try {
    if (isError(thrown)) {
      const { name, message, stack } = thrown
      return { errorType: String(name), errorMessage: String(message), trace: shownLines(stack, plugin) }
    }
    return { errorType: typeof thrown, errorMessage: String(thrown), trace: hintAt(thrown) }
  } catch {
    const errorMessage =
      'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack'
    return { errorType: 'handled', errorMessage, trace: [] }
  }
}

/** Returns the error for an unhandled rejection, with the stack of the reason. */
export function unhandledRejection(reason: unknown): Error {
  const { trace } = reportedError(reason)
  return new RuntimeFailure('Runtime.UnhandledPromiseRejection', formatReason(reason), trace.slice(1))
}

/** Returns true for an error, including errors of other realms and objects with the same members. */
function isError(thrown: unknown): thrown is Error {
  if (thrown instanceof Error || types.isNativeError(thrown)) return true
  if (typeof thrown !== 'object' || thrown === null) return false
  const { name, message, stack } = thrown as Partial<Error>
  return [name, message, stack].every(text => typeof text === 'string' && text !== '')
}

function shownLines(stack: unknown, plugin?: string): string[] {
  if (stack === undefined) return []
  if (typeof stack !== 'string') throw new TypeError('the stack is not a string')
  const hidden = ['node:internal/', ...(plugin === undefined ? [] : [plugin, fileURLToPath(plugin)])]
  const isShown = (line: string) => !/^\s+at /.test(line) || !hidden.some(place => line.includes(place))
  return stack.split('\n').filter(line => line !== '' && isShown(line))
}

/** Returns a hint for a thrown object without a message, which Lambda reports only as `[object Object]`. */
function hintAt(thrown: unknown): string[] {
  return typeof thrown === 'object' && thrown !== null
    ? ['(what was thrown is not an Error, so it has neither message nor stack)']
    : []
}

function formatReason(reason: unknown): string {
  try {
    return reason === undefined ? '' : String(reason)
  } catch {
    return '(no text)'
  }
}
