import { changes, ROW_CHANGED } from './application.ts'

/** State of a row, because a change does not always contain the values before it. */
interface Row {
  readonly lsn: number
  readonly status: string
}

/** Turns changes of rows into events that mean something: an order was placed, has another status, was deleted. */
export const orderChanges = changes.process<Row>('changes', {
  on: {
    [ROW_CHANGED](row, { data, subject: orderId = '' }, { emit, reason }) {
      const { op, after, lsn } = data
      const say = (name: string, said?: object) => {
        reason(name)
        if (said) emit('events', name, { orderId, ...said }, { type: `com.example.order.${name}` })
      }
      // A connector that was restarted may write changes again, with other ids after its settings have changed.
      if (row && lsn < row.lsn) {
        say('stale')
        return row
      }
      if (!after) {
        say('deleted', {})
        return undefined
      }
      const { status } = after
      // The first reading of a table says what is there, and not what happened.
      if (op === 'r') say('snapshot')
      else if (!row && op === 'c') say('placed', { status })
      else if (row?.status === status) say('unchanged')
      else say('status-changed', { from: row?.status ?? null, to: status })
      return { lsn, status }
    },
  },
})
