/** Active, scheduled and expired silences, with the form to create one and the button to end one. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { SilenceRow } from '../../api/alerts/silences.ts'
import { makeChange } from '../client/api-queries.ts'
import { useParameter } from '../client/url-parameters.ts'
import { LiveAnswer } from '../components/answer-view.tsx'
import { type ChangeResult, ConfirmButton, Outcome } from '../components/change-button.tsx'
import { type Column, column, DataTable, timeColumn } from '../components/data-table.tsx'
import { Choice } from '../components/form-fields.tsx'
import { Badge } from '../components/labels.tsx'
import { formatCount } from '../components/value-texts.ts'
import { SilenceForm } from './silence-form.tsx'

const STATES = [
  ['', 'active and scheduled'],
  ['past', 'over'],
  ['all', 'all'],
] as const

const STATE_TEXT = { active: 'active', pending: 'to come', past: 'over' } as const

export function SilencesPage(): JSX.Element {
  const [state, setState] = useParameter('state')
  const [result, tell] = useState<ChangeResult>()
  return (
    <>
      <p>
        While a silence is active, no notifications are sent for the alerts that it matches. These alerts
        still fire and resolve. The 200 latest expired silences are kept.
      </p>
      <SilenceForm />
      <form class="bar" onSubmit={event => event.preventDefault()} aria-label="Which silences">
        <Choice label="Show" value={state} set={setState} options={STATES} />
      </form>
      <Outcome of={result} />
      <LiveAnswer path="/alerts/silences" what="the silences">
        {({ silences }) => (
          <DataTable
            name="silences"
            caption="silences"
            columns={[...COLUMNS, buildEndColumn(tell)]}
            rows={silences.filter(silence => isSelected(silence, state))}
            getKey={({ id }) => id}
            getText={({ about, author, comment }) => `${about} ${author} ${comment}`}
            empty={
              silences.length === 0
                ? 'No silences exist. Add one above, or from the page of an alert.'
                : 'No silences are active or scheduled.'
            }
          />
        )}
      </LiveAnswer>
    </>
  )
}

function isSelected({ state }: SilenceRow, selected: string): boolean {
  if (selected === 'all') return true
  return selected === 'past' ? state === 'past' : state !== 'past'
}

const COLUMNS: readonly Column<SilenceRow>[] = [
  column(
    'State',
    ({ state }) => <Badge>{STATE_TEXT[state]}</Badge>,
    ({ state }) => state,
  ),
  column(
    'Mutes alerts with',
    ({ about, mutes, state }) => (
      <>
        <code>{about}</code>
        {state !== 'past' && (
          <small class="second">
            {state === 'active' ? 'mutes ' : 'would mute '}
            {formatCount(mutes, 'alert')} now
          </small>
        )}
      </>
    ),
    ({ about }) => about,
  ),
  timeColumn('From', ({ startsAt }) => startsAt),
  timeColumn('Until', ({ endsAt }) => endsAt),
  column(
    'Why',
    ({ comment, author }) => (
      <>
        {comment} <small class="second">{author}</small>
      </>
    ),
    ({ author }) => author,
  ),
]

function buildEndColumn(tell: EndProps['tell']): Column<SilenceRow> {
  return column('Id', row => (
    <>
      <code>{row.id}</code> {row.state !== 'past' && <EndButton silence={row} tell={tell} />}
    </>
  ))
}

interface EndProps {
  readonly silence: SilenceRow
  /** Shows the result on the page, because the button disappears together with the silence. */
  readonly tell: (result: ChangeResult | undefined) => void
}

function EndButton({ silence: { id, about }, tell }: EndProps): JSX.Element {
  const end = async () => {
    await makeChange('POST /alerts/silences/end', { id })
    return `The silence of ${about} has ended.`
  }
  return (
    <ConfirmButton label="End" onConfirm={end} tell={tell}>
      <p>
        This ends the silence of <code>{about}</code> immediately. Notifications for alerts that are still
        firing are sent within a group interval, which is five minutes by default.
      </p>
    </ConfirmButton>
  )
}
