/** State of all consumers, or of one consumer with its partitions and entities. */
import type { JSX } from 'preact'
import type { Answers } from '../../api/api.ts'
import { addressOf, useParameter } from '../data/address.ts'
import { Live } from '../parts/known.tsx'
import { type Column, linkColumn, numberColumn, Table, textColumn, timeColumn } from '../parts/table.tsx'
import { ConsumerState } from './consumer.tsx'
import { decidedOf } from './words.ts'

export function State(): JSX.Element {
  const [consumer] = useParameter('consumer')
  const [topic] = useParameter('topic')
  return consumer === '' ? <Consumers /> : <ConsumerState key={consumer} consumer={consumer} topic={topic} />
}

const COLUMNS: readonly Column<Answers['/state']['states'][number]>[] = [
  linkColumn(
    'Consumer',
    ({ consumer }) => consumer,
    ({ consumer, topic }) => addressOf('/state', { consumer, topic }),
  ),
  textColumn('Topic', ({ signal }) => signal),
  numberColumn('Decided', ({ tally }) => decidedOf(tally)),
  numberColumn('Behind', ({ lag }) => lag, { none: 'not known' }),
  numberColumn('Entities', ({ entities }) => entities),
  numberColumn('Held', ({ held }) => held),
  numberColumn('Outbox', ({ outbox }) => outbox),
  {
    heading: 'Partitions',
    cell: ({ begun, partitions }) => `${begun} of ${partitions}`,
    sortBy: ({ begun }) => begun,
    align: 'right',
  },
  timeColumn('As of', ({ asOf }) => asOf, 'nothing yet'),
]

function Consumers(): JSX.Element {
  return (
    <>
      <h1>State</h1>
      <p>
        State of each consumer by topic. It is stored with the offset up to which records are applied, so a
        snapshot of the cache is a place from which processing can continue.
      </p>
      <Live path="/state" what="what consumers remember">
        {({ states, withoutKafka }) => (
          <>
            {withoutKafka !== undefined && <p class="problem">{withoutKafka}</p>}
            <Table
              name="states"
              caption="consumers"
              columns={COLUMNS}
              rows={states}
              keyOf={({ consumer, topic }) => `${consumer} ${topic}`}
              textOf={({ consumer, topic }) => `${consumer} ${topic}`}
              empty="No functions of this environment read a topic."
            />
          </>
        )}
      </Live>
    </>
  )
}
