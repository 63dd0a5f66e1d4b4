/** What consumers remember: all of them, one with its partitions, and what it remembers of an entity. */
import type { JSX } from 'preact'
import type { StatesAnswer } from '../../api/state.ts'
import { addressOf, useParameter } from '../data/address.ts'
import { useLive } from '../data/answers.ts'
import { Known } from '../parts/known.tsx'
import { Moment } from '../parts/moment.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { numberText } from '../parts/words.ts'
import { ConsumerState } from './consumer.tsx'
import { decidedOf } from './words.ts'
import './state.css'

export function State(): JSX.Element {
  const [consumer] = useParameter('consumer')
  const [topic] = useParameter('topic')
  return consumer === '' ? <Consumers /> : <ConsumerState key={consumer} consumer={consumer} topic={topic} />
}

type Line = StatesAnswer['states'][number]

const COLUMNS: readonly Column<Line>[] = [
  {
    heading: 'Consumer',
    cell: ({ consumer, topic }) => <a href={addressOf('/state', { consumer, topic })}>{consumer}</a>,
    sortBy: ({ consumer }) => consumer,
  },
  { heading: 'Topic', cell: ({ signal }) => signal, sortBy: ({ signal }) => signal },
  {
    heading: 'Decided',
    cell: line => numberText(decidedOf(line.tally)),
    sortBy: line => decidedOf(line.tally),
    align: 'right',
  },
  {
    heading: 'Behind',
    cell: ({ lag }) => (lag === null ? 'not known' : numberText(lag)),
    sortBy: ({ lag }) => lag ?? -1,
    align: 'right',
  },
  {
    heading: 'Entities',
    cell: ({ entities }) => numberText(entities),
    sortBy: ({ entities }) => entities,
    align: 'right',
  },
  {
    heading: 'Held',
    cell: ({ held }) => numberText(held),
    sortBy: ({ held }) => held,
    align: 'right',
  },
  {
    heading: 'Outbox',
    cell: ({ outbox }) => numberText(outbox),
    sortBy: ({ outbox }) => outbox,
    align: 'right',
  },
  {
    heading: 'Partitions',
    cell: ({ begun, partitions }) => `${begun} of ${partitions}`,
    sortBy: ({ begun }) => begun,
    align: 'right',
  },
  {
    heading: 'As of',
    cell: ({ asOf }) => (asOf === null ? 'nothing yet' : <Moment at={asOf} />),
    sortBy: ({ asOf }) => asOf ?? '',
  },
]

function Consumers(): JSX.Element {
  const states = useLive<StatesAnswer>('/state')
  return (
    <>
      <h1>State</h1>
      <p>
        What each consumer remembers of each topic. It belongs to the offset up to which records are applied,
        so a copy of it is a checkpoint from which the log can be read on.
      </p>
      <Known of={states} what="what consumers remember">
        {({ states: lines, withoutKafka }) => (
          <>
            {withoutKafka !== undefined && <p class="problem">{withoutKafka}</p>}
            <Table
              name="states"
              caption="consumers"
              columns={COLUMNS}
              rows={lines}
              keyOf={({ consumer, topic }) => `${consumer} ${topic}`}
              textOf={({ consumer, topic }) => `${consumer} ${topic}`}
              empty="No function of this environment reads a topic."
            />
          </>
        )}
      </Known>
    </>
  )
}
