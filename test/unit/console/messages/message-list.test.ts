import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { parse } from 'valibot'
import type { LogRecord } from '#runtime/cloudevents'
import { environmentReading } from '#runtime/test/support/records'
import { logRecord, MemoryLogReader } from '#runtime/testing'
import { readMessage } from '../../../../console/api/kafka/messages/message-details.ts'
import { listMessages, type MessagePorts } from '../../../../console/api/kafka/messages/message-list.ts'
import { MESSAGES_QUERY } from '../../../../console/api/kafka/messages/message-query.ts'
import { buildMessageLinks } from '../../../../console/page/kafka/messages/message-links.ts'
import { readConfig } from '../../../../control/environment/config.ts'
import { createTrial } from '../../../../control/recordings/import/mapping-trial.ts'
import { dataReader } from '../../../../lib/app/data/data-reader.ts'
import { loadMappings } from '../../../../lib/mapping/adapters/load-mappings.ts'
import { toBytes } from '../../../../lib/support/content.ts'
import { tick } from '../../../../lib/telemetry/tick.ts'
import { FAMILIES } from '../../../support/families.ts'
import { avroBytes } from '../../../support/serialized.ts'

const config = readConfig({ SLUICE_ENV: 'test', KAFKA_BROKERS: 'none:1', REDIS_URL: 'redis://none' })
const query = (values: Record<string, string> = {}) => parse(MESSAGES_QUERY, { topic: 't', ...values })
const reading = (id: string, temperature: number) =>
  environmentReading(id, { temperature, sensor: `s-${id}` })
const avro = (id: string) => {
  const event = reading(id, 40)
  return { ...event, datacontenttype: 'application/avro', data: avroBytes(event) }
}

