/** Most frequent keys in each partition of a topic. They are counted in the newest records when the user requests it. */
import type { JSX } from 'preact'
import type { KeySample } from '../../../lib/queries/balance.ts'
import { useParameter } from '../data/address.ts'
import { Once } from '../parts/known.tsx'
import { type Column, column, numberColumn, Table } from '../parts/table.tsx'
import { countText, numberText } from '../parts/words.ts'

const USUAL = '10000'
const CHOICES = ['1000', USUAL, '100000']

export function Keys({ topic }: { readonly topic: string }): JSX.Element {
  const [records, setRecords] = useParameter('keys')
  return (
    <section aria-label="Keys">
      <h3>Keys</h3>
      <p>Which keys fill the partitions? The newest records are read to count them.</p>
      <div class="row">
        {CHOICES.map(count => (
          <button
            key={count}
            type="button"
            class={records === count ? 'small' : 'small secondary outline'}
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
  return (
    <Once path="/kafka/keys" query={{ topic, records }} what="the keys">
      {(found, again) => (
        <>
          <p>
            Counted the keys of the newest {countText(found.records, 'record')}
            {found.isCutShort && ', until the time limit was reached'}.{' '}
            <button type="button" class="small secondary outline" onClick={again}>
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
    </Once>
  )
}

const COLUMNS: readonly Column<KeySample>[] = [
  numberColumn('Partition', ({ partition }) => partition, { text: String }),
  numberColumn('Records counted', ({ records }) => records),
  numberColumn('Keys', ({ keys }) => keys),
  column('Most frequent key', ({ top }) => (top ? <code>{top.key}</code> : '–')),
  numberColumn('Its share', shareOf, { text: share => `${(share * 100).toFixed(1)} %` }),
]

function shareOf({ top, records }: KeySample): number {
  return top && records > 0 ? top.records / records : 0
}
