/** What stands still, and why. */
import type { JSX } from 'preact'
import type { Overview } from '../../api/overview/shapes.ts'
import { durationText } from '../parts/words.ts'

export function StandingStill({ overview }: { readonly overview: Overview }): JSX.Element {
  const { standing, atMs } = overview
  return (
    <>
      {/* The figures in the reasons change all the time: only this sentence is read out. */}
      <p class={standing.length === 0 ? 'overview-well' : 'unseen'} role="status">
        {standing.length === 0 ? 'Everything flows.' : 'Something stands still; the list says what and why.'}
      </p>
      {standing.length > 0 && (
        <ul class="problem overview-standing">
          {standing.map(one => (
            <Standing key={`${one.functions.join()} ${one.advice}`} standing={one} atMs={atMs} />
          ))}
        </ul>
      )}
    </>
  )
}

interface Props {
  readonly standing: Overview['standing'][number]
  /** When it was looked at. */
  readonly atMs: number
}

function Standing({ standing: { functions, reason, advice, sinceMs }, atMs }: Props): JSX.Element {
  const lines = reason.split('\n').map(line => line.trim())
  return (
    <li>
      {functions.length > 0 && <strong>{functions.join(', ')}: </strong>}
      {lines.join(' ')}, for {durationText(Math.max(0, atMs - sinceMs))}.{' '}
      <span class="overview-advice">{advice}</span>
    </li>
  )
}
