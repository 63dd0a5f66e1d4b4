import { isObject } from '../../support/values.ts'
import { HandlerError, RuntimeEnded } from './runtime.ts'

/** Members of the object with which Lambda's runtimes report an error. */
const ERROR_MEMBERS = new Set(['errorType', 'errorMessage', 'stackTrace', 'trace', 'cause', 'requestId'])

/** Checks what a runner of serverless-offline returned, which may be an error, or nothing. @throws HandlerError, RuntimeEnded */
export function checkedAnswer(answer: unknown, runtime: string, inDocker: boolean): unknown {
  if (inDocker && isError(answer)) throw errorOf(answer)
  if (answer === undefined && !mayBeEmpty(runtime)) throw new RuntimeEnded(noAnswer(runtime, inDocker))
  return answer
}

/** Refuses a runtime that serverless-offline accepts without calling its handler. @throws RuntimeEnded; the message says what to do */
export function refuseUncalled(runtime: string, inDocker: boolean): void {
  if (runtime !== 'go1.x' || inDocker) return
  throw new RuntimeEnded(
    'serverless-offline does not call a go1.x handler with a Kafka event: use provided.al2023 and its option useDocker',
  )
}

/** The container answers with status 200 in any case. */
function isError(answer: unknown): answer is Readonly<Record<string, unknown>> {
  if (!isObject(answer)) return false
  const hasType = typeof answer.errorType === 'string' && typeof answer.errorMessage === 'string'
  return hasType && Object.keys(answer).every(member => ERROR_MEMBERS.has(member))
}

function errorOf({
  errorType,
  errorMessage,
  stackTrace,
  trace = stackTrace,
}: Readonly<Record<string, unknown>>) {
  const lines = Array.isArray(trace) ? trace.map(String) : []
  return new HandlerError({ errorType: String(errorType), errorMessage: String(errorMessage), trace: lines })
}

/** A handler in Node.js or .NET may return nothing; others return at least null. */
function mayBeEmpty(runtime: string): boolean {
  return /^(nodejs|dotnet)/.test(runtime)
}

function noAnswer(runtime: string, inDocker: boolean): string {
  const why =
    inDocker || !runtime.startsWith('java')
      ? 'its process ended'
      : 'it threw an exception, or the JVM cannot run java-invoke-local; see the output above'
  return `the handler did not answer: ${why}`
}
