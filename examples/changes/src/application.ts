import { type Application, type Event, type EventData, type Failure, failure } from '@sluice/runtime'

export const ROW_CHANGED = 'com.example.row.changed'
const TOMBSTONE = 'com.example.row.tombstone'

/** Inserted, updated, deleted; or read, when the connector reads the table for the first time. */
const OPERATIONS = ['c', 'u', 'd', 'r']

/** A row of the table `orders`. */
interface OrderRow {
  readonly id: number
  readonly status: string
}

/** A change of a row, as Debezium captures it. */
export interface RowChange {
  readonly op: 'c' | 'u' | 'd' | 'r'
  /** Null without `REPLICA IDENTITY FULL`, and of a new row. */
  readonly before: OrderRow | null
  /** Null if the row was deleted. */
  readonly after: OrderRow | null
  /** The position in the log of the database: a later change has a higher one. */
  readonly lsn: number
}

const MiB = 1024 * 1024

const TOPICS = {
  'public.orders': { partitions: 3, keptDays: 7, maxMessageBytes: MiB },
  events: { partitions: 3, keptDays: 30, maxMessageBytes: MiB },
  failures: { partitions: 3, keptDays: 30, maxMessageBytes: 2 * MiB },
}

declare module '@sluice/runtime' {
  interface Declared {
    readonly topic: keyof typeof TOPICS
  }
}

export const changes: Application = {
  topics: TOPICS,
  // Debezium names a topic after its `topic.prefix`, here shop-<env>, the schema and the table.
  kafkaTopic: (name, env) => `shop-${env}.${name}`,
  topicNamed,
  failuresTopic: 'failures',
  deadLettersTopic: 'failures',
  failureEvent: {
    type: 'com.example.shop.failure',
    dataschema: 'https://shop.example/schemas/failure.json',
  },
  tickType: 'com.example.shop.tick',
  ignoredTypes: new Map([[TOMBSTONE, 'tombstone']]),
  readForeign: ({ value }) => (value === null ? tombstone : capturedChange(value)),
  readData,
}

/** The settings of `shop-<env>.<name>`. */
function topicNamed(kafkaTopic: string) {
  const [prefix = '', ...rest] = kafkaTopic.split('.')
  const name = rest.join('.')
  return prefix.startsWith('shop-') && Object.hasOwn(TOPICS, name)
    ? TOPICS[name as keyof typeof TOPICS]
    : undefined
}

/** Debezium writes a record without a value after a deletion, for topics that Kafka compacts. */
const tombstone: Event = { id: 'tombstone', source: '/debezium', type: TOMBSTONE }

/** Debezium's record is not a CloudEvent. Its id is derived from the place in the database's log: a repeat has the same one. */
function capturedChange(value: Buffer): Event | undefined {
  const { op, before, after, source } = (payloadOf(value) ?? {}) as Record<string, unknown>
  const { name, schema, table, lsn, ts_ms: atMs } = (source ?? {}) as Record<string, unknown>
  const row = (after ?? before) as Partial<OrderRow> | null | undefined
  if (typeof op !== 'string' || typeof row?.id !== 'number' || !isTime(atMs)) return undefined
  return {
    id: `${lsn} ${op} ${row.id}`,
    source: `/debezium/${name}/${schema}.${table}`,
    subject: String(row.id),
    type: ROW_CHANGED,
    time: new Date(atMs).toISOString(),
    data: { op, before, after, lsn },
  }
}

function isTime(ms: unknown): ms is number {
  return typeof ms === 'number' && !Number.isNaN(new Date(ms).getTime())
}

/** With `schemas.enable`, the default of Kafka Connect, the change is wrapped with its schema. */
function payloadOf(value: Buffer): unknown {
  try {
    const document = JSON.parse(String(value))
    return document?.payload ?? document
  } catch {
    return undefined
  }
}

/** Checks the data of our own types. Other types pass. */
function readData({ type, data }: Event): EventData | Failure {
  if (type !== ROW_CHANGED) return { kind: 'data', data }
  const { op, after, lsn } = (data ?? {}) as Record<string, unknown>
  if (!OPERATIONS.some(one => one === op))
    return failure('schema-violated', `op must be one of ${OPERATIONS.join(', ')}`)
  if (!Number.isSafeInteger(lsn)) return failure('schema-violated', 'lsn must be a whole number')
  if (op !== 'd' && typeof (after as Partial<OrderRow> | null)?.status !== 'string')
    return failure('schema-violated', 'status must be a string')
  return { kind: 'data', data }
}
