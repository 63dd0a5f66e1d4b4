/** Active, scheduled and expired silences, with the buttons to add one and to end one. */
import type { JSX } from 'preact'
import { OperationButton } from '../operations/operation-button.tsx'
import { QuestionList } from '../questions/question-list.tsx'

export function SilencesPage(): JSX.Element {
  return (
    <>
      <p>
        While a silence is active, no notifications are sent for the alerts that it matches. These alerts
        still fire and resolve. An alert matches if it matches each field that is given; an asterisk (*)
        matches any characters. The author and the comment are visible to all users. The 200 latest expired
        silences are kept.
      </p>
      <p class="bar">
        <SilenceButton label="Add a silence" matchers={{}} />
      </p>
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

interface ButtonProps {
  readonly label?: string
  /** First values of the fields. */
  readonly matchers: Readonly<Partial<Record<'rule' | 'source' | 'entity', string>>>
}

/** Button that adds a silence, for two hours unless the person chooses another end. */
export function SilenceButton({ label = 'Silence', matchers }: ButtonProps): JSX.Element {
  return (
    <OperationButton
      action="silence add"
      label={label}
      request={{ ...matchers, for: '2h' }}
      asks={['rule', 'severity', 'label', 'source', 'entity', 'start', 'for', 'until', 'comment']}
    />
  )
}
