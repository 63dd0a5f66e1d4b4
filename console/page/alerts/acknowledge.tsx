/** Takes an alert on, or gives it back. */
import type { JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import type { Acknowledged, OneAlert } from '../../api/alerts/one.ts'
import { act } from '../data/answers.ts'
import { ConfirmButton, type Said } from '../parts/confirm.tsx'

const OUTCOMES = {
  shown: '',
  resolved: ' The alert has resolved meanwhile.',
  'not-yet': ' It is in the log, but firing-alerts has not come to it yet.',
} as const

interface Props {
  readonly alert: OneAlert
  /** Hears what came of it: the buttons go away with the next answer. */
  readonly tell: (said: Said | undefined) => void
}

export function AcknowledgeButtons({ alert, tell }: Props): JSX.Element {
  const { id, acknowledged } = alert
  const [comment, setComment] = useState('')
  const field = useId()
  const take = async () => {
    const said = { id, acknowledged: true, ...(comment.trim() ? { comment } : {}) }
    const { outcome } = await act<Acknowledged>('/alerts/acknowledge', said)
    setComment('')
    return `You have taken it on.${OUTCOMES[outcome]}`
  }
  const giveBack = async () => {
    const { outcome } = await act<Acknowledged>('/alerts/acknowledge', { id, acknowledged: false })
    return `It is given back.${OUTCOMES[outcome]}`
  }
  return (
    <>
      <ConfirmButton label={acknowledged ? 'Take it over' : 'Acknowledge'} onConfirm={take} tell={tell}>
        <p>Everybody sees that you are working on it, until the alert resolves.</p>
        <label for={field}>What is being done (may be empty)</label>
        <input
          id={field}
          type="text"
          maxLength={1000}
          value={comment}
          onInput={event => setComment(event.currentTarget.value)}
        />
      </ConfirmButton>
      {acknowledged && (
        <ConfirmButton label="Give it back" onConfirm={giveBack} tell={tell}>
          <p>Nobody is working on it any more, for all to see.</p>
        </ConfirmButton>
      )}
    </>
  )
}
