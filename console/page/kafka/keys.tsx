/** Which keys fill the partitions of a topic: counted in its newest records, when somebody asks for it. */
import type { JSX } from 'preact'
import type { KeySample } from '../../../lib/queries/balance.ts'
import type { KeysAnswer } from '../../api/kafka/keys.ts'
import { addressOf, useParameter } from '../data/address.ts'
import { useAnswer } from '../data/answers.ts'
import { Known } from '../parts/known.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { countText, numberText } from '../parts/words.ts'

const USUAL = '10000'
const CHOICES = ['1000', USUAL, '100000']

export function Keys({ topic }: { readonly topic: string }): JSX.Element {
  const [records, setRecords] = useParameter('keys')
  return (
    <section aria-label="Keys">
      <h3>Keys</h3>
      <p>Which keys fill the partitions? The newest records are read to count them.</p>
      <div class="kafka-choices">
        {CHOICES.map(count => (
          <button
            key={count}
            type="button"
            class={records === count ? '' : 'secondary outline'}
            aria-pressed={records === count}
            onClick={() => setRecords(count)}
          >
            Count in {numberText(Number(count))}
          </button>
        ))}
      </div>
      {records && <Counted topic={topic} records={records} />}
    </section>
  )
}

function Counted({ topic, records }: { readonly topic: string; readonly records: string }): JSX.Element {
  const keys = useAnswer<KeysAnswer>(addressOf('/kafka/keys', { topic, records }))
  return (
    <Known of={keys} what="the keys">
      {found => (
        <>
          <p>
            Looked at the newest {countText(found.records, 'record')}
            {found.isCutShort && ', when the time for it was over'}.{' '}
            <button type="button" class="kafka-again secondary outline" onClick={keys.again}>
              Count again
            </button>
          </p>
          <Table
            name="keys"
            caption="keys by partition"
            columns={COLUMNS}
            rows={found.partitions.filter(one => one.records > 0)}
            keyOf={({ partition }) => String(partition)}
            empty="The topic has no records."
          />
        </>
      )}
    </Known>
  )
}

const COLUMNS: readonly Column<KeySample>[] = [
  {
    heading: 'Partition',
    cell: ({ partition }) => partition,
    sortBy: ({ partition }) => partition,
    align: 'right',
  },
  {
    heading: 'Looked at',
    cell: ({ records }) => numberText(records),
    sortBy: ({ records }) => records,
    align: 'right',
  },
  { heading: 'Keys', cell: ({ keys }) => numberText(keys), sortBy: ({ keys }) => keys, align: 'right' },
  { heading: 'Most frequent key', cell: ({ top }) => (top ? <code>{top.key}</code> : '–') },
  {
    heading: 'Its share',
    cell: row => `${(shareOf(row) * 100).toFixed(1)} %`,
    sortBy: shareOf,
    align: 'right',
  },
]

function shareOf({ top, records }: KeySample): number {
  return top && records > 0 ? top.records / records : 0
}
