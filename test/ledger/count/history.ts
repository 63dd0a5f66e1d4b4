/**
 * Compares the history with the log: each record of a complete segment is a row, once and with its content.
 */
import { isDeepStrictEqual } from 'node:util'
import type { KafkaRecord } from '../kafka/records.ts'
import { isForeign } from './input.ts'
import type { Violations } from './violations.ts'

const LOST_ROW = 'rows missing in the history'
const TWICE_ROW = 'rows twice in the history'
const CHANGED_ROW = 'rows of the history that differ from the log'

export interface Row {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: string | null
  readonly id: string | null
  readonly type: string | null
  readonly source: string | null
  readonly rest: Rest
}

export interface Rest {
  readonly data?: unknown
  readonly value?: string | null
  readonly key?: string
}

/**
 * @param log the records of complete segments, partition after partition
 * @returns number of rows
 */
export async function compareHistory(
  rows: AsyncGenerator<Row>,
  log: AsyncIterable<KafkaRecord>,
  violations: Violations,
): Promise<number> {
  let count = 0
  let next = await rows.next()
  const behind = (a: Pick<Row, 'partition' | 'offset'>, b: Pick<Row, 'partition' | 'offset'>) =>
    a.partition - b.partition || a.offset - b.offset
  for await (const record of log) {
    while (!next.done && behind(next.value, record) < 0) {
      violations.add(TWICE_ROW, place(next.value))
      next = await rows.next()
    }
    if (next.done || behind(next.value, record) > 0) violations.add(LOST_ROW, place(record))
    else {
      if (!isSame(next.value, record)) violations.add(CHANGED_ROW, place(record))
      count += 1
      next = await rows.next()
    }
  }
  for (; !next.done; next = await rows.next()) violations.add(TWICE_ROW, place(next.value))
  return count
}

function isSame(row: Row, record: KafkaRecord): boolean {
  // The ledger does not know the contents of a record of another producer.
  if (isForeign(record)) return true
  if (row.timestampMs !== record.timestampMs) return false
  const key = row.rest.key === undefined ? row.key : Buffer.from(row.rest.key, 'base64')
  if (!isDeepStrictEqual(key === null ? null : Buffer.from(key), record.key)) return false
  const { value } = row.rest
  if (value !== undefined)
    return value === null ? record.value === null : record.value?.toString('base64') === value
  const header = (name: string) => record.headers.find(([one]) => one === `ce_${name}`)?.[1].toString()
  return (
    row.id === header('id') &&
    row.type === header('type') &&
    row.source === header('source') &&
    isDeepStrictEqual(row.rest.data, record.value === null ? undefined : JSON.parse(String(record.value)))
  )
}

function place({ partition, offset }: Pick<Row, 'partition' | 'offset'>): string {
  return `${partition}/${offset}`
}
