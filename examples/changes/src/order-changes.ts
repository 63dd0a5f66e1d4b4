import { decided, type Emission, type KeyedProcess } from '@sluice/runtime'
import { ROW_CHANGED, type RowChange } from './application.ts'

/** What is remembered of a row, because a change does not always say what was before. */
interface Row {
  readonly lsn: number
  readonly status: string
}

/** Turns changes of rows into events that mean something: an order was placed, has another status, was deleted. */
export const orderChanges: KeyedProcess<Row, RowChange> = {
  name: 'changes',
  accepts: [ROW_CHANGED],
  onEvent(row, { data, subject: orderId = '' }) {
    const { op, after, lsn } = data as RowChange
    // A connector that was restarted may write changes again, with other ids after its settings have changed.
    if (row && lsn < row.lsn) return decided('stale', row)
    if (!after) return decided('deleted', undefined, [emission('deleted', orderId, { orderId })])
    const { status } = after
    const next = { lsn, status }
    // The first reading of a table says what is there, and not what happened.
    if (op === 'r') return decided('snapshot', next)
    if (!row && op === 'c') return decided('placed', next, [emission('placed', orderId, { orderId, status })])
    if (row?.status === status) return decided('unchanged', next)
    const change = { orderId, from: row?.status ?? null, to: status }
    return decided('status-changed', next, [emission('status-changed', orderId, change)])
  },
}

function emission(name: 'placed' | 'status-changed' | 'deleted', orderId: string, data: object): Emission {
  const type = `com.example.order.${name}`
  return { name, to: 'events', key: orderId, type, source: '/orders', subject: orderId, data }
}
