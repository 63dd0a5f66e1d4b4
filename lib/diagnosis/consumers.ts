/** The consumers of the list of functions, as the doctor asks for them. Pure. */

import { groupName, type Signal, topicName } from '../app/topics.ts'
import { CONSUMER_DEFAULTS } from '../runtime/pipeline/consumer.ts'
import type { AskedConsumer } from './ask-consumers.ts'

/** What the doctor has to know of a function. */
export interface ExaminedFunction {
  readonly name: string
  readonly consumes: readonly Signal[]
  readonly writes: readonly Signal[]
  readonly reading: { readonly batchSize: number }
  readonly timeoutMs: number
}

export function askedConsumersOf(functions: readonly ExaminedFunction[], env: string): AskedConsumer[] {
  return functions.flatMap(({ name, consumes, writes, reading, timeoutMs }) =>
    consumes.map(signal => ({
      function: name,
      group: groupName(name, env),
      topic: topicName(signal, env),
      batchSize: reading.batchSize,
      timeoutMs,
      reserveMs: CONSUMER_DEFAULTS.reserveMs,
      // Who reads failures writes what it cannot read straight to the dead letters.
      writesFailures: writes.includes('failures') || writes.includes('dlq'),
    })),
  )
}
