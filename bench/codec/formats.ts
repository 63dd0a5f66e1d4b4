import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { BatchBuilder, deflate, WRITABLE_CODECS, type WritableCodec } from '@sluice/kafka-records/writing'
import { loadCodec } from '@sluice/schema-registry'
import { OnDemandDataReader } from '../../packages/runtime/adapters/registry/data-reader.ts'
import { parseExact } from '../../packages/runtime/cloudevents/exact-json.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import { producedRecord } from '../../packages/runtime/cloudevents/writer.ts'
import { type DataFormat, MEDIA_TYPES } from '../../packages/runtime/consumer/data-format.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { Figure } from '../kit/figures.ts'
import type { Run } from '../kit/program.ts'
import { microseconds } from './cost.ts'
import { formsOf, readings } from './records.ts'

const SCHEMAS = new URL('../../schemas/', import.meta.url)
const FORMATS: readonly DataFormat[] = ['json', 'avro', 'protobuf']
const TICKS = 200
const TURNS = 20
/** Records in a batch. */
const BATCH = 100

/** How data of one event type is written and read. */
interface Codec {
  encode(data: unknown): Buffer
  read(bytes: Buffer): unknown
}

type Codecs = ReadonlyMap<string, Codec>
type Keyed = ReturnType<typeof readings>[number]

/** Measures each format: writing, reading and size. */
export async function* formats(run: Run): AsyncGenerator<Figure> {
  const events = readings(run.quick ? TICKS / 4 : TICKS)
  const types = [...new Set(events.map(({ event }) => event.type))]
  const codecs = new Map<DataFormat, Codecs>()
  for (const format of FORMATS) codecs.set(format, await codecsOf(format, types))
  for (const format of FORMATS) requireSame(codecs.get(format) as Codecs, events)
  yield* costs(codecs, events, run)
  yield* wholeRecords(codecs, events, run)
  for (const format of FORMATS) yield* sizes(format, codecs.get(format) as Codecs, events)
}

function* costs(
  codecs: ReadonlyMap<DataFormat, Codecs>,
  events: readonly Keyed[],
  run: Run,
): Generator<Figure> {
  const took = new Map<string, number[]>()
  // The first round compiles the code and does not count.
  for (let round = 0; round <= run.rounds; round += 1)
    for (const [name, cost] of oneRound(codecs, events)) {
      run.signal.throwIfAborted()
      run.say(`${round === 0 ? 'warm-up' : `round ${round}`}  ${name}  ${cost.toFixed(2)} µs`)
      if (round > 0) took.set(name, [...(took.get(name) ?? []), cost])
    }
  for (const [name, rounds] of took) yield { name: `codec/${name}`, unit: 'µs', rounds, worse: 'higher' }
}

/** Microseconds for the data of one reading. */
function oneRound(
  codecs: ReadonlyMap<DataFormat, Codecs>,
  events: readonly Keyed[],
): readonly (readonly [name: string, cost: number])[] {
  return [...codecs].flatMap(([format, ofTypes]) => {
    const work = events.map(({ event: { type, data } }) => {
      const codec = ofTypes.get(type) as Codec
      return { codec, data, bytes: codec.encode(data) }
    })
    const cost = (side: (one: (typeof work)[number]) => void) => {
      const all = microseconds(() => {
        for (let turn = 0; turn < TURNS; turn += 1) work.forEach(side)
      })
      return all / (TURNS * work.length)
    }
    return [
      [`write ${format}`, cost(({ codec, data }) => codec.encode(data))],
      [`read ${format}`, cost(({ codec, bytes }) => codec.read(bytes))],
    ]
  })
}

/** Reads records as a function does that has the packaged schemas at hand: the envelope, then the data. */
async function* wholeRecords(
  codecs: ReadonlyMap<DataFormat, Codecs>,
  events: readonly Keyed[],
  run: Run,
): AsyncGenerator<Figure> {
  const reader = new OnDemandDataReader({
    packagedSchema: async (type, format) => ({ text: await schemaText(format, type), references: [] }),
  })
  for (const [format, ofTypes] of codecs) {
    const records = formsOf(
      events.map(({ key, event }) => ({ key, event: writtenEvent(event, format, ofTypes) })),
      'binary',
    ).map(({ record }) => record)
    await reader.prepare(records)
    const rounds: number[] = []
    for (let round = 0; round <= run.rounds; round += 1) {
      const all = microseconds(() => {
        for (let turn = 0; turn < TURNS; turn += 1)
          for (const record of records) reader.read(readEvent(record) as Event, record)
      })
      if (round > 0) rounds.push(all / (TURNS * records.length))
    }
    yield { name: `codec/read a record, ${format}`, unit: 'µs', rounds, worse: 'higher' }
  }
}

/** The same in every round, so there is only one. */
async function* sizes(format: DataFormat, codecs: Codecs, events: readonly Keyed[]): AsyncGenerator<Figure> {
  const written = events.map(({ key, event }) => ({ key, event: writtenEvent(event, format, codecs) }))
  const bytes = written.reduce((sum, { event }) => sum + (event.data as Buffer).length, 0)
  yield size(`${format}, the data of a reading`, bytes / events.length)
  for (const codec of WRITABLE_CODECS) {
    const name = `${format}, a record in a batch of ${BATCH}, ${codec}`
    yield size(name, (await bytesOfBatches(written, codec)) / written.length)
  }
}

function size(name: string, bytes: number): Figure {
  return { name: `codec/${name}`, unit: 'bytes', rounds: [bytes], worse: 'higher' }
}

function writtenEvent(event: Event, format: DataFormat, codecs: Codecs): Event {
  const data = (codecs.get(event.type) as Codec).encode(event.data)
  return { ...event, datacontenttype: MEDIA_TYPES[format], data }
}

async function bytesOfBatches(events: readonly Keyed[], codec: WritableCodec): Promise<number> {
  let bytes = 0
  for (let first = 0; first < events.length; first += BATCH) {
    const batch = new BatchBuilder()
    for (const { key, event } of events.slice(first, first + BATCH))
      batch.append(producedRecord('bench', key, event), Date.parse(event.time ?? ''))
    bytes += (await batch.close(codec, deflate)).bytes
  }
  return bytes
}

async function codecsOf(format: DataFormat, types: readonly string[]): Promise<Codecs> {
  const pairs = types.map(async type => [type, await codecOf(format, type)] as const)
  return new Map(await Promise.all(pairs))
}

const FILES = { avro: ['AVRO', '.avsc'], protobuf: ['PROTOBUF', '.proto'] } as const

/** Returns the codec with the packaged schema of the type, and without a schema id. */
async function codecOf(format: DataFormat, type: string): Promise<Codec> {
  if (format === 'json')
    return { encode: data => Buffer.from(JSON.stringify(data)), read: bytes => parseExact(bytes.toString()) }
  const [name] = FILES[format]
  return loadCodec({ format: name, text: await schemaText(format, type), references: [] }, 'plain')
}

function schemaText(format: keyof typeof FILES, type: string): Promise<string> {
  const [, extension] = FILES[format]
  return readFile(new URL(`${format}/${type.replace(/^io\.sluice\./, '')}${extension}`, SCHEMAS), 'utf8')
}

/** A format that loses data would be small. */
function requireSame(codecs: Codecs, events: readonly Keyed[]): void {
  for (const { event } of events) {
    const codec = codecs.get(event.type) as Codec
    assert.deepEqual(codec.read(codec.encode(event.data)), event.data)
  }
}
