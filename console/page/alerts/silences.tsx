/** Active, scheduled and expired silences, with the form to create one and the button to end one. */
import type { JSX } from 'preact'
import { OperationButton } from '../operations/operation-button.tsx'
import { QuestionList } from '../questions/question-list.tsx'
import { SilenceForm } from './silence-form.tsx'

export function SilencesPage(): JSX.Element {
  return (
    <>
      <p>
        While a silence is active, no notifications are sent for the alerts that it matches. These alerts
        still fire and resolve. The 200 latest expired silences are kept.
      </p>
      <SilenceForm />
      <QuestionList
        path="/alerts/silences"
        action={row =>
          row.state !== 'past' && (
            <OperationButton
              action="silence end"
              label="End"
              request={{ id: String(row.id) }}
              asks={['comment']}
            />
          )
        }
      />
    </>
  )
}
