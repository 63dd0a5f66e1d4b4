import process from 'node:process'

export type Handler = (...args: unknown[]) => unknown

/** Receives the outcome of an invocation. All calls after the first one are ignored. */
export interface Outcome {
  succeed(result: unknown): void
  fail(thrown: unknown): void
  /** Reports a failure that would make Lambda end the process. */
  failForGood(thrown: unknown): void
}

export interface Call {
  /** Called when the event loop is empty, so that the handler can no longer produce an outcome. */
  loopIsEmpty(): void
}

/** Context object of an invocation. It lacks the members that only handlers with callbacks need. */
export interface LambdaContext {
  readonly awsRequestId: string
  readonly invokedFunctionArn: string
  readonly functionName: string | undefined
  readonly functionVersion: string | undefined
  readonly memoryLimitInMB: string | undefined
  readonly logGroupName: string | undefined
  readonly logStreamName: string | undefined
  readonly clientContext: undefined
  readonly identity: undefined
  getRemainingTimeInMillis(): number
}

export interface Begun {
  readonly requestId: string
  /** Time at which the invocation times out, in milliseconds since the epoch; infinity for no timeout. */
  readonly deadlineMs: number
}

/** Creates the context of an invocation. As in Lambda, most of its values are read from environment variables. */
export function lambdaContext(
  { requestId, deadlineMs }: Begun,
  { functionArn, timeoutMs }: { readonly functionArn: string; readonly timeoutMs: number },
): LambdaContext {
  const { env } = process
  return {
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: undefined,
    identity: undefined,
    invokedFunctionArn: functionArn,
    awsRequestId: requestId,
    // Without a timeout, always return the configured timeout, because handlers cannot set a timer to infinity.
    getRemainingTimeInMillis: () => (Number.isFinite(deadlineMs) ? deadlineMs - Date.now() : timeoutMs),
  }
}
