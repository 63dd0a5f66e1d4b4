import { accessProblem } from '../access/problem.ts'

interface Reported {
  readonly reported?: {
    readonly errorType: string
    readonly errorMessage: string
    readonly trace: readonly string[]
  }
}

/** The type without information: a `KeyError` or `Runtime.ImportModuleError` is named. */
const PLAIN = 'Error'

/** The first frame of a stack, and everything behind it. */
const STACK = /\n\s+at .*$/s

/** The message, with the stack of what the handler threw: nothing else prints that. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, name, cause } = error
  const { errorType = '', errorMessage = '', trace = [] } = (error as Reported).reported ?? {}
  const said = errorType === PLAIN && errorMessage !== '' ? errorMessage : message || name
  // A stack begins with the message.
  const stack = trace.filter(line => !message.includes(line.trim()))
  return [said, ...stack, ...(cause instanceof Error ? [cause.stack] : [])].join('\n')
}

export function withoutStack(explanation: string): string {
  return explanation.replace(STACK, '')
}

const UNREACHABLE = [
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSNumberOfRetriesExceeded',
]

/** kafkajs's message, for many errors, about a broker that has not answered its first request. */
const NOT_CONNECTED = 'Broker not connected'

/** Whether no broker answers, rather than one that refuses. By name: kafkajs exports its errors in a form that cannot be imported. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error) || accessProblem(error) !== undefined) return false
  return UNREACHABLE.includes(error.name) || error.message === NOT_CONNECTED
}

/** The message; of an error of kafkajs that of its cause, which it hides behind the number of its retries. */
export function rootMessage(error: unknown): string {
  const problem = accessProblem(error)
  if (problem !== undefined) return problem
  if (!(error instanceof Error)) return String(error)
  const isHidden = error.name.startsWith('KafkaJS') && error.cause instanceof Error
  const { message, name } = isHidden ? (error.cause as Error) : error
  return message || name
}
