import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { parse } from 'valibot'
import { Downloads, recordedMessages } from '../../../../console/api/kafka/messages/download.ts'
import { listedMessages, type MessagePorts } from '../../../../console/api/kafka/messages/list.ts'
import { NewestMessages } from '../../../../console/api/kafka/messages/newest.ts'
import { oneMessage } from '../../../../console/api/kafka/messages/one.ts'
import { MESSAGES_QUERY } from '../../../../console/api/kafka/messages/query.ts'
import { messageLinks } from '../../../../console/page/data/event-links.ts'
import { readConfig } from '../../../../lib/app/config.ts'
import { dataReader } from '../../../../lib/app/data-reader.ts'
import { readRecordedLine } from '../../../../lib/queries/recorded-line.ts'
import { tick } from '../../../../lib/telemetry/tick.ts'
import type { LogRecord } from '../../../../packages/runtime/cloudevents/record.ts'
import { MemoryLogReader } from '../../../../packages/runtime/testing/log-reader.ts'
import { logRecord } from '../../../../packages/runtime/testing/records.ts'
import { environmentReading } from '../../../support/records.ts'
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
  /** Offsets that an open transaction hides. */
  let open = 0
  const add = (content: Parameters<typeof logRecord>[1]) =>
    log.push(logRecord(log.length, content, { topic: 't' }))
  const ports: MessagePorts = {
    log: { read: (...range) => new MemoryLogReader(log).read(...range) },
    offsets: { bounds: async () => [{ start: 0, end: log.length }], at: async () => [0] },
    highWatermarks: async () => [log.length + open],
    reader: dataReader(config),
    nowMs: () => nowMs,
  }
  const list = (values?: Record<string, string>) => listedMessages(query(values), ports)
  const offsetsOf = async (values?: Record<string, string>) =>
    (await list(values)).messages.map(({ offset }) => offset)

  beforeEach(() => {
    nowMs = 0
    open = 0
    log = []
    add(reading('a', 20))
    add(tick(0, '2026-03-01T12:00:00Z'))
    add(reading('b', 35))
    add({ value: Buffer.from('<b>no event</b>'), key: Buffer.from([0xff]) })
    add(avro('c'))
    add({ value: null, key: Buffer.from('gone') })
  })

  it('when it is listed, then the newest come first, each decoded or with the reason why not', async () => {
    const { messages, hidden, endedBy, held } = await list()
    assert.deepEqual([hidden, endedBy, held], [1, 'end', 6])
    assert.deepEqual(
      messages.map(({ offset, key, shortType, entity, failure }) => [
        offset,
        key,
        shortType,
        entity,
        failure,
      ]),
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

  it('when it is narrowed, then only what fits is listed', async () => {
    assert.deepEqual(await offsetsOf({ ticks: '1' }), [5, 4, 3, 2, 1, 0])
    assert.deepEqual(await offsetsOf({ text: 'NO EVENT' }), [3])
    assert.deepEqual(await offsetsOf({ text: 's-c' }), [4])
    assert.deepEqual(await offsetsOf({ text: 'environment.reading', from: 'oldest' }), [0, 2, 4])
  })

  it('when only some are wanted, then the cursor continues, and everything comes once', async () => {
    const first = await list({ limit: '2' })
    assert.equal(first.endedBy, 'found')
    const second = await list({ limit: '3', cursor: first.cursor as string })
    assert.deepEqual(
      [...first.messages, ...second.messages].map(({ offset }) => offset),
      [5, 4, 3, 2, 0],
    )
    assert.equal(second.cursor, null)
  })

  it('when it is followed, then each question adds what is new, and reads nothing twice', async () => {
    const read: number[] = []
    const watched: MessagePorts = {
      ...ports,
      log: {
        read: (topic, partition, range) => {
          read.push(range.fromOffset)
          return ports.log.read(topic, partition, range)
        },
      },
    }
    const newest = new NewestMessages(async () => watched)
    const ask = async () =>
      (await newest.ask(query({ live: '1', limit: '3' }))).messages.map(({ offset }) => offset)
    assert.deepEqual(await ask(), [5, 4, 3])
    read.length = 0
    add(reading('d', 1))
    add(tick(0, '2026-03-01T12:01:00Z'))
    assert.deepEqual(await ask(), [6, 5, 4])
    assert.deepEqual(read, [6])
    assert.deepEqual(await ask(), [6, 5, 4])
    assert.deepEqual(read, [6])
    log = log.slice(0, 2)
    assert.deepEqual(await ask(), [0], 'the topic was made anew')
  })

  it('when more arrives than can be looked at, then the newest are shown, and it is said how many were not', async () => {
    const newest = new NewestMessages(async () => ports)
    const ask = () => newest.ask(query({ live: '1', limit: '1' }))
    await ask()
    for (let at = 0; at < 5_010; at++) add(reading(`n${at}`, at))
    const { messages, skipped } = await ask()
    assert.deepEqual([messages[0]?.offset, skipped], [5_015, 10])
  })

  it('when a transaction is open, then the number of records that are hidden until it ends is shown', async () => {
    const newest = new NewestMessages(async () => ports)
    const ask = () => newest.ask(query({ live: '1' }))
    assert.deepEqual([(await list()).behindTransactions, (await ask()).behindTransactions], [0, 0])
    open = 3
    for (const { messages, behindTransactions } of [await list(), await ask()])
      assert.deepEqual([messages[0]?.offset, behindTransactions], [5, 3])
    const at = (offset: number) => oneMessage({ topic: 't', partition: 0, offset }, ports)
    await assert.rejects(at(8), /offset 8 of t\/0 cannot be read until the transaction at offset 6 has ended/)
    await assert.rejects(at(9), /There is no offset 9 yet/)
  })

  it('when it is downloaded, then the lines are those of a recording, in the order of time', async () => {
    const most = { records: 2, bytes: 1_000_000 }
    const { text, records, isCut } = await recordedMessages(
      query({ text: 'environment.reading' }),
      ports,
      most,
    )
    assert.deepEqual([records, isCut, text.endsWith('\n')], [2, true, true])
    const lines = text
      .trim()
      .split('\n')
      .map(line => readRecordedLine(JSON.parse(line)))
    assert.deepEqual(lines, [log[2], log[4]])
  })

  it('when its download is larger than allowed, then it ends before the line that is too much', async () => {
    const download = (bytes: number) =>
      recordedMessages(query({ text: 'environment.reading' }), ports, { records: 100, bytes })
    const { text } = await download(1_000_000)
    const bytes = Buffer.byteLength(text)
    const [whole, cut, none] = await Promise.all([download(bytes), download(bytes - 1), download(1)])
    assert.deepEqual([whole.text, whole.isCut], [text, false])
    assert.ok(text.endsWith(cut.text))
    assert.deepEqual([cut.records, cut.isCut], [2, true])
    assert.deepEqual([none.records, none.isCut], [0, true])
  })

  it('when several are downloaded at once, then no more than two', async () => {
    const downloads = new Downloads()
    const make = () => downloads.make(query(), ports, { records: 1, bytes: 1_000_000 })
    const made = await Promise.allSettled([make(), make(), make()])
    assert.deepEqual(
      made.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected'],
    )
    await make()
  })

  it('when one message is requested, then all of it is shown, with the bytes in Kafka', async () => {
    const message = await oneMessage({ topic: 't', partition: 0, offset: 4 }, ports)
    assert.deepEqual([message.mode, message.contentType], ['binary', 'application/avro'])
    assert.deepEqual(message.event?.data, reading('c', 40).data)
    assert.deepEqual(Buffer.from(message.raw?.base64 ?? '', 'base64'), log[4]?.value)
    const none = await oneMessage({ topic: 't', partition: 0, offset: 5 }, ports)
    assert.deepEqual([none.raw, none.mode], [null, null])
  })

  it('when there is no such message, then it is said why', async () => {
    const at = (partition: number, offset: number) => oneMessage({ topic: 't', partition, offset }, ports)
    await assert.rejects(at(0, 6), /There is no offset 6 yet/)
    await assert.rejects(at(1, 0), /t has no partition 1/)
    const expired = { ...ports, offsets: { ...ports.offsets, bounds: async () => [{ start: 3, end: 6 }] } }
    await assert.rejects(oneMessage({ topic: 't', partition: 0, offset: 1 }, expired), /has expired/)
    log.splice(1, 1)
    await assert.rejects(
      oneMessage(
        { topic: 't', partition: 0, offset: 1 },
        { ...ports, offsets: { ...ports.offsets, bounds: async () => [{ start: 0, end: 6 }] } },
      ),
      /compaction/,
    )
  })
})

describe('given a message on the page', () => {
  it('then it leads to its entity, alert, or the record that failed', () => {
    const hrefs = (event: Record<string, unknown> | null) =>
      messageLinks({ event, partition: 1, offset: 7 }).map(({ href }) => href)
    const type = 'io.sluice.environment.reading.v1'
    assert.deepEqual(hrefs({ id: 'a/1', type, source: '/environment/x', subject: 's' }), [
      '/telemetry?entity=%2Fenvironment%2Fx+s',
    ])
    const alert = { id: 'b', type: 'io.sluice.alert.fired.v1', data: { alertId: 'x', rule: 'HOT' } }
    assert.deepEqual(hrefs(alert), ['/alerts?alert=x', '/alerts/rules?rule=HOT'])
    const failed = { originalTopic: 't', originalPartition: 2, originalOffset: 9 }
    const dead = { id: 'c', type: 'io.sluice.dead-letter.v1', data: failed }
    assert.deepEqual(hrefs(dead), ['/failures?letter=1%3A7', '/kafka/messages?topic=t&partition=2&offset=9'])
    assert.deepEqual(hrefs(null), [])
  })
})
