/** Redrives dead letters as two operators at once do: each dead letter twice. */

import type { IHeaders } from 'kafkajs'
import { createRedrivenRecord } from '#runtime/cloudevents'
import { type FailureData, failureId } from '#runtime/consumer'
import type { Flow } from './flow.ts'
import type { Publisher } from './publisher.ts'

/** @returns what was redriven: `failure attempt` */
export async function redriveByHand(flow: Flow, publisher: Publisher): Promise<Set<string>> {
  const redriven = new Set<string>()
  const at = new Date().toISOString()
  const dlq = flow.topic('dlq')
  for (const [partition, end] of (await flow.log.ends(dlq)).entries())
    for await (const { value } of flow.log.records(dlq, partition, end)) {
      const failure = JSON.parse(String(value)) as FailureData
      if (failure.consumer !== 'failing' || failure.errorType !== 'rejected') continue
      const { originalTopic: topic, originalPartition, originalOffset: offset, consumer, attempt } = failure
      const id = failureId(consumer, { topic, partition: originalPartition, offset })
      const letter = `${id} ${attempt + 1}`
      if (redriven.has(letter)) continue
      redriven.add(letter)
      for (const by of ['ada', 'grace']) {
        const { headers, ...record } = createRedrivenRecord(failure, { by, at })
        await publisher.sendTo(topic, { ...record, headers: Object.fromEntries(headers) as IHeaders })
      }
    }
  return redriven
}
