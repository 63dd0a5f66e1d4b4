/** List of dead letters, with counts, a chart over time, and actions. */
import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { DeadLetterLine, DeadLettersAnswer } from '../../api/failures/dead-letters.ts'
import { addressOf, useParameter } from '../data/address.ts'
import { useLive } from '../data/answers.ts'
import { Known } from '../parts/known.tsx'
import { Badge, Moment } from '../parts/marks.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { countText, numberText } from '../parts/words.ts'
import { ConditionFields } from './condition-fields.tsx'
import { type Conditions, filterFrom, isLimited } from './conditions.ts'
import { Facet } from './facet.tsx'
import { Handle } from './handle.tsx'
import { Times } from './times.tsx'

/** Prefix of the table's query parameters. */
const TABLE = 'letters'

export function DeadLetters(): JSX.Element {
  const [code, setCode] = useParameter('code')
  const [consumer, setConsumer] = useParameter('consumer')
  const [entity] = useParameter('entity')
  const [type] = useParameter('type')
  const [since] = useParameter('since')
  const [state] = useParameter('state', 'open')
  const conditions = { code, consumer, entity, type, since, state }
  const answer = useLive('/failures', { ...conditions }, { keep: true })
  return (
    <>
      <ConditionFields />
      <Known of={answer} what="the dead letters">
        {known => (
          <>
            <p class="failures-summary" role="status">
              <Summary known={known} state={state} />
            </p>
            <div class="failures-overview">
              <Facet title="Codes" values={known.codes} chosen={code} choose={setCode} />
              <Facet title="Consumers" values={known.consumers} chosen={consumer} choose={setConsumer} />
              <Times times={known.times} />
            </div>
            <Listed known={known} conditions={conditions} />
            <Broken broken={known.broken} total={known.brokenTotal} />
          </>
        )}
      </Known>
    </>
  )
}

function Summary({
  known,
  state,
}: {
  readonly known: DeadLettersAnswer
  readonly state: string
}): JSX.Element {
  const { total, quarantined, newest, left, pending } = known
  const kind = state === 'open' || state === 'quarantined' ? 'open ' : ''
  return (
    <>
      <strong>{countText(total, `${kind}dead letter`)}</strong>
      {quarantined > 0 && <>, {numberText(quarantined)} of them quarantined</>}
      {newest !== null && <> in the newest {numberText(newest)} records of each partition</>}.
      {left > 0 && <> At most {numberText(left)} older ones are open and not in the table.</>}
      {pending > 0 && <> Reading on: {countText(pending, 'record')} to go.</>}
    </>
  )
}

interface ListedProps {
  readonly known: DeadLettersAnswer
  readonly conditions: Conditions
}

function Listed({ known: { letters, total }, conditions }: ListedProps): JSX.Element {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const { path } = useLocation()
  // Ignore selected dead letters that are no longer listed.
  const ats = letters.flatMap(({ at }) => (chosen.has(at) ? [at] : []))
  const toggle = (at: string) => {
    const next = new Set(chosen)
    if (!next.delete(at)) next.add(at)
    setChosen(next)
  }
  const isOpen = conditions.state === 'open'
  return (
    <>
      {ats.length > 0 ? (
        <div class="bar">
          <Handle command="redrive" ats={ats} what={`${numberText(ats.length)} selected`} />
          <Handle command="drop" ats={ats} what={`${numberText(ats.length)} selected`} />
          <button type="button" class="secondary outline" onClick={() => setChosen(new Set())}>
            Choose none
          </button>
        </div>
      ) : (
        total > 0 && isOpen && <ForAll conditions={conditions} />
      )}
      {total > letters.length && (
        <p>
          The newest {letters.length} of {numberText(total)} are listed. Actions on all of these apply to
          those that are not listed, too.
        </p>
      )}
      <Table
        name={TABLE}
        caption="dead letters"
        columns={columnsFor(chosen, toggle)}
        rows={letters}
        keyOf={({ at }) => at}
        firstOrder="-Failed at"
        textOf={({ at, error, entity, code, consumer }) => [at, error, entity, code, consumer].join(' ')}
        empty={
          isLimited(conditions) || !isOpen ? (
            <>
              None meets these conditions. <a href={path}>Look at all that are open</a>
            </>
          ) : (
            'There are no open dead letters. All records were processed, or their failures were handled.'
          )
        }
      />
    </>
  )
}

