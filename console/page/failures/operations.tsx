/** Running and finished operations, newest first. */
import type { JSX } from 'preact'
import type { OperationAnswer } from '../../api/failures/operation-answer.ts'
import { addressOf } from '../data/address.ts'
import { useLive } from '../data/answers.ts'
import { Known } from '../parts/known.tsx'
import { Badge, Moment } from '../parts/marks.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { numberText } from '../parts/words.ts'
import { meantText, toneOf, WORDS } from './words.ts'

export function Operations(): JSX.Element {
  const answer = useLive('/failures/operations')
  return (
    <Known of={answer} what="the operations">
      {operations => (
        <Table
          name="operations"
          caption="operations"
          columns={COLUMNS}
          rows={operations}
          keyOf={({ id }) => id}
          empty={
            <>
              No dead letters have been redriven or dropped from the console yet. Start from{' '}
              <a href="/failures">the dead letters</a>; operations of the command line are in the audit log.
            </>
          }
        />
      )}
    </Known>
  )
}

const COLUMNS: readonly Column<OperationAnswer>[] = [
  {
    heading: 'Begun',
    cell: ({ id, begunAtMs }) => (
      <a href={addressOf('/failures/operations', { operation: id })}>
        <Moment at={begunAtMs} />
      </a>
    ),
    sortBy: ({ begunAtMs }) => begunAtMs,
  },
  { heading: 'What', cell: ({ command }) => WORDS[command].does, sortBy: ({ command }) => command },
  { heading: 'Which', cell: meantText },
  { heading: 'By', cell: ({ by }) => by, sortBy: ({ by }) => by },
  {
    heading: 'State',
    cell: operation => <Badge tone={toneOf(operation)}>{operation.state}</Badge>,
    sortBy: ({ state }) => state,
  },
  {
    heading: 'Done',
    cell: ({ taken }) => numberText(taken),
    sortBy: ({ taken }) => taken,
    align: 'right',
  },
  {
    heading: 'Left out',
    cell: ({ leftOut }) => numberText(leftOut.reduce((sum, { count }) => sum + count, 0)),
    align: 'right',
  },
  {
    heading: 'Failed again',
    cell: ({ failedAgain }) =>
      failedAgain ? `${numberText(failedAgain.count)}${failedAgain.isDecided ? '' : ' so far'}` : '–',
    align: 'right',
  },
]
