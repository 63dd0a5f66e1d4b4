/** Dead letters: records that a consumer could not process. */
import type { JSX } from 'preact'
import { useLocation } from 'preact-iso'
import { OneDeadLetter } from './dead-letter.tsx'
import { DeadLetters } from './dead-letters.tsx'
import { PlanDialogs } from './plan-dialog.tsx'
import './failures.css'

export function Failures(): JSX.Element {
  const { letter } = useLocation().query
  return (
    <div class="failures">
      <h1>Failures</h1>
      <PlanDialogs key={letter}>{letter ? <OneDeadLetter at={letter} /> : <DeadLetters />}</PlanDialogs>
    </div>
  )
}
