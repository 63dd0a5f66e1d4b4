/** State of one consumer for a topic: a table of the partitions, and the state of a selected entity as JSON with its timers. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { EntityState, TimerState } from '../../../lib/queries/entities.ts'
import type { PartitionsAnswer } from '../../api/state.ts'
import { addressOf, useParameter } from '../data/address.ts'
import { useAnswer } from '../data/answers.ts'
import { Text } from '../parts/facts.tsx'
import { Empty, Live, Once } from '../parts/known.tsx'
import { Moment } from '../parts/marks.tsx'
import { type Column, column, numberColumn, Table, timeColumn } from '../parts/table.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { bytesText, countText, durationText, hasTelemetry, numberText } from '../parts/words.ts'
import { outcomesOf } from './words.ts'

interface Props {
  readonly consumer: string
  /** Selected topic; empty for the consumer's first topic. */
  readonly topic: string
}

export function ConsumerState({ consumer, topic }: Props): JSX.Element {
  return (
    <>
      <h1>State of {consumer}</h1>
      <p>
        <a href="/state">All consumers</a>
      </p>
      <Topics consumer={consumer} topic={topic} />
      <Entities consumer={consumer} topic={topic} />
      <Live path="/state/partitions" query={{ consumer, topic }} what={`the state of ${consumer}`}>
        {answer => <Partitions answer={answer} />}
      </Live>
    </>
  )
}

/** Tabs for the topics of a consumer. Renders nothing for a single topic. */
function Topics({ consumer, topic }: Props): JSX.Element | null {
  const { answer } = useAnswer('/state')
  const own = answer?.states.filter(one => one.consumer === consumer) ?? []
  if (own.length < 2) return null
  return (
    <Tabs
      label="Topics of the consumer"
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

const UNCOUNTED = { none: 'not counted' }

/** Returns the columns. Optional columns are omitted if all their values are empty. */
function columnsFor(lines: readonly Line[]): readonly Column<Line>[] {
  return [
    ...COLUMNS,
    ...(lines.some(({ openFailures }) => openFailures !== 0)
      ? [numberColumn<Line>('Open failures', ({ openFailures }) => openFailures, UNCOUNTED)]
      : []),
    ...(lines.some(({ held }) => held > 0)
      ? [numberColumn<Line>('Held', ({ held }) => held), numberColumn<Line>('Parked', ({ parked }) => parked)]
      : []),
  ]
}

const COLUMNS: readonly Column<Line>[] = [
  numberColumn('Partition', ({ partition }) => partition),
  numberColumn('Applied offset', ({ appliedOffset }) => appliedOffset),
  numberColumn('Behind', ({ lag }) => lag, { none: 'not known' }),
  timeColumn('As of', ({ asOf }) => asOf, 'nothing yet'),
  numberColumn('Log clock', ({ logClockMs }) => logClockMs, { text: durationText }),
  numberColumn('Entities', ({ entities }) => entities, UNCOUNTED),
  numberColumn('Timers', ({ timers }) => timers, UNCOUNTED),
  column(
    'Next timer',
    ({ nextTimer }) => (nextTimer ? `${nextTimer.name}, in ${durationText(nextTimer.firesAfterMs)}` : '–'),
    ({ nextTimer }) => nextTimer?.firesAfterMs ?? Number.MAX_SAFE_INTEGER,
  ),
  numberColumn('Outbox', ({ outbox }) => outbox, UNCOUNTED),
  numberColumn('Known ids', ({ ids }) => ids, UNCOUNTED),
  numberColumn('Size', ({ bytes }) => bytes, { none: 'not counted', text: bytesText }),
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
          Counting the contents of large states would take too long, so some partitions show fewer figures.
        </p>
      )}
      <div class="line">
        <Table
          name="partitions"
          caption={`partition states of ${consumer}`}
          columns={columnsFor(begun)}
          rows={begun}
          keyOf={({ partition }) => String(partition)}
          empty={`${consumer} has not processed any records of this topic yet.`}
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
      <h2>Decisions</h2>
      {outcomes.length === 0 && <p class="empty">Nothing so far.</p>}
      <dl class="row top">
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

function Entities({ consumer, topic }: Props): JSX.Element {
  const [entity, setEntity] = useParameter('entity')
  const [text, setText] = useState(entity)
  const look = (event: Event) => {
    event.preventDefault()
    setEntity(text.trim())
  }
  return (
    <>
      <form class="ask" onSubmit={look}>
        <label>
          Entity: source and subject, or a part of them
          <input type="search" value={text} onInput={event => setText(event.currentTarget.value)} />
        </label>
        <button type="submit">Show its state</button>
      </form>
      {entity !== '' && <Found key={entity} consumer={consumer} topic={topic} entity={entity} />}
    </>
  )
}

function Found({ consumer, topic, entity }: Props & { readonly entity: string }): JSX.Element {
  const query = { consumer, topic, entity }
  return (
    <Once path="/state/entities" query={query} what={`the state of ${entity}`}>
      {({ entities, looked, isWhole }, again) => (
        <section aria-label="State of the entity">
          {entities.length === 0 && (
            <Empty>
              {consumer} has no state of “{entity}”
              {isWhole ? '.' : ` among the ${numberText(looked)} entities searched.`}
            </Empty>
          )}
          {entities.length > 0 && !isWhole && (
            <p>
              The first {countText(entities.length, 'match', 'matches')} among {numberText(looked)} entities
              searched. Enter a longer part of the name to see others.
            </p>
          )}
          {entities.map(one => (
            <Entity key={`${one.partition} ${one.entity}`} state={one} onlyOne={entities.length === 1} />
          ))}
          <button type="button" class="small secondary outline" onClick={again}>
            Look again
          </button>
        </section>
      )}
    </Once>
  )
}

function Entity({ state, onlyOne }: { readonly state: EntityState; readonly onlyOne: boolean }): JSX.Element {
  const { entity, partition, version, state: value, timers, held } = state
  return (
    <details class="breaks" open={onlyOne}>
      <summary>
        <strong>{entity}</strong> partition {partition}
        {version !== undefined && `, version ${version}`}
      </summary>
      {hasTelemetry(entity) && (
        <p>
          <a href={addressOf('/telemetry', { entity })}>Its readings and charts</a>
        </p>
      )}
      {held && (
        <p class="warn">
          {held.failure === null
            ? 'The entity was held for a retry, which has ended.'
            : `The entity is held until its failed record is retried, but for no longer than ${durationText(held.endsAfterMs)} of log time.`}{' '}
          {countText(held.parked.length, 'event')} parked.
        </p>
      )}
      {value === undefined ? (
        <p>The entity has no state yet.</p>
      ) : (
        <Text>{JSON.stringify(value, null, 2)}</Text>
      )}
      <Timers title="Timers" timers={timers} />
      {held && <Timers title="Timers that wait until then" timers={held.timers} />}
    </details>
  )
}

function Timers({
  title,
  timers,
}: {
  readonly title: string
  readonly timers: readonly TimerState[]
}): JSX.Element {
  if (timers.length === 0) return <p>{title}: none.</p>
  return (
    <>
      <p>{title}:</p>
      <ul>
        {timers.map(({ name, due, firesAfterMs }) => (
          <li key={`${name} ${due}`}>
            <code>{name}</code> due <Moment at={due} />, fires when log time has advanced by{' '}
            {durationText(firesAfterMs)}
          </li>
        ))}
      </ul>
    </>
  )
}
