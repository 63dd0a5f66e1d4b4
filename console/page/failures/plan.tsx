/** Plan of a redrive or a drop. */
import type { JSX } from 'preact'
import type { LeftOut, Plan } from '../../api/failures/handling.ts'
import { countText, numberText } from '../parts/words.ts'
import { WORDS } from './words.ts'

interface Props {
  readonly plan: Plan
  /** Requests a new plan that includes dead letters that have already been handled. */
  readonly lookAgain: () => void
}

export function PlanText({ plan, lookAgain }: Props): JSX.Element {
  const { request, taken, codes, consumers, topics, missing, isWhole, looked, leftOut, permanent } = plan
  const { done } = WORDS[request.command]
  const isNamed = request.ats.length > 0
  const wasHandled = leftOut.some(({ reason }) => reason === 'handled')
  return (
    <>
      <p>
        <strong>{countText(taken, 'dead letter')}</strong> would be {done}
        {isWhole ? '' : ', or more'}. Nothing has been changed yet.
      </p>
      {request.command === 'drop' && (
        <p>A dropped dead letter counts as handled. It remains in the topic and can still be redriven.</p>
      )}
      {taken > 0 && (
        <dl class="facts">
          <Counted title="Codes" counts={codes} />
          <Counted title="Consumers" counts={consumers} />
          <Counted title={request.command === 'redrive' ? 'To topics' : 'Topics'} counts={topics} />
        </dl>
      )}
      <LeftOutList leftOut={leftOut} />
      {isNamed && wasHandled && request.command === 'redrive' && !request.again && (
        <button type="button" class="secondary outline" onClick={lookAgain}>
          Redrive them again
        </button>
      )}
      {request.command === 'redrive' &&
        permanent.map(code => (
          <p key={code} class="warn">
            {code} is permanent: the same record fails again unless the cause has been fixed.
          </p>
        ))}
      {missing.length > 0 && <p class="warn">These no longer exist: {missing.join(', ')}.</p>}
      {!isWhole && (
        <p class="warn">
          Only {countText(looked, 'dead letter')} could be examined in time. All that match the conditions
          will be {done}.
        </p>
      )}
    </>
  )
}

function Counted({
  title,
  counts,
}: {
  readonly title: string
  readonly counts: Readonly<Record<string, number>>
}): JSX.Element {
  const listed = Object.entries(counts).map(([name, count]) => `${name} ${numberText(count)}`)
  return (
    <>
      <dt>{title}</dt>
      <dd>{listed.join(', ')}</dd>
    </>
  )
}

/** Lists the dead letters that are skipped, with the reasons. */
export function LeftOutList({ leftOut }: { readonly leftOut: readonly LeftOut[] }): JSX.Element | null {
  if (leftOut.length === 0) return null
  return (
    <ul class="failures-left-out">
      {leftOut.map(({ reason, count, because }) => (
        <li key={reason}>
          {numberText(count)} left out: {because}
        </li>
      ))}
    </ul>
  )
}
