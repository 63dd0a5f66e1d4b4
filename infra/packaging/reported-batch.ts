/** Reports the records that a function, invoked by hand, did not apply, and why. */
import type { KafkaHandler } from '#runtime/functions/consumers'

type Handler = KafkaHandler | ((event: unknown, context: unknown) => unknown)

/** A partition whose records wait, as the pipeline reports it. */
interface Waiting {
  readonly stateKey: { readonly consumer: string; readonly topic: string; readonly partition: number }
  readonly fromOffset: number
  readonly reason: string
  readonly error?: unknown
}

/** Part of a started handler that receives reports of the pipeline. */
interface Reporting {
  readonly ports: { report: (reported: { readonly kind: string }) => void }
}

/**
 * Returns a handler that does the same. If records of a batch wait, it also prints a line for each partition to standard error, and the
 * process ends with status 1.
 */
export function reportBatch(handler: Handler): Handler {
  if (!('consumer' in handler)) return handler
  const invoke = async (...invocation: Parameters<KafkaHandler>) => {
    const waiting: Waiting[] = []
    // If the start fails, the invocation reports it.
    const started = (await handler.start().catch(() => undefined)) as Reporting | undefined
    if (started) {
      const { report } = started.ports
      started.ports.report = reported => {
        if (reported.kind === 'deferred') waiting.push(reported as typeof reported & Waiting)
        report(reported)
      }
    }
    const response = await handler(...invocation)
    for (const partition of waiting) console.error(describeWaiting(partition))
    if (response.batchItemFailures.length > 0) process.exitCode = 1
    return response
  }
  return Object.assign(invoke, handler)
}

/** Returns a line with what was not applied, why, and what to do. */
export function describeWaiting({ stateKey, fromOffset, reason, error }: Waiting): string {
  const { topic, partition } = stateKey
  const why = error instanceof Error ? `${reason}: ${error.message}` : reason
  return `Not applied: the records of ${topic}/${partition} from offset ${fromOffset} on (${why}). ${adviseOn(reason, stateKey)}`
}

function adviseOn(reason: string, { consumer, topic, partition }: Waiting['stateKey']): string {
  if (reason === 'another-log') {
    const env = topic.split('.').at(-1)
    return `Another record was applied at one of these offsets. To apply the batch anew: npx sluice state drop ${consumer} --topic ${topic} --partition ${partition} --env ${env}`
  }
  if (reason.endsWith('-unavailable'))
    return 'Start the servers with `npm run services`, or select a running stack with SLUICE_STACK. Then invoke the function again.'
  return 'Correct the cause, then invoke the function again.'
}
