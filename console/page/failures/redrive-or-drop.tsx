/** Redrives or drops dead letters: a button shows the plan, a second one carries it out. */

import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { HandledAnswer, Plan } from '../../api/failures/redrive-or-drop.ts'
import { makeChange, useIsOperator } from '../client/api-queries.ts'
import { Outcome, useAction } from '../components/change-button.tsx'
import { formatCount, formatNumber } from '../components/value-texts.ts'

const WORDS = {
  redrive: { does: 'Redrive', done: 'redriven' },
  drop: { does: 'Drop', done: 'dropped' },
} as const

interface Props {
  /** Position of one dead letter; empty if conditions select dead letters. */
  readonly ats: readonly string[]
  readonly conditions?: Readonly<Record<string, string>>
  /** Text that follows the verb in the label of a button. */
  readonly what: string
  /** False if the dead letter cannot be redriven. */
  readonly canRedrive?: boolean
}

export function RedriveOrDrop({ ats, conditions = {}, what, canRedrive = true }: Props): JSX.Element {
  const [plan, setPlan] = useState<Plan>()
  const planning = useAction(async event => {
    const { submitter } = event as SubmitEvent
    const command = (submitter as HTMLButtonElement).value
    setPlan(undefined)
    setPlan(await makeChange('POST /failures/plan', { command, ats, conditions }))
    return undefined
  })
  return (
    <section aria-label="Redrive or drop">
      <form class="bar" onSubmit={planning.run}>
        {canRedrive && (
          <button type="submit" value="redrive" disabled={planning.isBusy}>
            Redrive {what}
          </button>
        )}
        <button type="submit" class="secondary outline" value="drop" disabled={planning.isBusy}>
          Drop {what}
        </button>
      </form>
      {planning.isBusy && <p aria-busy="true">Looking at what it would do …</p>}
      <Outcome of={planning.result} />
      {plan && <PlanForm plan={plan} cancel={() => setPlan(undefined)} />}
    </section>
  )
}

function PlanForm({ plan, cancel }: { readonly plan: Plan; readonly cancel: () => void }): JSX.Element {
  const { request, taken } = plan
  const { does, done } = WORDS[request.command]
  const isOperator = useIsOperator()
  const [answer, setAnswer] = useState<HandledAnswer>()
  const isClosed = useRef(false)
  useEffect(
    () => () => {
      isClosed.current = true
    },
    [],
  )
  // Carried out in several requests if one does not suffice. It ends after the current one when the plan is closed.
  const { isBusy, result, run } = useAction(async () => {
    for (let sum = 0, isOver = false; !isOver && !isClosed.current; ) {
      const step = await makeChange('POST /failures/handle', request)
      sum += step.taken
      setAnswer({ ...step, taken: sum })
      // A dead letter that is named would be handled again.
      isOver = step.isOver || request.ats.length > 0
    }
    return undefined
  })
  return (
    <form class="card" aria-label="Plan" onSubmit={run}>
      {answer ? (
        <div role="status">
          <p>
            <strong>{formatNumber(answer.taken)}</strong> {done}
            {answer.isOver
              ? '.'
              : isBusy
                ? ' so far …'
                : '. Not all were handled in time: look at the rest again.'}
          </p>
          <Notes of={answer.notes} />
        </div>
      ) : (
        <PlanText plan={plan} />
      )}
      <Outcome of={result} />
      {!isOperator && <p>This requires the operator role. You are signed in as a viewer.</p>}
      <p class="bar">
        <button type="button" class="secondary" onClick={cancel}>
          {answer ? (isBusy ? 'Stop' : 'Close') : 'Cancel'}
        </button>
        {!answer && (
          <button type="submit" aria-busy={isBusy} disabled={isBusy || !isOperator || taken === 0}>
            {does} {taken}
          </button>
        )}
      </p>
    </form>
  )
}

function PlanText({ plan }: { readonly plan: Plan }): JSX.Element {
  const { request, taken, codes, consumers, topics, isWhole, notes } = plan
  const { done } = WORDS[request.command]
  return (
    <>
      <p>
        <strong>{formatCount(taken, 'dead letter')}</strong> would be {done}
        {isWhole ? '' : ', or more'}. Nothing has been changed yet.
        {request.command === 'drop' && ' A dropped dead letter remains in the topic.'}
      </p>
      {taken > 0 && (
        <p>
          {[codes, consumers, topics]
            .map(counts =>
              Object.entries(counts)
                .map(([name, count]) => `${name} ${formatNumber(count)}`)
                .join(', '),
            )
            .join('; ')}
        </p>
      )}
      <Notes of={notes} />
    </>
  )
}

function Notes({ of }: { readonly of: readonly string[] }): JSX.Element {
  return (
    <>
      {of.map(text => (
        <p key={text} class="warn">
          {text}
        </p>
      ))}
    </>
  )
}
