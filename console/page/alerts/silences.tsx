/** Active, scheduled and expired silences, with the form to create one and the button to end one. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { makeChange } from '../client/api-queries.ts'
import { type ChangeResult, ConfirmButton, Outcome } from '../components/change-button.tsx'
import { QuestionList } from '../questions/question-list.tsx'
import { SilenceForm } from './silence-form.tsx'

export function SilencesPage(): JSX.Element {
  const [result, tell] = useState<ChangeResult>()
  return (
    <>
      <p>
        While a silence is active, no notifications are sent for the alerts that it matches. These alerts
        still fire and resolve. The 200 latest expired silences are kept.
      </p>
      <SilenceForm />
      <Outcome of={result} />
      <QuestionList
        path="/alerts/silences"
        action={row =>
          row.state !== 'past' && <EndButton id={String(row.id)} about={String(row.about)} tell={tell} />
        }
      />
    </>
  )
}

interface EndProps {
  readonly id: string
  readonly about: string
  /** Shows the result on the page, because the button disappears together with the silence. */
  readonly tell: (result: ChangeResult | undefined) => void
}

function EndButton({ id, about, tell }: EndProps): JSX.Element {
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
