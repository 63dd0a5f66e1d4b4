/**
 * Reads the rows of history objects as the consumer decodes their records. Plain readings are read directly from the columns, which
 * is several times as fast. All other rows, and those whose event must be examined more closely, are decoded from their records.
 */
import type { LogRecord } from '#runtime/cloudevents'
import { formatEntity, type Received } from '#runtime/consumer'
import { decodeRecords } from '#runtime/operating/replay'
import { type AnyKeyedProcess, type Consumer, computeEarliestMs, type Decoded } from '#runtime/pipeline'
import {
  type ColumnValue,
  type DataColumn,
  groupsOfSlice,
  type HistoryStore,
  listStoredColumns,
  type ReadColumns,
  rowAt,
  type Slice,
  toOriginalRecord,
} from '../../../lib/history/index.ts'
import { type Families, findJsonSchema } from '../../../lib/telemetry/index.ts'
import type { TimeRange } from '../../queries/records/record-locations.ts'

const TABLE = 'readings'
/** Rows that are decided together. Their events are garbage before the collector has to copy them. */
const AT_ONCE = 500
/** Length of attributes below which no limit of the pipeline applies. A character takes at most three bytes. */
const MAX_LENGTH = 1_000

type ColumnsByType = ReadonlyMap<string, readonly DataColumn[]>

/** Returns the columns of an object with the data of each type of readings. */
function listColumnsByType(families: Families, { values }: ReadColumns): ColumnsByType {
  const columns = listStoredColumns(families, TABLE, Object.keys(values))
  return new Map(
    families.readingTypes.map(type => {
      const { properties = {} } = findJsonSchema(families, type) ?? {}
      const isOf = ({ path: [first = ''], types = [type] }: DataColumn) =>
        types.includes(type) && Object.hasOwn(properties, first)
      return [type, columns.filter(isOf)]
    }),
  )
}

/** Yields the records of a slice in a range of time, decoded, in groups. */
export async function* readDecodedRows(
  families: Families,
  store: HistoryStore,
  slice: Slice,
  range: TimeRange,
  consumer: Consumer<AnyKeyedProcess>,
): AsyncGenerator<readonly Decoded[]> {
  for await (const rows of groupsOfSlice(store, slice, columns => new Rows(families, columns, consumer)))
    for (let first = 0; first < rows.length; first += AT_ONCE)
      yield rows.decode(first, Math.min(first + AT_ONCE, rows.length), range)
}

class Rows {
  readonly length: number
  readonly #families: Families
  readonly #columns: ReadColumns
  readonly #consumer: Consumer<AnyKeyedProcess>
  readonly #fields: ReadonlyMap<string, readonly Field[]>
  readonly #parsed = new Map<string, unknown>()
  readonly #headers: Record<string, LogRecord['headers']> = {}

  constructor(families: Families, columns: ReadColumns, consumer: Consumer<AnyKeyedProcess>) {
    this.length = columns.rows
    this.#families = families
    this.#columns = columns
    this.#consumer = consumer
    const byType = listColumnsByType(families, columns)
    this.#fields = new Map([...byType].map(([type, fields]) => [type, selectFields(columns.values, fields)]))
  }

  /** Returns the records of the rows from `first` to before `end`, decoded. */
  async decode(first: number, end: number, { fromMs, untilMs }: TimeRange): Promise<readonly Decoded[]> {
    const timestamps = this.#columns.values.timestamp as readonly number[]
    const found: (Decoded | undefined)[] = []
    const others: LogRecord[] = []
    for (let row = first; row < end; row += 1) {
      const timestampMs = timestamps[row] as number
      if (timestampMs < fromMs || timestampMs >= untilMs) continue
      const reading = this.#reading(row, timestampMs)
      if (!reading) others.push(toOriginalRecord(rowAt(this.#families, TABLE, this.#columns.values, row)))
      found.push(reading)
    }
    const decoded = (await decodeRecords(others, this.#consumer)).values()
    return found.map(value => value ?? (decoded.next().value as Decoded))
  }

  /** Returns the valid reading of a row; undefined if the record must be decoded. */
  #reading(row: number, timestampMs: number): Decoded | undefined {
    const { values } = this.#columns
    const text = (name: string) => (values[name]?.[row] ?? undefined) as string | undefined
    const [id = '', source = '', type = '', subject] = [
      text('id'),
      text('source'),
      text('type'),
      text('subject'),
    ]
    const fields = this.#fields.get(type)
    const length = id.length + source.length + (subject?.length ?? 0) + (text('extensions')?.length ?? 0)
    if (!fields || text('rest') !== undefined || length > MAX_LENGTH) return undefined
    const timeMs = (values.time?.[row] ?? timestampMs) as number
    const { futureToleranceMs, application } = this.#consumer
    const earliestMs = computeEarliestMs(this.#consumer, timestampMs)
    if (timeMs - timestampMs > futureToleranceMs || timeMs < earliestMs) return undefined
    const own = subject === undefined ? { id, source, type } : { id, source, type, subject }
    const read = application.readData({ ...own, data: this.#data(fields, row) })
    if (read.kind === 'failure') return undefined
    const event: Received = { ...own, data: read.data, timeMs, entity: formatEntity(own) }
    // A failure is remembered by the source of its record.
    this.#headers[source] ??= [['ce_source', Buffer.from(source)]]
    const headers = this.#headers[source]
    const record: LogRecord = {
      topic: text('topic') as string,
      partition: values.partition?.[row] as number,
      offset: values.offset?.[row] as number,
      ...{ timestampMs, key: null, value: null, headers },
    }
    return { kind: 'event', record, event, fingerprint: { id: '', digest: '' } }
  }

  #data(fields: readonly Field[], row: number): object {
    const data: Record<string, unknown> = {}
    for (const { values, name, parent, isJson } of fields) {
      const value = values[row]
      if (value === null) continue
      let into = data
      if (parent !== undefined) {
        data[parent] ??= {}
        into = data[parent] as Record<string, unknown>
      }
      into[name] = isJson ? this.#json(value as string) : value
    }
    return data
  }

  /** Parses each text once. Texts such as tags are the same in many rows. */
  #json(text: string): unknown {
    if (!this.#parsed.has(text)) this.#parsed.set(text, JSON.parse(text))
    return this.#parsed.get(text)
  }
}

interface Field {
  readonly values: readonly ColumnValue[]
  readonly name: string
  /** Name of the object that contains the field; undefined for a field of the data itself. */
  readonly parent: string | undefined
  readonly isJson: boolean
}

/** Returns the fields that the object has. */
function selectFields(values: ReadColumns['values'], fields: readonly DataColumn[]): readonly Field[] {
  return fields.flatMap(({ name, type, path }) => {
    const found = values[name]
    const parent = path.length > 1 ? path[0] : undefined
    return found ? [{ values: found, name: path.at(-1) as string, parent, isJson: type === 'JSON' }] : []
  })
}
