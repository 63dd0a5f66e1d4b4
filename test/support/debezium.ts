/** Change events as Debezium writes them for a table in PostgreSQL. */

export interface RowChange {
  /** Created, read by a snapshot, updated, deleted. */
  readonly op: 'c' | 'r' | 'u' | 'd'
  readonly id: number
}

const SOURCE = {
  version: '3.3.1.Final',
  connector: 'postgresql',
  name: 'shop-server',
  snapshot: 'false',
  db: 'shop',
  sequence: '["24023119","24023128"]',
  schema: 'public',
  table: 'orders',
  txId: 771,
  lsn: 24_023_128,
  xmin: null,
}

/** Returns key and value without their schemas. */
export function debeziumChange({ op, id }: RowChange, timeMs: number) {
  const row = { id, status: op === 'u' ? 'paid' : 'new' }
  return {
    key: { id },
    value: {
      before: op === 'u' || op === 'd' ? { id, status: null } : null,
      after: op === 'd' ? null : row,
      source: {
        ...SOURCE,
        ts_ms: timeMs - 20,
        ts_us: (timeMs - 20) * 1_000,
        ts_ns: (timeMs - 20) * 1_000_000,
      },
      transaction: null,
      op,
      ts_ms: timeMs,
      ts_us: timeMs * 1_000,
      ts_ns: timeMs * 1_000_000,
    },
  }
}

/** Returns a key or a value as the JSON converter of Kafka Connect writes it with `schemas.enable`, its default. */
export function withSchema(payload: object) {
  const fields = Object.keys(payload).map(field => ({ field, type: 'struct', optional: true }))
  return {
    schema: { type: 'struct', fields, optional: false, name: 'shop-server.public.orders.Envelope' },
    payload,
  }
}
