import process from 'node:process'

export type Handler = (...args: unknown[]) => unknown

/** Where the outcome of an invocation goes. Only the first call counts. */
export interface Outcome {
  succeed(result: unknown): void
  fail(thrown: unknown): void
  /** Fails where Lambda's process would end as well. */
  failForGood(thrown: unknown): void
}

export interface Call {
  /** Nothing is left in the event loop that could still give an outcome. */
  loopIsEmpty(): void
}

/** The context object of an invocation, without what only callback handlers have. */
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
  /** Milliseconds since 1970; infinity if it has no timeout. */
  readonly deadlineMs: number
}

/** Most of it comes from the environment, as in Lambda. */
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
    // Without a timeout there is always all of it left: a timer cannot be set to infinity.
    getRemainingTimeInMillis: () => (Number.isFinite(deadlineMs) ? deadlineMs - Date.now() : timeoutMs),
  }
}
