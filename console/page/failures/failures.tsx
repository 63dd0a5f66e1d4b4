/** Dead letters: records that a consumer could not process, and the operations on them. */
import type { JSX } from 'preact'
import { useLocation } from 'preact-iso'
import { Tabs } from '../parts/tabs.tsx'
import { OneDeadLetter } from './dead-letter.tsx'
import { DeadLetters } from './dead-letters.tsx'
import { OneOperation } from './operation.tsx'
import { Operations } from './operations.tsx'
import { PlanDialogs } from './plan-dialog.tsx'
import './failures.css'

const PAGES = [
  { path: '/failures', title: 'Dead letters' },
  { path: '/failures/operations', title: 'Operations' },
] as const

export function Failures(): JSX.Element {
  const { path, query } = useLocation()
  const isOperations = path.startsWith('/failures/operations')
  return (
    <div class="failures">
      <h1>Failures</h1>
      <Tabs
        label="Pages of failures"
        tabs={PAGES.map(page => ({ ...page, isCurrent: isOperations === (page.path !== '/failures') }))}
      />
      {shown(isOperations, query)}
    </div>
  )
}

function shown(isOperations: boolean, { letter, operation }: Readonly<Record<string, string>>): JSX.Element {
  if (isOperations) return operation ? <OneOperation id={operation} /> : <Operations />
  return <PlanDialogs key={letter}>{letter ? <OneDeadLetter at={letter} /> : <DeadLetters />}</PlanDialogs>
}
