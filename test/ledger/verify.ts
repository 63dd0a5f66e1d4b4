/** Compares each consumer with its log after the count, as `sluice verify` does. */
import { setTimeout as pause } from 'node:timers/promises'
import type { KafkaHandler } from '#runtime/functions/consumers'
import { KafkaLogReader, kafkaClient, TopicOffsets } from '#runtime/operating/kafka'
import { RedisClient } from '#runtime/operating/redis'
import { MemoryStateStore } from '#runtime/operating/replay'
import { computeBeginning, verify } from '#runtime/operating/verify'
import { isAbsent, keepsStates } from '#runtime/pipeline'
import type { PartitionToVerify } from '#runtime/test/support/inside'
import { RedisLiveStates } from '#runtime/test/support/inside-redis'
import { readEmittedRanges } from '../../control/queries/kafka/emitted-ranges.ts'
import type { Violations } from './count/violations.ts'
import { CONSUMERS, type Flow } from './flow.ts'
import type { Servers } from './servers.ts'

const UNLIKE_LOG = 'unlike the log, by the comparison'

/** @param variables of the workers */
export async function verifyAll(
  flow: Flow,
  { brokers, redisUrl }: Servers,
  variables: Readonly<Record<string, string>>,
  violations: Violations,
  say: (line: string) => void,
): Promise<void> {
  const kafka = kafkaClient({ brokers: [...brokers], clientId: 'ledger', auth: 'none' })
  const [log, offsets, redis] = [
    new KafkaLogReader(kafka),
    new TopicOffsets(kafka),
    new RedisClient({ url: redisUrl }),
  ]
  const live = new RedisLiveStates(redis)
  const handlers: Readonly<Record<string, Partial<KafkaHandler>>> = await import('./service/consumers.ts')
  try {
    for (const { name } of CONSUMERS) {
      const consumer = await handlers[name]?.consumer?.({ ...variables, REPORT_BATCH_ITEM_FAILURES: 'true' })
      if (!consumer || !keepsStates(consumer)) continue
      const partitions: PartitionToVerify[] = []
      let codeVersion = ''
      for (const stateKey of flow.stateKeys(name)) {
        const facts = await live.facts(stateKey)
        const beginning = computeBeginning(facts, 0)
        if (beginning && !isAbsent(facts.version)) partitions.push({ stateKey, beginning })
        codeVersion ||= facts.code?.split('/')[0] ?? ''
      }
      const memory = () => new MemoryStateStore()
      const stop = new AbortController().signal
      const work = {
        consumer,
        live,
        log,
        codeVersion,
        memory,
        pause,
        nowMs: Date.now,
        stop,
        onRead: () => {},
      }
      const { differences, excepted, records, states } = await verify(work, partitions, {
        own: name === 'counting' ? [flow.topic('events')] : [],
        ranges: topics => readEmittedRanges(offsets, topics),
      })
      for (const difference of differences)
        violations.add(UNLIKE_LOG, `${name}: ${JSON.stringify(difference)}`)
      say(
        `${name}: ${records} records read again, ${states} states compared; apart: ${JSON.stringify(excepted)}`,
      )
    }
  } finally {
    redis.close()
    await Promise.all([log.close(), offsets.close()])
  }
}
