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
    const left = rows.others.length > 0 ? await decodeColumns(bytes, { ...wanted, names: LEFT_OUT }) : read
    const records = rows.others.map(row =>
      recordOf(readRow(dataColumnsOf(TABLE), name => (read.values[name] ?? left.values[name])?.[row])),
    )
    rows.run(runs, await decodedIn(records, consumer))
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

type Named = Pick<Event, 'id' | 'source' | 'type'> & { readonly subject: string | undefined }

/** Content of a row: the event of a reading or tick; `other` if the pipeline decodes it; `ignored` if only its time matters. */
type Content = Received | 'other' | 'ignored' | 'outside'

class Rows {
  /** Rows that the pipeline decodes. */
  readonly others: number[] = []
  readonly #contents: Content[] = []
  readonly #timestamps: readonly number[]
  readonly #fields: ReadonlyMap<string, readonly Field[]>
  readonly #texts = new Map<string, unknown>()
  readonly #consumer: AlertingConsumer

  constructor({ rows, values }: ReadColumns, range: RowRange, consumer: AlertingConsumer) {
    const none: readonly ColumnValue[] = new Array(rows).fill(null)
    const numbers = (name: string) => (values[name] ?? none) as readonly number[]
    const strings = (name: string) => (values[name] ?? none) as readonly (string | null)[]
    const [offsets, timestamps, times] = [numbers('offset'), numbers('timestamp'), numbers('time')]
    const [rests, extensions, types] = [strings('rest'), strings('extensions'), strings('type')]
    const [ids, sources, subjects] = [strings('id'), strings('source'), strings('subject')]
    this.#consumer = consumer
    this.#timestamps = timestamps
    this.#fields = new Map([...FIELDS].map(([type, fields]) => [type, fieldsIn(values, fields)]))
    for (let row = 0; row < rows; row += 1) {
      const [offset, timestampMs] = [offsets[row] as number, timestamps[row] as number]
      const isInside = offset >= range.fromOffset && offset <= range.toOffset
      const isInTime = timestampMs >= range.fromMs && timestampMs < range.untilMs
      let content: Content = isInside && isInTime ? 'other' : 'outside'
      const [type, rest] = [types[row] as string, rests[row] ?? null]
      const [time, subject] = [times[row] ?? null, subjects[row]]
      // A rule set in the log does not replace the rules under test.
      if (content === 'other' && type === RULES_ACTIVATED_TYPE) content = 'ignored'
      else if (content === 'other' && (extensions[row]?.length ?? 0) < MAX_LENGTH) {
        const named = {
          id: ids[row] as string,
          source: sources[row] as string,
          type,
          subject: subject ?? undefined,
        }
        if (rest === null) content = this.#reading(row, named, time)
        else if (type === TICK_TYPE) content = this.#tick(row, named, time, rest)
      }
      this.#contents.push(content)
      if (content === 'other') this.others.push(row)
    }
  }

  run(runs: readonly PartitionRun[], decoded: readonly Decoded[]): void {
    let next = 0
    for (let row = 0; row < this.#contents.length; row += 1) {
      const content = this.#contents[row] as Content
      if (content === 'outside') continue
      const timestampMs = this.#timestamps[row] as number
      const other = content === 'other' ? (decoded[next++] as Decoded) : undefined
      for (const run of runs)
        if (other) run.record(other)
        else if (content === 'ignored') run.pass(timestampMs)
        else run.event(content as Received, timestampMs)
    }
  }

  #reading(row: number, named: Named, time: number | null): Content {
    const { id, source, type, subject } = named
    const fields = this.#fields.get(type)
    if (!fields || id.length + source.length + (subject?.length ?? 0) > MAX_LENGTH) return 'other'
    const timestampMs = this.#timestamps[row] as number
    const timeMs = time ?? timestampMs
    const { futureToleranceMs, earliestTimeMs, application } = this.#consumer
    if (timeMs - timestampMs > futureToleranceMs || timeMs < earliestTimeMs) return 'other'
    const read = application.readData({ id, source, type, data: this.#dataAt(fields, row) })
    if (read.kind === 'failure') return 'other'
    return {
      id,
      source,
      type,
      subject,
      data: read.data,
      timeMs,
      entity: entityOf(named as Event),
    } as Received
  }

  /** The data of a tick has no columns, so that it is in `rest`. Nothing else may be there. */
  #tick(row: number, named: Named, time: number | null, rest: string): Content {
    const { data, ...others } = JSON.parse(rest) as { readonly data?: unknown }
    const { kind } = this.#consumer.application.readData({ ...(named as Event), data })
    if (time === null || kind === 'failure' || Object.keys(others).length > 0) return 'other'
    const timeMs = this.#timestamps[row] as number
    return { ...named, data, time: instant(time), timeMs, entity: entityOf(named as Event) } as Received
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
