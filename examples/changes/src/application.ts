import { application, type Event } from '@sluice/runtime'
import * as v from 'valibot'

export const ROW_CHANGED = 'com.example.row.changed'
const TOMBSTONE = 'com.example.row.tombstone'

/** A row of the table `orders`. */
const OrderRow = v.object({ id: v.number(), status: v.string() })

/** A change of a row, as Debezium captures it; a later one has a higher position in the log of the database. */
const RowChange = v.pipe(
  v.object({
    /** Inserted, updated, or read when the connector reads the table for the first time; or deleted. */
    op: v.picklist(['c', 'u', 'r', 'd']),
    after: v.nullable(OrderRow),
    lsn: v.pipe(v.number(), v.safeInteger()),
  }),
  v.check(({ op, after }) => op === 'd' || after !== null, 'only a deletion has no row'),
)

export const changes = application({
  name: 'shop',
  // Debezium names a topic after its `topic.prefix`, here shop-<env>, the schema and the table.
  kafkaTopic: (name, env) => `shop-${env}.${name}`,
  topics: ['public.orders', 'events'],
  events: { [ROW_CHANGED]: RowChange },
  ignoredTypes: new Map([[TOMBSTONE, 'tombstone']]),
  read: ({ value }) => (value === null ? tombstone : capturedChange(value)),
})

/** Debezium writes a record without a value after a deletion, for topics that Kafka compacts. */
const tombstone: Event = { id: 'tombstone', source: '/debezium', type: TOMBSTONE }

/** Debezium's record is not a CloudEvent. Its id is derived from the place in the database's log: a repeat has the same one. */
function capturedChange(value: Buffer): Event | undefined {
  const { op, before, after, source } = (payloadOf(value) ?? {}) as Record<string, unknown>
  const { name, schema, table, lsn, ts_ms: atMs } = (source ?? {}) as Record<string, unknown>
  const row = (after ?? before) as { readonly id?: unknown } | null | undefined
  if (typeof op !== 'string' || typeof row?.id !== 'number' || !isTime(atMs)) return undefined
  return {
    id: `${lsn} ${op} ${row.id}`,
    source: `/debezium/${name}/${schema}.${table}`,
    subject: String(row.id),
    type: ROW_CHANGED,
    time: new Date(atMs).toISOString(),
    data: { op, after, lsn },
  }
}

function isTime(ms: unknown): ms is number {
  return typeof ms === 'number' && !Number.isNaN(new Date(ms).getTime())
}

/** Unwraps the change: Kafka Connect adds its schema if `schemas.enable` is set, which is the default. */
function payloadOf(value: Buffer): unknown {
  try {
    const document = JSON.parse(String(value))
    return document?.payload ?? document
  } catch {
    return undefined
  }
}
