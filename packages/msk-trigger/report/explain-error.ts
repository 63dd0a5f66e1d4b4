import { accessProblem } from '../access/kafka-access.ts'

interface Reported {
  readonly reported?: {
    readonly errorType: string
    readonly errorMessage: string
    readonly trace: readonly string[]
  }
}

/**
 * Error type that is omitted because it adds no information. A specific type such as `KeyError` or `Runtime.ImportModuleError` is
 * shown.
 */
const PLAIN = 'Error'

/** Matches the first frame of a stack, or the head of a trace of Python, and everything after it. */
const STACK = /\n(?:\s+at |Traceback ).*$/s

/** Returns the message with the stack of the error that the handler threw. The stack is not logged anywhere else. */
export function explainError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, name, cause } = error
  const { errorType = '', errorMessage = '', trace = [] } = (error as Reported).reported ?? {}
  const summary = errorType === PLAIN && errorMessage !== '' ? errorMessage : message || name
  // Omit lines of the stack that repeat the message.
  const stack = trace.filter(line => !message.includes(line.trim()))
  return [summary, ...stack, ...(cause instanceof Error ? [cause.stack] : [])].join('\n')
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

/** Generic message of kafkajs, which it uses for many errors of a broker that has not answered its first request. */
const NOT_CONNECTED = 'Broker not connected'

/**
 * Returns true if no broker responds; false if a broker rejects the request. Errors are recognised by name, because the error
 * classes of kafkajs cannot be imported.
 */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error) || accessProblem(error) !== undefined) return false
  return UNREACHABLE.includes(error.name) || error.message === NOT_CONNECTED
}

/** Matches errors of a broker whose coordinator of the group is not ready, after its start or the loss of another broker. */
const LOADING =
  /GROUP_LOAD_IN_PROGRESS|GROUP_COORDINATOR_NOT_AVAILABLE|NOT_COORDINATOR_FOR_GROUP|KafkaJSGroupCoordinatorNotFound/

/** Returns true if a broker responds, but the coordinator of the consumer group is not ready yet. */
export function isCoordinatorLoading(error: unknown): boolean {
  return hasAnswer(error, LOADING)
}

/** Matches the error for a group whose members share no assignment protocol with the one that joins. */
const TAKEN = /\bINCONSISTENT_GROUP_PROTOCOL$/

/** Returns true if the group has members of another application. */
export function isGroupTaken(error: unknown): boolean {
  return hasAnswer(error, TAKEN)
}

/** Returns true if the name and the type of an error, or of one of its causes, match. */
export function hasAnswer(error: unknown, answer: RegExp): boolean {
  if (!(error instanceof Error)) return false
  const { name, type } = error as { readonly name: string; readonly type?: string }
  return answer.test(`${name} ${type}`) || hasAnswer(error.cause, answer)
}

/**
 * Returns the message of an error. For an error of kafkajs, returns the message of its cause, which kafkajs hides behind a message
 * about the number of retries.
 */
export function rootMessage(error: unknown): string {
  const problem = accessProblem(error)
  if (problem !== undefined) return problem
  if (!(error instanceof Error)) return String(error)
  const isHidden = error.name.startsWith('KafkaJS') && error.cause instanceof Error
  const { message, name } = isHidden ? (error.cause as Error) : error
  return message || name
}
