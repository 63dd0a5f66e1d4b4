/** Dead letters: records that a consumer could not process. A list, or one letter. */

import type { JSX } from 'preact'
import { useLocation } from 'preact-iso'
import type { DeadLetterLine, DeadLettersAnswer } from '../../api/failures/dead-letter-list.ts'
import { buildAddress } from '../client/address.ts'
import { useLive } from '../client/api-queries.ts'
import { useParameter } from '../client/url-parameters.ts'
import { AnswerView } from '../components/answer-view.tsx'
import {
  type Column,
  column,
  DataTable,
  linkColumn,
  numberColumn,
  textColumn,
  timeColumn,
} from '../components/data-table.tsx'
import { Choice, TextField, useSettled } from '../components/form-fields.tsx'
import { Badge, Moment } from '../components/labels.tsx'
import { formatCount, formatNumber } from '../components/value-texts.ts'
import { DeadLetterPage } from './dead-letter-details.tsx'
import { RedriveOrDrop } from './redrive-or-drop.tsx'

export function FailuresPage(): JSX.Element {
  const { letter } = useLocation().query
  return (
    <>
      <h1>Failures</h1>
      {letter ? <DeadLetterPage at={letter} /> : <DeadLetters />}
    </>
  )
}

const TIMES = [
  ['1h', 'the last hour'],
  ['1d', 'the last day'],
  ['7d', 'the last 7 days'],
  ['', 'any time'],
] as const

const STATES = [
  ['open', 'open'],
  ['handled', 'redriven or dropped'],
  ['all', 'all'],
] as const

function DeadLetters(): JSX.Element {
  const [code] = useParameter('code')
  const [consumer] = useParameter('consumer')
  const [entity] = useParameter('entity')
  const [since, setSince] = useParameter('since')
  const [state, setState] = useParameter('state', 'open')
  const entries = Object.entries({
    code: useSettled(code),
    consumer: useSettled(consumer),
    entity: useSettled(entity),
    since,
  }).filter(([, value]) => value !== '')
  const conditions = Object.fromEntries(entries)
  const answer = useLive('/failures', { ...conditions, state }, { keep: true })
  return (
    <>
      <form class="bar" onSubmit={event => event.preventDefault()}>
        <Choice label="State" value={state} set={setState} options={STATES} />
        <Choice label="Came in" value={since} set={setSince} options={TIMES} />
        <TextField name="code" label="Code" placeholder="schema-violated" />
        <TextField name="consumer" label="Consumer" placeholder="processor" />
        <TextField name="entity" label="Entity" placeholder="roof-1" />
      </form>
      <AnswerView of={answer} what="the dead letters">
        {list => (
          <>
            <p role="status">{describeTotals(list, state)}</p>
            {state === 'open' && list.total > 0 && (
              <RedriveOrDrop
                key={JSON.stringify(conditions)}
                ats={[]}
                conditions={conditions}
                what="all of these"
              />
            )}
            {list.total > list.letters.length && <p>The newest {list.letters.length} are listed.</p>}
            <LetterTable
              letters={list.letters}
              empty={
                entries.length > 0 || state !== 'open'
                  ? 'None meets these conditions.'
                  : 'There are no open dead letters. All records were processed, or their failures were handled.'
              }
            />
            <BrokenRecords list={list} />
          </>
        )}
      </AnswerView>
    </>
  )
}

interface LetterTableProps {
  readonly letters: readonly DeadLetterLine[]
  readonly empty: string
}

export function LetterTable({ letters, empty }: LetterTableProps): JSX.Element {
  return (
    <DataTable
      name="letters"
      caption="dead letters"
      columns={COLUMNS}
      rows={letters}
      getKey={({ at }) => at}
      firstOrder="-Failed at"
      empty={empty}
    />
  )
}

function describeTotals(
  { total, quarantined, newest, left, pending }: DeadLettersAnswer,
  state: string,
): string {
  return [
    formatCount(total, state === 'open' ? 'open dead letter' : 'dead letter'),
    quarantined > 0 && `, ${formatNumber(quarantined)} of them quarantined`,
    newest !== null && ` in the newest ${formatNumber(newest)} records of each partition`,
    '.',
    left > 0 && ` At most ${formatNumber(left)} older ones are open and not in the table.`,
    pending > 0 && ` Reading on: ${formatCount(pending, 'record')} to go.`,
  ]
    .filter(Boolean)
    .join('')
}

const COLUMNS: readonly Column<DeadLetterLine>[] = [
  linkColumn(
    'Dead letter',
    ({ at }) => at,
    ({ at }) => buildAddress('/failures', { letter: at.replace('@', ':') }),
  ),
  timeColumn('Failed at', ({ failedAt }) => failedAt),
  textColumn('Code', ({ code }) => code),
  textColumn('Consumer', ({ consumer }) => consumer),
  textColumn('Entity', ({ entity }) => entity ?? 'unknown'),
  column(
    'Key, topic',
    ({ originalKey, originalTopic }) => (
      <span class="breaks">
        {originalKey ?? 'no key'} <small class="second">{originalTopic}</small>
      </span>
    ),
    ({ originalKey }) => originalKey ?? '',
  ),
  numberColumn('Attempt', ({ attempt }) => attempt),
  column(
    'State',
    letter => {
      const state = describeState(letter)
      return state === 'open' ? state : <Badge tone={letter.handled ? 'plain' : 'bad'}>{state}</Badge>
    },
    describeState,
  ),
  column('Error', ({ error }) => <small class="second">{error}</small>),
]

function describeState({ handled, quarantined }: Pick<DeadLetterLine, 'handled' | 'quarantined'>): string {
  return handled ?? (quarantined ? 'quarantined' : 'open')
}

function BrokenRecords({
  list: { broken, brokenTotal: total },
}: {
  readonly list: DeadLettersAnswer
}): JSX.Element | null {
  if (total === 0) return null
  return (
    <details>
      <summary>{formatCount(total, 'broken record')}: they can only be dropped, with sluice dlq drop</summary>
      <ul>
        {broken.map(({ at, why, handled, writtenAtMs }) => (
          <li key={at}>
            <strong>{at}</strong> <Moment at={writtenAtMs} /> {why} {handled && <em>{handled}</em>}
          </li>
        ))}
      </ul>
    </details>
  )
}
