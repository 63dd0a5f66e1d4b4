/** Work of one invocation of a Kafka-triggered handler: the pipeline, and the wrappers that end the invocation. */
import { setTimeout as pause } from 'node:timers/promises'
import type { KafkaEvent } from '../pipeline/batch/receive.ts'
import type { BatchResponse } from '../pipeline/batch/respond.ts'
import { consume } from '../pipeline/consume.ts'
import type { InvocationContext } from './handler-types.ts'
import type { KafkaRuntime } from './kafka-runtime.ts'

/** Processes the batch of an invocation. A wrapper takes one such function and returns another one. */
type BatchWork = (
  runtime: KafkaRuntime,
  batch: Releasable<KafkaEvent>,
  context: InvocationContext,
) => Promise<BatchResponse>

/** Passes the parts of the handler to `work`. If the start has failed, the invocation tries again and reports the error. */
export function withRuntime(start: () => Promise<KafkaRuntime>, work: BatchWork) {
  return async (batch: Releasable<KafkaEvent>, context: InvocationContext) =>
    work(await start(), batch, context)
}

/** Closes the connections at the end if there will be no other invocation. */
export function closeConnections(work: BatchWork): BatchWork {
  return (runtime, batch, context) =>
    work(runtime, batch, context).finally(() => runtime.connections.afterInvocation(runtime.config))
}

/** Time limit for sending spans at the end of an invocation, and the time that is reserved for the response, in milliseconds. */
const FLUSH_MS = 1_000
const RESPONSE_MS = 500

/** Sends spans at the end, because Lambda runs no code after the response. */
export function flushSpans(work: BatchWork): BatchWork {
  return (runtime, batch, context) =>
    work(runtime, batch, context).finally(() =>
      runtime.tracing?.flush(Math.min(FLUSH_MS, context.getRemainingTimeInMillis() - RESPONSE_MS)),
    )
}

export const processBatch: BatchWork = async (runtime, batch, context) => {
  const { config, ports, codeVersion, memory } = runtime
  const { consumer, unavailable } = await runtime.ready()
  return consume(consumer, ports, batch.take(), {
    remainingMs: () => context.getRemainingTimeInMillis(),
    partialResponses: config.partialResponses,
    nowMs: Date.now,
    pause,
    codeVersion,
    ...memory,
    ...(unavailable ? { unavailable } : {}),
  })
}

/**
 * Wrapper that releases an event once its content is taken. Middy keeps its argument until the invocation ends, but the text of a
 * large event takes tens of megabytes and is not needed after its records are read.
 */
export class Releasable<T> {
  #value: T | undefined

  constructor(value: T) {
    this.#value = value
  }

  take(): T {
    const value = this.#value
    this.#value = undefined
    if (value === undefined) throw new Error('the event was taken before')
    return value
  }
}
