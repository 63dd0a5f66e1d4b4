/** Whether all is well, and if not, what waits or has stalled, and why. */
import type { JSX } from 'preact'
import type { Overview } from '../../api/overview/shapes.ts'
import { durationText } from '../parts/words.ts'
import { headlineOf } from './headline.ts'

export function StandingStill({ overview }: { readonly overview: Overview }): JSX.Element {
  const { standing, atMs } = overview
  const { tone, text, letters } = headlineOf(overview)
  return (
    <>
      <p class={tone}>
        {/* The figures in the reasons and in the link change all the time: only this sentence is read out. */}
        <span role="status">{text}</span> {letters && <a href="/failures">{letters}</a>}
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
