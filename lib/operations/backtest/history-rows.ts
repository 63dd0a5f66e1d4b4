/**
 * Reads readings and ticks directly from the columns of a history object, without the bytes of their records. The pipeline decodes
 * all other rows, and those whose event must be examined more closely.
 */
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import { type Event, entityOf, type Received } from '../../../packages/runtime/consumer/event.ts'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import type { Decoded } from '../../../packages/runtime/pipeline/decoding/decode.ts'
import { decodeChunk } from '../../../packages/runtime/pipeline/decoding/decode-chunk.ts'
import texts from '../../../schemas/compiled-texts-json.js'
import { RULES_ACTIVATED_TYPE } from '../../alerting/activated-type.ts'
import { COMMON_COLUMNS, type DataColumn, dataColumnsOf } from '../../history/columns.ts'
import { decodeColumns, type ReadColumns } from '../../history/parquet.ts'
import { recordOf } from '../../history/row.ts'
import { type ColumnValue, readRow } from '../../history/row-columns.ts'
import { READING_TYPES } from '../../telemetry/families.ts'
import { TICK_TYPE } from '../../telemetry/tick.ts'
import type { AlertingConsumer, PartitionRun } from './partition-run.ts'

const TABLE = 'readings'
/** Rows that are in memory at a time. */
const MAX_ROWS = 100_000
/** Rows that are decided together. Their events are garbage before the collector has to copy them. */
const AT_ONCE = 500
/** Length of attributes below which no limit of the pipeline applies. A character takes at most three bytes. */
const MAX_LENGTH = 1_000

/** Columns with the data of each type of readings. */
const FIELDS: ReadonlyMap<string, readonly DataColumn[]> = new Map(
  READING_TYPES.map(type => {
    const { properties } = JSON.parse(texts[type] as string) as { readonly properties: object }
    return [type, dataColumnsOf(TABLE).filter(({ path: [first = ''] }) => Object.hasOwn(properties, first))]
  }),
)
/** Columns that only the other rows need. */
const LEFT_OUT: readonly string[] = [
  'topic',
  'partition',
  'key',
  'datacontenttype',
  'dataschema',
  'traceparent',
]
const NAMES: readonly string[] = [
  ...COMMON_COLUMNS.map(({ name }) => name).filter(name => !LEFT_OUT.includes(name)),
  ...new Set([...FIELDS.values()].flat().map(({ name }) => name)),
  'rest',
]

/** Rows of an object in a range of offsets and timestamps. The end of the time is excluded. */
export interface RowRange {
  readonly fromOffset: number
  readonly toOffset: number
  readonly fromMs: number
  readonly untilMs: number
}

/** Passes the rows of an object to the runs, in order. Returns the number of rows. */
export async function runRows(
  bytes: Uint8Array,
  range: RowRange,
  runs: readonly PartitionRun[],
  consumer: AlertingConsumer,
): Promise<number> {
  for (let fromRow = 0; ; fromRow += MAX_ROWS) {
    const wanted = { fromRow, toRow: fromRow + MAX_ROWS }
    const read = await decodeColumns(bytes, { ...wanted, names: NAMES })
    const rows = new Rows(read, range, consumer)
    let left: ReadColumns | undefined
    for (let first = 0; first < read.rows; first += AT_ONCE) {
      const contents = rows.contents(first, Math.min(first + AT_ONCE, read.rows))
      const others = contents.flatMap((content, index) => (content === 'other' ? [first + index] : []))
      if (others.length > 0) left ??= await decodeColumns(bytes, { ...wanted, names: LEFT_OUT })
      const records = others.map(row =>
        recordOf(readRow(dataColumnsOf(TABLE), name => (read.values[name] ?? left?.values[name])?.[row])),
      )
      const decoded = await decodedIn(records, consumer)
      let next = 0
      for (let index = 0; index < contents.length; index += 1) {
        const content = contents[index] as Content
        if (content === 'outside') continue
        const timestampMs = rows.timestampAt(first + index)
        const other = content === 'other' ? decoded[next++] : undefined
        for (const run of runs)
          if (other) run.record(other)
          else if (content === 'ignored') run.pass(timestampMs)
          else run.event(content as Received, timestampMs)
      }
    }
    if (read.rows < MAX_ROWS) return fromRow + read.rows
  }
}

/**
 * Decodes records as the consumer does.
 *
 * @throws Unavailable if a schema is needed that the registry does not return
 */
export async function decodedIn(
  records: readonly LogRecord[],
  consumer: AlertingConsumer,
): Promise<readonly Decoded[]> {
  const { decoded, restWaits } = await decodeChunk(records, consumer)
  if (restWaits) throw restWaits.error ?? new Error(`the records cannot be decoded: ${restWaits.reason}`)
  return decoded
}

interface Field {
  readonly values: readonly ColumnValue[]
  readonly name: string
  /** Name of the object that contains the field; undefined for a field of the data itself. */
  readonly parent: string | undefined
  readonly isJson: boolean
}

type Texts = readonly (string | null)[]

/** Event of a row while its parts are read. */
type Started = { -readonly [Key in keyof Omit<Received, 'subject'>]: Received[Key] } & {
  readonly subject: string | undefined
}

