import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '#runtime/cloudevents'
import { isUnknownTopic, unknownTopic } from '#runtime/operating/servers'
import { Unavailable } from '#runtime/pipeline'
import { logRecord, MemoryLogReader } from '#runtime/testing'
import { followTopic, TopicReplaced } from '../../../../control/queries/records/follow-topic.ts'

const TOPIC = 'orders'

function record(partition: number, offset: number, timestampMs = offset): LogRecord {
  return logRecord(offset, { value: Buffer.from('x') }, { topic: TOPIC, partition, timestampMs })
}

/** Follows a log whose ends each question moves on. An error is what Kafka answers instead. */
async function followed(
  records: readonly LogRecord[],
  ends: (readonly number[] | Error)[],
  from: readonly number[] = [],
): Promise<{ readonly places: readonly string[]; readonly error?: unknown }> {
  const stop = new AbortController()
  const places: string[] = []
  const bounds = async () => {
    const next = ends.shift()
    if (next instanceof Error) throw next
    if (next === undefined) stop.abort()
    return (next ?? []).map(end => ({ start: 0, end }))
  }
  try {
    const reading = followTopic(new MemoryLogReader(records), { bounds }, TOPIC, from, stop.signal)
    for await (const { partition, offset } of reading) places.push(`${partition}@${offset}`)
    return { places }
  } catch (error) {
    return { places, error }
  }
}

describe('given a topic that is followed', () => {
  it('then what is there comes in the order of time, and then what is new, each once', async () => {
    const records = [record(0, 0, 5), record(1, 0, 3), record(0, 1, 9), record(1, 1, 8)]
    assert.deepEqual(
      await followed(records, [
        [1, 1],
        [1, 1],
        [2, 2],
      ]),
      {
        places: ['1@0', '0@0', '1@1', '0@1'],
      },
    )
  })

  it('then it begins where it was asked to, and with the first record of a new partition', async () => {
    const records = [record(0, 0), record(0, 1), record(1, 0)]
    assert.deepEqual(await followed(records, [[2], [2, 1]], [1]), { places: ['0@1', '1@0'] })
  })

  it('then a broker that is away for a moment is asked again', async () => {
    const away = new Unavailable('broker-unavailable', 'away')
    assert.deepEqual(await followed([record(0, 0)], [away, [1]]), { places: ['0@0'] })
  })

  it('then a topic that is deleted, or starts again, ends it', async () => {
    const gone = await followed([record(0, 0)], [[1], unknownTopic('no such topic')])
    assert.deepEqual([gone.places, isUnknownTopic(gone.error)], [['0@0'], true])
    const anew = await followed([record(0, 0)], [[1], [0]])
    assert.ok(anew.error instanceof TopicReplaced)
    assert.match(anew.error.message, /^topic orders was deleted and created again$/)
  })
})
