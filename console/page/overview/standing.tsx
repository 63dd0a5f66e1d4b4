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
      {standing.map(({ functions, reason, advice, sinceMs }) => {
        const [first = '', ...further] = reason.split('\n')
        return (
          <div class="problem" key={`${functions.join()} ${first.replace(/\d+/g, '#')}`}>
            <p>
              {functions.length > 0 && <strong>{functions.join(', ')}: </strong>}
              {first}
              {further.map(line => ` ${line.trim()}`)}.{' '}
              <span class="muted">For {durationText(Math.max(0, atMs - sinceMs))}.</span>
            </p>
            <p>{advice}</p>
          </div>
        )
      })}
    </>
  )
}