/** Content of a row: the event of a reading or tick; `other` if the pipeline decodes it; `ignored` if only its time matters. */
type Content = Received | 'other' | 'ignored' | 'outside'

class Rows {
  readonly #columns: Readonly<
    Record<'id' | 'source' | 'type' | 'subject' | 'rest' | 'extensions', Texts> &
      Record<'offset' | 'timestamp' | 'time', readonly number[]>
  >
  readonly #fields: ReadonlyMap<string, readonly Field[]>
  readonly #texts = new Map<string, unknown>()
  readonly #range: RowRange
  readonly #consumer: AlertingConsumer

  constructor({ rows, values }: ReadColumns, range: RowRange, consumer: AlertingConsumer) {
    const none: readonly ColumnValue[] = new Array(rows).fill(null)
    const numbers = (name: string) => (values[name] ?? none) as readonly number[]
    const texts = (name: string) => (values[name] ?? none) as Texts
    this.#columns = {
      ...{ offset: numbers('offset'), timestamp: numbers('timestamp'), time: numbers('time') },
      ...{ id: texts('id'), source: texts('source'), type: texts('type'), subject: texts('subject') },
      ...{ rest: texts('rest'), extensions: texts('extensions') },
    }
    this.#fields = new Map([...FIELDS].map(([type, fields]) => [type, fieldsIn(values, fields)]))
    this.#range = range
    this.#consumer = consumer
  }

  timestampAt(row: number): number {
    return this.#columns.timestamp[row] as number
  }

  /** Returns the contents of the rows from `first` to before `end`. */
  contents(first: number, end: number): readonly Content[] {
    const contents: Content[] = []
    for (let row = first; row < end; row += 1) contents.push(this.#content(row))
    return contents
  }

  #content(row: number): Content {
    const { offset, timestamp, time, id, source, type, subject, rest, extensions } = this.#columns
    const { fromOffset, toOffset, fromMs, untilMs } = this.#range
    const [at, timestampMs] = [offset[row] as number, timestamp[row] as number]
    if (at < fromOffset || at > toOffset || timestampMs < fromMs || timestampMs >= untilMs) return 'outside'
    // A rule set in the log does not replace the rules under test.
    if (type[row] === RULES_ACTIVATED_TYPE) return 'ignored'
    if ((extensions[row]?.length ?? 0) >= MAX_LENGTH) return 'other'
    const own = rest[row] ?? null
    const named = {
      id: id[row] as string,
      source: source[row] as string,
      type: type[row] as string,
      subject: subject[row] ?? undefined,
      data: undefined as unknown,
      timeMs: timestampMs,
      entity: '',
    }
    if (own === null) return this.#reading(row, named, time[row] ?? null)
    return named.type === TICK_TYPE ? this.#tick(named, time[row] ?? null, own) : 'other'
  }

  #reading(row: number, event: Started, time: number | null): Content {
    const { id, source, type, subject, timeMs: timestampMs } = event
    const fields = this.#fields.get(type)
    if (!fields || id.length + source.length + (subject?.length ?? 0) > MAX_LENGTH) return 'other'
    const { futureToleranceMs, earliestTimeMs, application } = this.#consumer
    event.timeMs = time ?? timestampMs
    if (event.timeMs - timestampMs > futureToleranceMs || event.timeMs < earliestTimeMs) return 'other'
    event.data = this.#dataAt(fields, row)
    const read = application.readData(event as Event)
    if (read.kind === 'failure') return 'other'
    event.data = read.data
    event.entity = entityOf(event as Event)
    return event as Received
  }

  /** The data of a tick has no columns, so that it is in `rest`. Nothing else may be there. */
  #tick(event: Started, time: number | null, rest: string): Content {
    const { data, ...others } = JSON.parse(rest) as { readonly data?: unknown }
    event.data = data
    const { kind } = this.#consumer.application.readData(event as Event)
    if (time === null || kind === 'failure' || Object.keys(others).length > 0) return 'other'
    event.entity = entityOf(event as Event)
    return { ...event, time: instant(time) } as Received
  }

  #dataAt(fields: readonly Field[], row: number): object {
    const data: Record<string, unknown> = {}
    for (const { values, name, parent, isJson } of fields) {
      const value = values[row]
      if (value === null) continue
      let into = data
      if (parent !== undefined) {
        data[parent] ??= {}
        into = data[parent] as Record<string, unknown>
      }
      into[name] = isJson ? this.#parsed(value as string) : value
    }
    return data
  }

  /** Parses each text once. Texts such as tags are the same in many rows. */
  #parsed(text: string): unknown {
    if (!this.#texts.has(text)) this.#texts.set(text, JSON.parse(text))
    return this.#texts.get(text)
  }
}

/** Returns the fields that the object has. */
function fieldsIn(values: ReadColumns['values'], fields: readonly DataColumn[]): readonly Field[] {
  return fields.flatMap(({ name, type, path }) => {
    const found = values[name]
    const parent = path.length > 1 ? path[0] : undefined
    return found ? [{ values: found, name: path.at(-1) as string, parent, isJson: type === 'JSON' }] : []
  })
}