describe('given a topic with events, ticks and other records', () => {
  let log: LogRecord[]
  let nowMs = 0
  const add = (content: Parameters<typeof logRecord>[1]) =>
    log.push(logRecord(log.length, content, { topic: 't' }))
  const ports: MessagePorts = {
    log: { read: (...range) => new MemoryLogReader(log).read(...range) },
    offsets: { bounds: async () => [{ start: 0, end: log.length }], at: async () => [0] },
    reader: dataReader(config),
    nowMs: () => nowMs,
  }
  const list = (values?: Record<string, string>) => listMessages(query(values), ports)
  const readOffsets = async (values?: Record<string, string>) =>
    (await list(values)).messages.map(({ offset }) => offset)

  beforeEach(() => {
    nowMs = 0
    log = []
    add(reading('a', 20))
    add(tick(0, '2026-03-01T12:00:00Z'))
    add(reading('b', 35))
    add({ value: Buffer.from('<b>no event</b>'), key: Buffer.from([0xff]) })
    add(avro('c'))
    add({ value: null, key: Buffer.from('gone') })
  })

  // Promise docs/console.md#messages | Messages of a topic are listed, narrowed and followed, whatever their format.
  it('when it is listed, then the newest come first, each decoded or with the reason why not', async () => {
    const { messages, hidden, endedBy, held } = await list()
    assert.deepEqual([hidden, endedBy, held], [1, 'end', 6])
    assert.deepEqual(
      messages.map(({ offset, key, type, entity, failure }) => [offset, key, type, entity, failure]),
      [
        [5, 'gone', null, null, 'not-a-cloudevent'],
        [4, 's-c', 'environment.reading', 's-c', null],
        [3, 'base64:/w==', null, null, 'not-a-cloudevent'],
        [2, 's-b', 'environment.reading', 's-b', null],
        [0, 's-a', 'environment.reading', 's-a', null],
      ],
    )
    assert.match(messages[1]?.summary ?? '', /temperature=40/)
    assert.equal(messages[2]?.summary, '<b>no event</b>')
  })

  it('when it is an input, then each message has the entity that it became, or the code of its dead letter', async () => {
    const [mapping] = await loadMappings(FAMILIES, 'config/mappings', ['plain-sensor'])
    const tryInput = async (record: LogRecord) =>
      createTrial(
        config,
        { topic: 't', loadedMappings: mapping ? [mapping] : [] },
        record.timestampMs,
      )(record)
    log = []
    add({ value: Buffer.from('{"sensor_id":"ws_1","temperature":20}') })
    add({ value: Buffer.from('{"speed":1}') })
    const { messages } = await listMessages(query(), { ...ports, tryInput })
    assert.deepEqual(
      messages.map(({ type, entity, failure }) => [type, entity, failure]),
      [
        [null, null, 'mapping-failed'],
        ['environment.reading', 'ws_1', null],
      ],
    )
    const read = (offset: number) =>
      readMessage(FAMILIES, { topic: 't', partition: 0, offset }, { ...ports, tryInput })
    const [taken, refused] = [await read(0), await read(1)]
    assert.deepEqual([taken.became?.subject, taken.failure], ['ws_1', null])
    assert.deepEqual([refused.became, refused.failure?.code], [null, 'mapping-failed'])
  })

  it('when it is narrowed, then only what fits is listed', async () => {
    assert.deepEqual(await readOffsets({ partition: '0', offset: '0' }), [0, 1, 2, 3, 4, 5])
    assert.deepEqual(await readOffsets({ text: 'NO EVENT' }), [3])
    assert.deepEqual(await readOffsets({ text: 's-c' }), [4])
    assert.deepEqual(await readOffsets({ text: 'environment.reading', from: 'oldest' }), [0, 2, 4])
  })

  it('when there are more than a page has, then the cursor continues, and everything comes once', async () => {
    for (let at = 0; at < 25; at++) add(reading(`n${at}`, at))
    const first = await list()
    assert.deepEqual([first.endedBy, first.messages.length], ['found', 20])
    const second = await list({ cursor: first.cursor as string })
    const offsets = [...first.messages, ...second.messages].map(({ offset }) => offset)
    assert.deepEqual([new Set(offsets).size, offsets.at(0), offsets.at(-1)], [30, 30, 0])
    assert.equal(second.cursor, null)
  })

  it('when one message is requested, then all of it is shown, with the bytes in Kafka', async () => {
    const message = await readMessage(FAMILIES, { topic: 't', partition: 0, offset: 4 }, ports)
    assert.deepEqual([message.mode, message.contentType], ['binary', 'application/avro'])
    assert.deepEqual(message.event?.data, reading('c', 40).data)
    assert.deepEqual(message.raw && Buffer.from(toBytes(message.raw)), log[4]?.value)
    const none = await readMessage(FAMILIES, { topic: 't', partition: 0, offset: 5 }, ports)
    assert.deepEqual([none.raw, none.mode], [null, null])
  })

  it('when there is no such message, then it is said why', async () => {
    const at = (partition: number, offset: number) =>
      readMessage(FAMILIES, { topic: 't', partition, offset }, ports)
    await assert.rejects(at(0, 6), /no message at offset 6 that can be read yet/)
    await assert.rejects(at(1, 0), /t has no partition 1/)
    const expired = { ...ports, offsets: { ...ports.offsets, bounds: async () => [{ start: 3, end: 6 }] } }
    await assert.rejects(
      readMessage(FAMILIES, { topic: 't', partition: 0, offset: 1 }, expired),
      /has expired/,
    )
    log.splice(1, 1)
    await assert.rejects(
      readMessage(
        FAMILIES,
        { topic: 't', partition: 0, offset: 1 },
        { ...ports, offsets: { ...ports.offsets, bounds: async () => [{ start: 0, end: 6 }] } },
      ),
      /compaction/,
    )
  })
})

describe('given a message on the page', () => {
  it('then it leads to its entity, alert, or the record that failed', () => {
    const hrefs = (event: Record<string, unknown> | null, signal: string | null = null) =>
      buildMessageLinks({ event, signal, partition: 1, offset: 7 }).map(({ href }) => href)
    const type = 'io.sluice.environment.reading.v1'
    assert.deepEqual(hrefs({ id: 'a/1', type, source: '/environment/x', subject: 's' }, 'readings'), [
      '/telemetry?entity=%2Fenvironment%2Fx+s',
    ])
    const alert = { id: 'b', type: 'io.sluice.alert.fired.v1', data: { alertId: 'x', rule: 'HOT' } }
    assert.deepEqual(hrefs(alert, 'alerts'), ['/alerts?alert=x', '/alerts/rules?rule=HOT'])
    const failed = { originalTopic: 't', originalPartition: 2, originalOffset: 9 }
    const dead = { id: 'c', type: 'io.sluice.dead-letter.v1', data: failed }
    assert.deepEqual(hrefs(dead), ['/failures?letter=1%407', '/kafka/messages?topic=t&partition=2&offset=9'])
    assert.deepEqual(hrefs(null), [])
  })
})
