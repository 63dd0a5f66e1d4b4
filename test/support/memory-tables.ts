/** Tables in memory for tests of those who ask: a plan, rows that are there, and changes that a test makes. */

import type { RowChange } from '../../control/statements/follow-selection.ts'
import type { RowValues, TableReader } from '../../control/statements/table-reader.ts'
import { OperationFailure } from '../../lib/support/operation-failure.ts'
import type { ActivatedPlan, TablePlan } from '../../lib/views/plan.ts'

const GROUP = { kind: 'group', index: 0 } as const
const COUNT = { kind: 'aggregate', index: 0 } as const
const ACTIVITY = { kind: 'field', path: ['data', 'activity'], type: 'VARCHAR' } as const

export const COUNTS: TablePlan = {
  name: 'device_activity_counts',
  generation: '0123abcd',
  statement:
    'CREATE TABLE device_activity_counts AS SELECT activity, COUNT(*) AS readings FROM device_readings GROUP BY activity;',
  signal: 'readings',
  group: [{ name: 'activity', type: 'VARCHAR', value: ACTIVITY }],
  aggregates: [{ function: 'COUNT' }],
  columns: [
    { name: 'activity', type: 'VARCHAR', value: GROUP, isKey: true },
    { name: 'readings', type: 'BIGINT', value: COUNT },
  ],
}

const MINUTE_MS = 60_000
const BY_MINUTE: TablePlan = {
  ...COUNTS,
  name: 'activity_by_minute',
  window: { kind: 'tumbling', sizeMs: MINUTE_MS, graceMs: 10_000, retentionMs: 10 * MINUTE_MS },
}

export const PLAN: ActivatedPlan = {
  hash: 'f'.repeat(64),
  streams: [
    {
      name: 'device_readings',
      signal: 'readings',
      columns: [{ name: 'activity', type: 'VARCHAR', path: ['data', 'activity'] }],
    },
  ],
  tables: [COUNTS, BY_MINUTE, { ...COUNTS, generation: '4567cdef' }],
  building: ['4567cdef'],
}

/** Reader whose rows and changes a test decides. */
export class MemoryTables implements TableReader {
  plan: ActivatedPlan = PLAN
  rows: RowValues[] = [
    ['sit', 2],
    ['walk', 3],
  ]
  /** Error of the next question, or of the questions that are open. */
  error: Error | undefined
  /** Questions for changes that have begun and not ended. */
  open = 0
  from: string | undefined
  /** Rows that questions have taken. */
  taken = 0
  readonly #waiting = new Set<() => void>()
  #changes: RowChange[] = []

  async tables(): Promise<ActivatedPlan> {
    return this.plan
  }

  async pull(): Promise<readonly RowValues[]> {
    if (this.error) throw this.error
    return this.rows
  }

  async *push(_: unknown, from: string, stop: AbortSignal): AsyncGenerator<RowChange> {
    this.from = from
    this.open++
    stop.addEventListener('abort', () => this.#wake())
    try {
      for (let at = 0; !stop.aborted; ) {
        const row = this.#changes[at]
        if (row) {
          at++
          this.taken++
          yield row
        } else if (this.error) throw this.error
        else await new Promise<void>(resolve => this.#waiting.add(resolve))
      }
    } finally {
      this.open--
    }
  }

  /** Adds changes. Every question gets all of them. */
  change(...rows: RowChange[]): void {
    this.#changes = [...this.#changes, ...rows]
    this.#wake()
  }

  drop(): void {
    this.error = new OperationFailure('The table was dropped.')
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}
