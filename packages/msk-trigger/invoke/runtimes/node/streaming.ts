import process from 'node:process'
import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { Call, Handler, LambdaContext, Outcome } from './call.ts'
import { neverSettled } from './promise-style.ts'

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming')

/**
 * Defines the global object `awslambda`. Modules with a streaming handler need it, even if another of their handlers is invoked.
 */
export function defineAwslambda(): void {
  const { AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA: isUnwanted } = process.env
  if (isUnwanted === '1' || isUnwanted === 'true') return
  Object.assign(globalThis, {
    awslambda: {
      streamifyResponse: (handler: Handler) => Object.assign(handler, { [STREAMING]: 'response' }),
      // Ignore the metadata, which matters only for HTTP.
      HttpResponseStream: { from: (stream: Writable) => stream },
    },
  })
}

export function isStreaming(handler: Handler): boolean {
  return STREAMING in handler
}

/**
 * Calls a streaming handler. The text that it writes to the stream is the response, because an event source does not invoke with
 * streaming.
 */
export function callStreaming(
  handler: Handler,
  event: unknown,
  context: LambdaContext,
  outcome: Outcome,
): Call {
  void stream(handler, event, context, outcome)
  return { loopIsEmpty: () => outcome.failForGood(neverSettled()) }
}

async function stream(
  handler: Handler,
  event: unknown,
  context: LambdaContext,
  outcome: Outcome,
): Promise<void> {
  const written = new Collected()
  try {
    const result = handler(event, written, context)
    if (!(result instanceof Promise)) throw new Error('Streaming does not support non-async handlers.')
    await result
    // A stream that the handler has ended finishes within this turn of the event loop.
    await setImmediate()
    if (!written.writableFinished) throw new Error('Response stream is not finished.')
    outcome.succeed(written.text)
  } catch (thrown) {
    outcome.fail(thrown)
  }
}

class Collected extends Writable {
  readonly #chunks: Buffer[] = []

  get text(): string {
    return Buffer.concat(this.#chunks).toString()
  }

  /** Does nothing, because the content type matters only for HTTP. */
  setContentType(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk)
    done()
  }
}