/**
 * Buttons that redrive or drop all dead letters that match the conditions. They are hidden while the table's own filter is set,
 * because they would affect more dead letters than the table shows.
 */
function ForAll({ conditions }: Pick<ListedProps, 'conditions'>): JSX.Element {
  const [tableFilter] = useParameter(`${TABLE}.filter`)
  if (tableFilter)
    return (
      <p>
        The filter of the table affects only the list. Select dead letters, or clear the filter to redrive or
        drop all that match the conditions.
      </p>
    )
  const filter = () => filterFrom(conditions, Date.now())
  return (
    <div class="bar">
      <Handle command="redrive" filter={filter} what="all of these" />
      <Handle command="drop" filter={filter} what="all of these" />
    </div>
  )
}

function columnsFor(
  chosen: ReadonlySet<string>,
  toggle: (at: string) => void,
): readonly Column<DeadLetterLine>[] {
  return [
    {
      heading: 'Choose',
      cell: ({ at }) => (
        <input
          type="checkbox"
          aria-label={`Choose ${at}`}
          checked={chosen.has(at)}
          onChange={() => toggle(at)}
        />
      ),
    },
    {
      heading: 'Dead letter',
      cell: ({ at }) => <a href={addressOf('/failures', { letter: at.replace('@', ':') })}>{at}</a>,
    },
    {
      heading: 'Failed at',
      cell: ({ failedAt }) => <Moment at={failedAt} />,
      sortBy: ({ failedAt }) => failedAt,
    },
    { heading: 'Code', cell: ({ code }) => code, sortBy: ({ code }) => code },
    { heading: 'Consumer', cell: ({ consumer }) => consumer, sortBy: ({ consumer }) => consumer },
    { heading: 'Entity', cell: ({ entity }) => entity ?? 'unknown', sortBy: ({ entity }) => entity ?? '' },
    { heading: 'Attempt', cell: ({ attempt }) => attempt, sortBy: ({ attempt }) => attempt, align: 'right' },
    {
      heading: 'State',
      cell: stateCell,
      sortBy: stateOf,
    },
    { heading: 'Error', cell: ({ error }) => <span class="failures-error">{error}</span> },
  ]
}

function stateOf({ handled, quarantined }: Pick<DeadLetterLine, 'handled' | 'quarantined'>): string {
  return handled ?? (quarantined ? 'quarantined' : 'open')
}

/** Returns the content of the cell for the state. It is empty for `open`, the most frequent state. */
function stateCell(letter: DeadLetterLine): ComponentChildren {
  const state = stateOf(letter)
  return state === 'open' ? state : <Badge tone={letter.handled ? 'plain' : 'bad'}>{state}</Badge>
}

interface BrokenProps {
  readonly broken: DeadLettersAnswer['broken']
  readonly total: number
}

function Broken({ broken, total }: BrokenProps): JSX.Element | null {
  if (total === 0) return null
  return (
    <details>
      <summary>
        {countText(total, 'record')} of the topic {total === 1 ? 'is' : 'are'} broken: they can only be
        dropped
      </summary>
      <ul>
        {broken.map(({ at, why, handled, writtenAtMs }) => (
          <li key={at} class="failures-broken">
            <strong>{at}</strong> <Moment at={writtenAtMs} /> {why}{' '}
            {handled ? <em>{handled}</em> : <Handle command="drop" ats={[at]} what="" />}
          </li>
        ))}
      </ul>
    </details>
  )
}
