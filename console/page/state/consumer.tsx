/** What one consumer remembers of a topic, partition by partition. */
import type { JSX } from 'preact'
import type { PartitionsAnswer, StatesAnswer } from '../../api/state.ts'
import { addressOf } from '../data/address.ts'
import { useAnswer, useLive } from '../data/answers.ts'
import { Known } from '../parts/known.tsx'
import { Moment } from '../parts/moment.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { bytesText, countText, durationText, numberText } from '../parts/words.ts'
import { Entities } from './entities.tsx'
import { outcomesOf } from './words.ts'

interface Props {
  readonly consumer: string
  /** Empty: the first that it reads. */
  readonly topic: string
}

export function ConsumerState({ consumer, topic }: Props): JSX.Element {
  const state = useLive<PartitionsAnswer>(addressOf('/state/partitions', { consumer, topic }))
  return (
    <>
      <h1>What {consumer} remembers</h1>
      <p>
        <a href="/state">All consumers</a>
      </p>
      <Topics consumer={consumer} topic={topic} />
      <Entities consumer={consumer} topic={topic} />
      <Known of={state} what={`what ${consumer} remembers`}>
        {answer => <Partitions answer={answer} />}
      </Known>
    </>
  )
}

/** Only where it reads several. */
function Topics({ consumer, topic }: Props): JSX.Element | null {
  const { answer } = useAnswer<StatesAnswer>('/state')
  const own = answer?.states.filter(one => one.consumer === consumer) ?? []
  if (own.length < 2) return null
  return (
    <Tabs
      label="Topics that it reads"
      areChoices
      tabs={own.map((one, index) => ({
        path: addressOf('/state', { consumer, topic: one.topic }),
        title: one.signal,
        isCurrent: one.topic === topic || (topic === '' && index === 0),
      }))}
    />
  )
}

type Line = PartitionsAnswer['partitions'][number]

function counted(heading: string, of: (line: Line) => number | null): Column<Line> {
  const cell = (line: Line) => {
    const count = of(line)
    return count === null ? 'not counted' : numberText(count)
  }
  return { heading, cell, sortBy: line => of(line) ?? -1, align: 'right' }
}

/** The last columns are there where they have anything to tell. */
function columnsFor(lines: readonly Line[]): readonly Column<Line>[] {
  return [
    ...COLUMNS,
    ...(lines.some(({ openFailures }) => openFailures !== 0)
      ? [counted('Open failures', ({ openFailures }) => openFailures)]
      : []),
    ...(lines.some(({ held }) => held > 0)
      ? [counted('Held', ({ held }) => held), counted('Parked', ({ parked }) => parked)]
      : []),
  ]
}

const COLUMNS: readonly Column<Line>[] = [
  counted('Partition', ({ partition }) => partition),
  {
    heading: 'Applied offset',
    cell: ({ appliedOffset }) => (appliedOffset < 0 ? 'none' : numberText(appliedOffset)),
    sortBy: ({ appliedOffset }) => appliedOffset,
    align: 'right',
  },
  {
    heading: 'Behind',
    cell: ({ lag }) => (lag === null ? 'not known' : numberText(lag)),
    sortBy: ({ lag }) => lag ?? -1,
    align: 'right',
  },
  {
    heading: 'As of',
    cell: ({ asOf }) => (asOf === null ? 'nothing yet' : <Moment at={asOf} />),
    sortBy: ({ asOf }) => asOf ?? '',
  },
  {
    heading: 'Log clock',
    cell: ({ logClockMs }) => durationText(logClockMs),
    sortBy: ({ logClockMs }) => logClockMs,
    align: 'right',
  },
  counted('Entities', ({ entities }) => entities),
  counted('Timers', ({ timers }) => timers),
  {
    heading: 'Next timer',
    cell: ({ nextTimer }) =>
      nextTimer ? `${nextTimer.name}, in ${durationText(nextTimer.firesAfterMs)}` : '–',
    sortBy: ({ nextTimer }) => nextTimer?.firesAfterMs ?? Number.MAX_SAFE_INTEGER,
  },
  counted('Outbox', ({ outbox }) => outbox),
  counted('Known ids', ({ ids }) => ids),
  {
    heading: 'Size',
    cell: ({ bytes }) => (bytes === null ? 'not counted' : bytesText(bytes)),
    sortBy: ({ bytes }) => bytes ?? -1,
    align: 'right',
  },
]

function Partitions({ answer }: { readonly answer: PartitionsAnswer }): JSX.Element {
  const { consumer, topic, partitions, withoutKafka } = answer
  const begun = partitions.filter(({ appliedOffset }) => appliedOffset >= 0)
  const isPartial = begun.some(({ ids }) => ids === null)
  return (
    <>
      {withoutKafka !== undefined && <p class="problem">{withoutKafka}</p>}
      <h2>
        Partitions of <a href={addressOf('/kafka/topics', { topic })}>{topic}</a>
      </h2>
      {isPartial && (
        <p>
          Counting all that is there would take too long: some partitions show only what needs no counting.
        </p>
      )}
      <div class="state-partitions">
        <Table
          name="partitions"
          caption={`partitions that ${consumer} remembers`}
          columns={columnsFor(begun)}
          rows={begun}
          keyOf={({ partition }) => String(partition)}
          empty={`${consumer} has decided no record of it yet.`}
        />
      </div>
      {begun.length > 0 && begun.length < partitions.length && (
        <p>
          Of {countText(partitions.length - begun.length, 'other partition')}, it has decided no record yet.
        </p>
      )}
      <Decided partitions={partitions} />
    </>
  )
}

function Decided({ partitions }: Pick<PartitionsAnswer, 'partitions'>): JSX.Element {
  const sums: Record<string, number> = {}
  for (const { tally } of partitions)
    for (const [name, count] of Object.entries(tally)) sums[name] = (sums[name] ?? 0) + count
  const outcomes = outcomesOf(sums)
  return (
    <>
      <h2>What it has decided</h2>
      {outcomes.length === 0 && <p class="empty">Nothing so far.</p>}
      <dl class="state-outcomes">
        {outcomes.map(({ outcome, count, reasons }) => (
          <div key={outcome}>
            <dt>
              {outcome} <strong>{numberText(count)}</strong>
            </dt>
            {reasons.map(one => (
              <dd key={one.reason}>
                <code>{one.reason}</code> {numberText(one.count)}
              </dd>
            ))}
          </div>
        ))}
      </dl>
    </>
  )
}
